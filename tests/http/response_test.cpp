#include <catch2/catch.hpp>

#include "http/response.hpp"
#include "http/router.hpp"

using namespace troupe::http;
using namespace std::chrono_literals;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string head(const response& answer, std::vector<std::string> origins, std::string_view origin, int minor = 1) {
  options o;
  o.cors_origins = std::move(origins);
  head_context context;
  context.minor = minor;
  context.request_id = "abc";
  context.now = 1700000000;
  context.elapsed = 1234567ns;
  context.origin = origin;
  return head_text(answer, context, o);
}

} // namespace

TEST_CASE("every head has its id, its time and its date") {
  const auto text = head({}, {"*"}, "");
  CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(holds(text, "\r\nX-Request-Id: abc\r\n"));
  CHECK(holds(text, "\r\nX-Process-Time: 0.001235\r\n"));
  CHECK(holds(text, "\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
  CHECK(holds(text, "\r\nContent-Length: 0\r\n"));
  CHECK(holds(text, "\r\nContent-Type: application/json\r\n"));
  CHECK_FALSE(holds(text, "Connection"));
  CHECK(holds(head({}, {"*"}, "", 0), "\r\nConnection: keep-alive\r\n"));
}

TEST_CASE("any origin may read answers by default, or only those that are listed") {
  CHECK(holds(head({}, {"*"}, "http://a"), "\r\nAccess-Control-Allow-Origin: *\r\n"));
  const auto listed = head({}, {"http://a", "http://b"}, "http://b");
  CHECK(holds(listed, "\r\nAccess-Control-Allow-Origin: http://b\r\n"));
  CHECK(holds(listed, "\r\nVary: Origin\r\n"));
  const auto other = head({}, {"http://a"}, "http://c");
  CHECK_FALSE(holds(other, "Access-Control-Allow-Origin"));
  CHECK(holds(other, "\r\nVary: Origin\r\n"));
  CHECK_FALSE(holds(head({}, {}, ""), "Access-Control-Allow-Origin"));
}

TEST_CASE("a refusal says when to come back, in whole seconds from 1 and in milliseconds") {
  const auto fields = error_response({429, "full", "", "queue_full", 250ms}).fields;
  CHECK(fields == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}, {"retry-after-ms", "250"}});
  const auto longer = error_response({429, "full", "", "queue_full", 2100ms}).fields;
  CHECK(longer == std::vector<std::pair<std::string, std::string>>{{"Retry-After", "3"}, {"retry-after-ms", "2100"}});
  CHECK(error_response({503, "no", "", "", {}}).fields.front().first == "Retry-After");
  CHECK(error_response({503, "no", "", "no_worker", {}}).fields.empty());
  CHECK(error_response({400, "no", "", "", {}}).fields.empty());
}

TEST_CASE("times until a limit is whole again are written as OpenAI writes them, and of no limit nothing is said") {
  const auto reset = [](std::chrono::nanoseconds t) {
    response answer;
    add_rate_fields(answer, {1, 0, 10, 0, 3, 0ns, t});
    REQUIRE(answer.fields.size() == 3);
    CHECK(answer.fields[1] == std::pair<std::string, std::string>{"x-ratelimit-remaining-tokens", "3"});
    return answer.fields[2].second;
  };
  CHECK(reset(0ns) == "0ms");
  CHECK(reset(19'000'001ns) == "20ms");
  CHECK(reset(1s) == "1s");
  CHECK(reset(1001ms) == "2s");
  CHECK(reset(59'500ms) == "1m0s");
  CHECK(reset(6min) == "6m0s");
  CHECK(reset(75min + 2s) == "75m2s");
}

TEST_CASE("requests find their endpoint, or learn what there is") {
  CHECK(std::get<route>(find_route("POST", "/v1/chat/completions")).to == endpoint::chat);
  CHECK(std::get<route>(find_route("HEAD", "/health")).to == endpoint::health);
  CHECK(std::get<route>(find_route("GET", "/v1/models/org%2Flarge")).argument == "org/large");
  CHECK(std::get<route>(find_route("GET", "/v1/models/org/large")).argument == "org/large");
  CHECK(std::get<route>(find_route("OPTIONS", "/v1/chat/completions")).methods == "POST, OPTIONS");
  CHECK(std::get<route>(find_route("OPTIONS", "*")).to == endpoint::options);
  for (const auto* path :
    {"/nope", "/v1/chat", "/v1/chat/completions/", "//health", "/v1/models/", "/HEALTH", "/v1/models/%zz"}) {
    INFO(path);
    CHECK(std::get<no_route>(find_route("GET", path)).status == 404);
  }
  const auto wrong = std::get<no_route>(find_route("DELETE", "/v1/chat/completions"));
  CHECK(wrong.status == 405);
  CHECK(wrong.allow == "POST, OPTIONS");
  CHECK(std::get<no_route>(find_route("POST", "/v1/models")).allow == "GET, HEAD, OPTIONS");
  CHECK(std::get<no_route>(find_route("HEAD", "/cache/clear")).status == 405);
  CHECK(std::get<no_route>(find_route("TRACE", "/v1/models")).status == 405);
}
