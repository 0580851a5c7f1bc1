# CAF 0.17 as Debian packages it, which carries no CMake config. Defines CAF::core.

set(CAF_hint)
# The thread sanitizer has to see what CAF does with atomics, so a build of ours takes the place of Debian's then.
if(TROUPE_SANITIZE MATCHES thread)
  set(CAF_hint REASON_FAILURE_MESSAGE "run ./dev tsan, which builds it")
  set(TROUPE_CAF_ROOT ${TROUPE_DEPS}/caf-tsan CACHE PATH "Where CAF lies, compiled with the thread sanitizer")
  find_path(CAF_INCLUDE_DIR caf/all.hpp PATHS ${TROUPE_CAF_ROOT}/include NO_DEFAULT_PATH)
  find_library(CAF_CORE_LIBRARY caf_core PATHS ${TROUPE_CAF_ROOT}/lib NO_DEFAULT_PATH)
else()
  find_path(CAF_INCLUDE_DIR caf/all.hpp)
  find_library(CAF_CORE_LIBRARY caf_core)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR ${CAF_hint})

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
