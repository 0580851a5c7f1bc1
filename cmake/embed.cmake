# Writes a C++ file that holds files as arrays of bytes: string literals have a length that compilers need not exceed.
#   cmake -DOUT=pages.cpp -DVERSION=1.2.3 -DFOLDER=http/api -P embed.cmake -- openapi.json docs.html
# defines `openapi_json` and `docs_html`, each a std::string_view in troupe::http::api::embedded. `@version@` in a file
# becomes the version.
cmake_minimum_required(VERSION 3.25)
set(text "// Written by cmake/embed.cmake.\n#include <string_view>\n\nnamespace troupe::http::api::embedded {\n\n")
set(files FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  set(argument "${CMAKE_ARGV${i}}")
  if(files)
    string(MAKE_C_IDENTIFIER "${argument}" name)
    file(READ "${FOLDER}/${argument}" bytes HEX)
    string(HEX "@version@" mark)
    string(HEX "${VERSION}" version)
    string(REPLACE "${mark}" "${version}" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND text "static constexpr char ${name}_bytes[] = {${bytes}};\n"
      "extern const std::string_view ${name};\n"
      "const std::string_view ${name}{${name}_bytes, sizeof ${name}_bytes};\n\n")
  elseif(argument STREQUAL "--")
    set(files TRUE)
  endif()
endforeach()
file(WRITE "${OUT}" "${text}} // namespace troupe::http::api::embedded\n")
