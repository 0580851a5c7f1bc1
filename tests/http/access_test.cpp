// Who may come in: keys, what each may do, and what strangers learn.
#include <catch2/catch.hpp>

#include "tests/http/guarded_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
namespace json = boost::json;

TEST_CASE("a digest is SHA-256") {
  const auto digest = digest_of("abc");
  CHECK(digest[0] == 0xba);
  CHECK(digest[1] == 0x78);
  CHECK(digest[31] == 0xad);
}

TEST_CASE("a key is found by its secret alone") {
  const key_table table{some_keys()};
  REQUIRE(table.find("sk-chief") != nullptr);
  CHECK(table.find("sk-chief")->name == "chief");
  CHECK(table.find("sk-ada")->name == "ada");
  for (const auto* wrong : {"", "sk-ad", "sk-ada ", "sk-adb", "SK-ADA", "chief"})
    CHECK(table.find(wrong) == nullptr);
}

TEST_CASE("without a key that is known nothing but probes and preflights is answered") {
  guarded_server s;
  for (const auto& fields : {std::string{}, bearer("sk-adb"), bearer(""), std::string{"Authorization: sk-ada\r\n"},
         std::string{"Authorization: Basic sk-ada\r\n"}, bearer("sk-ada") + bearer("sk-chief")}) {
    INFO(fields);
    const auto answer = s.running.call(post(chat, hello, fields));
    CHECK(answer.status == 401);
    CHECK(answer.field("www-authenticate") == "Bearer");
    CHECK(error_of(answer).at("code") == "invalid_api_key");
    CHECK(error_of(answer).at("type") == "invalid_request_error");
  }
  for (const auto* path : {"/v1/models", "/v1/models/small", "/nope"})
    CHECK(s.running.call(get(path)).status == 401);
  for (const auto* path : {"/cache/clear", "/admin/reload", "/tokenize"})
    CHECK(s.running.call(post(path, "{}")).status == 401);
  for (const auto* path : {"/", "/openapi.json", "/docs", "/health", "/health/live", "/health/ready", "/metrics"})
    CHECK(s.running.call(get(path)).status == 200);
  CHECK(s.running.call("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n").status == 204);
  CHECK(s.running.company.request_count() == 0);
  CHECK(s.running.company.orders().empty());
}

TEST_CASE("a request says whose it is: its tenant, its key and what the key may use up") {
  guarded_server s;
  CHECK(s.running.call(post(chat, hello, bearer("sk-ada"))).status == 200);
  CHECK(s.running.call(post(chat, hello, "authorization: bearer  sk-chief\r\n")).status == 200);
  const auto ada = s.running.company.request(0).second;
  CHECK(ada.tenant == "ada-tenant");
  CHECK(ada.client == "ada");
  CHECK(ada.rate.key == "ada");
  CHECK(ada.rate.requests_per_minute == 60);
  CHECK(ada.rate.tokens_per_minute == 6000);
  const auto chief = s.running.company.request(1).second;
  CHECK(chief.tenant == "chief-tenant");
  CHECK(canonical(ada) != canonical(chief));
}

TEST_CASE("who has no key where none is needed is known by address") {
  running_server s;
  s.company.at_once = [](fake_company& company, sink_id sink, const native_request&) { company.answer(sink, "hi"); };
  CHECK(s.call(post(chat, hello, bearer("anything"))).status == 200);
  CHECK(s.company.request(0).second.client == "127.0.0.1");
  CHECK(s.company.request(0).second.tenant.empty());
  CHECK(s.company.request(0).second.rate.key.empty());
}

TEST_CASE("orders want an admin's key") {
  guarded_server s;
  s.running.company.reloaded.done = true;
  for (const auto* path : {"/cache/clear", "/admin/reload", "/admin/drill"}) {
    const auto answer = s.running.call(post(path, "", bearer("sk-ada")));
    CHECK(answer.status == 403);
    CHECK(error_of(answer).at("code") == "permission_denied");
  }
  CHECK(s.running.company.orders().empty());
  CHECK(s.running.call(post("/admin/reload", "", bearer("sk-chief"))).status == 200);
  CHECK(s.running.call(post("/cache/clear", "", bearer("sk-chief"))).status == 200);
}

TEST_CASE("a priority above the key's highest is refused by name, limit and value") {
  guarded_server s;
  const auto ask = [&](int priority, std::string_view secret) {
    return s.running.call(post(chat,
      R"({"model":"small","messages":[{"role":"user","content":"hi"}],"priority":)" + std::to_string(priority) + "}",
      bearer(secret)));
  };
  const auto refused = ask(6, "sk-chief");
  CHECK(refused.status == 400);
  CHECK(error_of(refused).at("param") == "priority");
  CHECK(error_of(refused).at("message") == "priority must be at most 5 with this API key, got 6");
  CHECK(ask(5, "sk-chief").status == 200);
  CHECK(ask(1, "sk-ada").status == 400);
  CHECK(ask(-3, "sk-ada").status == 200);
}

TEST_CASE("a stranger is refused before the body has come, and what follows is not taken for a request") {
  guarded_server s;
  client c{s.running.serving.port()};
  c.send(
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n");
  const auto answer = c.read();
  REQUIRE(answer);
  CHECK(answer->status == 401);
  CHECK(answer->field("connection") == "close");
  c.send(get("/health"));
  CHECK(c.closed_within(std::chrono::seconds{5}));
  CHECK(c.rest().empty());

  client eager{s.running.serving.port()};
  eager.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  CHECK(eager.read()->status == 401);

  client bodiless{s.running.serving.port()};
  bodiless.send(get("/v1/models"));
  CHECK(bodiless.read()->status == 401);
  bodiless.send(get("/v1/models", bearer("sk-ada")));
  CHECK(bodiless.read()->status == 200);
}

TEST_CASE("keys that are replaced count from the next request on") {
  guarded_server s;
  client c{s.running.serving.port()};
  c.send(get("/v1/models", bearer("sk-ada")));
  CHECK(c.read()->status == 200);
  s.ring->replace(std::make_shared<key_table>(std::vector{key("new", "sk-new")}));
  c.send(get("/v1/models", bearer("sk-ada")));
  CHECK(c.read()->status == 401);
  c.send(get("/v1/models", bearer("sk-new")));
  CHECK(c.read()->status == 200);
}

TEST_CASE("metrics want a key where the config says so") {
  auto o = test_options();
  o.metrics_need_key = true;
  guarded_server s{o};
  for (const auto* path : {"/metrics", "/metrics/prometheus"}) {
    CHECK(s.running.call(get(path)).status == 401);
    CHECK(s.running.call(get(path, bearer("sk-ada"))).status == 200);
  }
  CHECK(s.running.call(get("/health")).status == 200);
}

TEST_CASE("an address that other machines reach wants keys, or to be told that anybody may come in") {
  fake_company company;
  auto o = test_options();
  o.host = "0.0.0.0";
  const auto bind = [&](environment outside) { server{o, std::move(outside), company.factory()}.bind(); };
  CHECK_THROWS_WITH(bind(real_environment()),
    Catch::Matchers::Contains("cannot listen on 0.0.0.0") && Catch::Matchers::Contains("--allow-anonymous"));
  auto keyed = real_environment();
  keyed.keys = std::make_shared<key_ring>(std::make_shared<key_table>(some_keys()));
  CHECK_NOTHROW(bind(keyed));
  o.allow_anonymous = true;
  CHECK_NOTHROW(bind(real_environment()));
  o.allow_anonymous = false;
  for (const auto* host : {"127.0.0.1", "127.8.9.1", "localhost"}) {
    o.host = host;
    CHECK_NOTHROW(bind(real_environment()));
  }
}

TEST_CASE("answers and refusals say what a key has left, whole or streamed") {
  guarded_server s;
  s.running.company.at_once = [](fake_company& company, sink_id sink, const native_request& request) {
    using namespace std::chrono_literals;
    company.admitted({sink, 60, 6000, 59, 5990, 1s, 100ms});
    if (request.messages.front().content == "no")
      company.failed(sink, {failure_code::rate_limited, "too many", {}, 2500ms});
    else
      company.answer(sink, "hi");
  };
  const std::string no = R"({"model":"small","messages":[{"role":"user","content":"no"}])";
  const auto refused = s.running.call(post(chat, no + "}", bearer("sk-ada")));
  CHECK(refused.status == 429);
  CHECK(error_of(refused).at("code") == "rate_limit_exceeded");
  CHECK(refused.field("retry-after") == "3");
  const auto refused_stream = s.running.call(post(chat, no + R"(,"stream":true})", bearer("sk-ada")));
  CHECK(refused_stream.status == 429);
  for (const auto& answer : {refused, refused_stream, s.running.call(post(chat, hello, bearer("sk-ada"))),
         s.running.call(post(chat, hello_stream, bearer("sk-ada")))}) {
    CHECK(answer.field("x-ratelimit-limit-requests") == "60");
    CHECK(answer.field("x-ratelimit-remaining-requests") == "59");
    CHECK(answer.field("x-ratelimit-reset-requests") == "1s");
    CHECK(answer.field("x-ratelimit-limit-tokens") == "6000");
    CHECK(answer.field("x-ratelimit-remaining-tokens") == "5990");
    CHECK(answer.field("x-ratelimit-reset-tokens") == "100ms");
    CHECK(answer.field("access-control-expose-headers").find("x-ratelimit-reset-tokens") != std::string::npos);
  }
}
