# CAF 0.17 as Debian packages it, which carries no CMake config. Defines CAF::core.

find_path(CAF_INCLUDE_DIR caf/all.hpp)
find_library(CAF_CORE_LIBRARY caf_core)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR)

if(CAF_FOUND AND NOT TARGET CAF::core)
  add_library(CAF::core SHARED IMPORTED)
  set_target_properties(CAF::core PROPERTIES
    IMPORTED_LOCATION ${CAF_CORE_LIBRARY}
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR})
  if(TROUPE_SANITIZE MATCHES undefined)
    # caf/detail/init_fun_factory.hpp binds a reference to a null pointer when an actor is spawned without arguments, and
    # never reads it. A null pointer that is read still ends the program.
    set_property(TARGET CAF::core PROPERTY INTERFACE_COMPILE_OPTIONS -fno-sanitize=null)
  endif()
endif()
