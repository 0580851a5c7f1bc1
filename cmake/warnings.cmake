# How our own code is compiled: warnings are errors, sanitizers where asked for.

add_library(troupe_flags INTERFACE)
target_compile_options(troupe_flags INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Werror)
target_include_directories(troupe_flags INTERFACE ${CMAKE_SOURCE_DIR})

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")
if(TROUPE_SANITIZE)
  target_compile_options(troupe_flags INTERFACE -fsanitize=${TROUPE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(troupe_flags INTERFACE -fsanitize=${TROUPE_SANITIZE})
  # Where sources share a text, see below, names of one meet those of another.
  target_compile_options(troupe_flags INTERFACE -Wno-subobject-linkage)
else()
  target_compile_options(troupe_flags INTERFACE -Wshadow)
endif()

# The thread sanitizer of g++ 12 does not start where the kernel scatters addresses too widely, so tests ask it not to,
# where the machine lets them.
set(TROUPE_TEST_LAUNCHER)
if(TROUPE_SANITIZE MATCHES thread)
  execute_process(COMMAND setarch --addr-no-randomize true RESULT_VARIABLE refused OUTPUT_QUIET ERROR_QUIET)
  if(refused EQUAL 0)
    set(TROUPE_TEST_LAUNCHER setarch --addr-no-randomize)
  endif()
endif()

find_program(TROUPE_MOLD mold)
if(TROUPE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A folder's library: its sources, compiled with our flags, seen by others through its headers only.
function(troupe_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PRIVATE troupe_flags Threads::Threads)
  if(TROUPE_SANITIZE)
    # Sanitizers make the large headers dear, so several sources share them.
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON)
  endif()
endfunction()

# One executable of tests per folder, run as one test. SERIAL lets no other run beside it.
function(troupe_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "SERIAL" "" "")
  add_executable(${name} ${test_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE troupe_flags test_main Threads::Threads)
  add_test(NAME ${name} COMMAND ${TROUPE_TEST_LAUNCHER} $<TARGET_FILE:${name}> WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 RUN_SERIAL ${test_SERIAL})
endfunction()
