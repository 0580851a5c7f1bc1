#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <limits>

#include "http/api/errors.hpp"
#include "http/api/fields.hpp"
#include "http/api/json_in.hpp"
#include "http/api/json_out.hpp"

using namespace troupe::http::api;
using namespace std::string_literals;

namespace {

/// The message of the refusal; empty when the text is taken.
std::string complaint(std::string_view text) {
  try {
    parse_object(text, 32);
    return {};
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.what();
  }
}

std::string repeated(std::string_view part, int n) {
  std::string out;
  for (int i = 0; i < n; ++i)
    out += part;
  return out;
}

template <class Read>
std::string field_complaint(std::string_view text, Read read) {
  const auto object = parse_object(text, 32);
  field_reader fields{object};
  try {
    read(fields);
    fields.finish();
    return {};
  } catch (const request_error& error) {
    return error.what();
  }
}

template <class T>
std::string written(const T& x) {
  std::string out;
  json_writer{out}.value(x);
  return out;
}

} // namespace

TEST_CASE("a body that is not one JSON object is refused") {
  for (const auto& text : {""s, "   "s, "{"s, "{\"model\":"s, "{\"messages\":[}"s, "{'model':'x'}"s, "{\"a\":1,}"s,
         "[1,2"s, "nul"s, "{\"a\":1}}"s, "{\"a\":1} {\"b\":2}"s, "{a:1}"s, "{\"a\":01}"s, "{\"a\":+1}"s, "{\"a\":.5}"s,
         "{\"a\":1.}"s, "{\"a\":\"\n\"}"s, "{\"a\":\"\\x41\"}"s, "{\"a\":\"\\u12G4\"}"s, "// c\n{}"s, "\0"s,
         "{\"a\":\"b"s, "\xef\xbb\xbf"s, "\xef\xbb\xbf{}"s, "\xff\xfe{\0}\0"s, "[]"s, "5"s, "\"x\""s, "null"s, "true"s,
         "[{}]"s, "{\"a\":NaN}"s, "{\"a\":Infinity}"s, "{\"a\":1e400}"s, "{\"a\":-1e400}"s, "{\"a\":1,\"a\":1}"s,
         "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}"s, "{\"a\":1,\"\\u0061\":2}"s}) {
    INFO(text);
    CHECK(complaint(text) != "");
  }
  CHECK(complaint("{\"a\":1,\"a\":1}").find("'a' appears twice") != std::string::npos);
  for (const auto& text :
    {"{}"s, " {\"a\" : [1, 2.5e3, \"x\", true, null, {\"a\": 1}]}\r\n "s, "{\"a\":\"\\ud83d\\ude00\"}"s}) {
    INFO(text);
    CHECK(complaint(text) == "");
  }
}

TEST_CASE("text that is not UTF-8 is refused") {
  for (const auto& bytes : {"\xff"s, "\xc3\x28"s, "\xed\xa0\x80"s, "\xf8\x88\x80\x80\x80"s, "\xc0\xaf"s,
         "\xf4\x90\x80\x80"s, "ab\xe2\x82"s, "\\ud800"s, "\\udc00"s, "\\ud800x"s, "\\ud800\\u0041"s}) {
    INFO(bytes);
    CHECK(complaint("{\"a\":\"" + bytes + "\"}") != "");
    CHECK(complaint("{\"" + bytes + "\":1}") != "");
  }
}

TEST_CASE("deep nesting is refused at once") {
  const auto begin = std::chrono::steady_clock::now();
  for (int n : {33, 10000, 100000}) {
    CHECK(complaint(std::string(static_cast<std::size_t>(n), '[')) != "");
    CHECK(complaint(repeated("{\"a\":", n) + "1" + repeated("}", n)) != "");
  }
  CHECK(complaint(repeated("{\"a\":", 32) + "1" + repeated("}", 32)) == "");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{3});
}

TEST_CASE("a field of the wrong type or range is named with its limits and its value") {
  const auto integer = [](field_reader& f) { f.integer("n", 1, 128); };
  CHECK(field_complaint("{\"n\":5}", integer) == "");
  CHECK(field_complaint("{\"n\":5.0}", integer) == "");
  CHECK(field_complaint("{\"n\":null}", integer) == "");
  CHECK(field_complaint("{}", integer) == "");
  CHECK(field_complaint("{\"n\":0}", integer) == "n must be between 1 and 128, got 0");
  CHECK(field_complaint("{\"n\":1.5}", integer) == "n must be an integer, got 1.5");
  CHECK(field_complaint("{\"n\":\"5\"}", integer) == "n must be an integer, got a string");
  CHECK(field_complaint("{\"n\":true}", integer) == "n must be an integer, got true");
  CHECK(field_complaint("{\"n\":[]}", integer) == "n must be an integer, got an array");
  CHECK(field_complaint("{\"n\":18446744073709551615}", integer).find("got 18446744073709551615") != std::string::npos);
  CHECK(
    field_complaint("{\"n\":1000000000000000000000000000000}", integer).find("between 1 and 128") != std::string::npos);
  const auto number = [](field_reader& f) { f.number("t", 0, 2); };
  CHECK(field_complaint("{\"t\":2}", number) == "");
  CHECK(field_complaint("{\"t\":0.85}", number) == "");
  CHECK(field_complaint("{\"t\":2.5}", number) == "t must be between 0 and 2, got 2.5");
  CHECK(field_complaint("{\"t\":true}", number) == "t must be a number, got true");
  CHECK(field_complaint("{\"p\":0}", [](field_reader& f) { f.number("p", 0, 1, false); }) != "");
  CHECK(field_complaint("{\"s\":-1}", [](field_reader& f) { CHECK(f.seed("s") == ~std::uint64_t{0}); }) == "");
  CHECK(field_complaint("{\"s\":1e30}", [](field_reader& f) { f.seed("s"); }) != "");
  CHECK(field_complaint("{\"s\":-9223372036854775808}", [](field_reader& f) { f.seed("s"); }) == "");
  CHECK(field_complaint("{\"s\":-9223372036854775809}", [](field_reader& f) { f.seed("s"); }) != "");
  CHECK(field_complaint("{\"b\":1}", [](field_reader& f) { f.boolean("b"); }) == "b must be true or false, got 1");
  CHECK(field_complaint("{\"x\":1}", [](field_reader&) {}) == "unknown field 'x'; known are: none");
  CHECK(field_complaint("{\"x\":null}", [](field_reader&) {}) == "unknown field 'x'; known are: none");
  const auto read = [](field_reader& fields) {
    fields.find("b");
    fields.find("a");
    fields.find("b");
  };
  CHECK(field_complaint("{\"b\":1,\"x\":1}", read) == "unknown field 'x'; known are: a, b");
}

TEST_CASE("numbers are written as people write them") {
  CHECK(written(0.85) == "0.85");
  CHECK(written(0.0) == "0");
  CHECK(written(1.0) == "1");
  CHECK(written(100000.0) == "100000");
  CHECK(written(0.00012) == "0.00012");
  CHECK(written(-2.5) == "-2.5");
  CHECK(written(1e300) == "1e+300");
  CHECK(written(0.1f) == "0.1");
  CHECK(written(std::numeric_limits<double>::infinity()) == "null");
  CHECK(written(std::uint64_t{18446744073709551615u}) == "18446744073709551615");
  CHECK(written(std::int64_t{-5}) == "-5");
  CHECK(written(true) == "true");
}

TEST_CASE("text is escaped, and what is not UTF-8 does not reach the wire") {
  CHECK(written("a\"b\\c\n\t\x01\x7f") == R"("a\"b\\c\n\t\u0001\u007f")");
  CHECK(written("ä漢😀") == "\"ä漢😀\"");
  CHECK(written("a\xff\xc3") == "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(written("\xed\xa0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  std::string out;
  json_writer w{out};
  w.begin_object().field("a", 1).key("b").begin_array().value("x").null().begin_object().end_object().end_array();
  w.field("c", "").end_object();
  CHECK(out == R"({"a":1,"b":["x",null,{}],"c":""})");
}

TEST_CASE("an error has the shape that OpenAI's clients read") {
  CHECK(error_body({400, "bad", "n", "", {}}) ==
    R"({"error":{"message":"bad","type":"invalid_request_error","param":"n","code":null}})");
  using troupe::failure_code;
  const std::vector<std::pair<failure_code, int>> table{{failure_code::invalid_request, 400},
    {failure_code::context_length_exceeded, 400}, {failure_code::model_not_found, 404}, {failure_code::queue_full, 429},
    {failure_code::draining, 503}, {failure_code::no_worker, 503}, {failure_code::deadline_exceeded, 504},
    {failure_code::internal_error, 500}};
  for (const auto& [code, status] : table)
    CHECK(to_refusal({code, "m", "p", {}}).status == status);
  CHECK(to_refusal({failure_code::context_length_exceeded, "m", "", {}}).code == "context_length_exceeded");
}
