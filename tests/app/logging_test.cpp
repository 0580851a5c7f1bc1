#include <fstream>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "app/logging.hpp"

using troupe::app::json_escaped;

TEST_CASE("a log line in JSON keeps its text") {
  CHECK(json_escaped("plain, with UTF-8: größer 猫 🙂") == "plain, with UTF-8: größer 猫 🙂");
  CHECK(json_escaped("a \"quote\" and a \\") == "a \\\"quote\\\" and a \\\\");
  CHECK(json_escaped("two\nlines\t\x01") == "two\\u000alines\\u0009\\u0001");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character, one each") {
  CHECK(json_escaped("a\xffz") == "a\uFFFDz");
  // Cut off, overlong, a surrogate, past the last code point.
  CHECK(json_escaped("\xf0\x9f") == "\uFFFD\uFFFD");
  CHECK(json_escaped("\xc0\xaf") == "\uFFFD\uFFFD");
  CHECK(json_escaped("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(json_escaped("\xf4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("the audit log is a file that grows line by line, as they are") {
  const std::string file = "/tmp/troupe-audit-" + std::to_string(::getpid());
  {
    const auto write = troupe::app::open_audit({file});
    write(R"({"client":"{}"})");
    write("two");
  }
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  ::unlink(file.c_str());
  CHECK(text.str() == "{\"client\":\"{}\"}\ntwo\n");
  CHECK_FALSE(troupe::app::open_audit({}));
  CHECK_THROWS_WITH(
    troupe::app::open_audit({"/proc/none/audit"}), Catch::Matchers::Contains("audit.file \"/proc/none/audit\""));
}
