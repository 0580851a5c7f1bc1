// Which models and adapters a key reaches.
#include <catch2/catch.hpp>

#include "tests/http/guarded_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
namespace json = boost::json;

TEST_CASE("a key sees its models only, and the first of them is the default") {
  guarded_server s;
  const auto ask = [&](const std::string& model) {
    return s.running.call(
      post(chat, R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}]})", bearer("sk-guest")));
  };
  const auto other = ask("small");
  CHECK(other.status == 404);
  CHECK(error_of(other).at("code") == "model_not_found");
  CHECK(ask("org/large").status == 200);
  CHECK(ask("default").status == 200);
  CHECK(s.running.company.request(1).second.model == "org/large");
  CHECK(s.running.call(get("/v1/models/small", bearer("sk-guest"))).status == 404);
  const auto listed = json::parse(s.running.call(get("/v1/models", bearer("sk-guest"))).body).at("data").as_array();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].at("id") == "org/large");
  CHECK(json::parse(s.running.call(get("/v1/models", bearer("sk-ada"))).body).at("data").as_array().size() == 2);
}

TEST_CASE("a key's models are counted by their names, whatever alias a request or the key uses") {
  auto o = test_options();
  o.models[0].aliases = {"tiny"};
  o.models[1].aliases = {"big", "vast"};
  guarded_server s{o};
  const auto ask = [&](const std::string& key, const std::string& model) {
    return s.running.call(
      post(chat, R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}]})", bearer(key)));
  };
  CHECK(ask("sk-guest", "big").status == 200);
  CHECK(s.running.company.request(0).second.model == "org/large");
  CHECK(ask("sk-guest", "tiny").status == 404);
  auto keys = some_keys();
  keys[2].models = {"vast"};
  s.ring->replace(std::make_shared<key_table>(keys));
  CHECK(ask("sk-guest", "org/large").status == 200);
  CHECK(ask("sk-guest", "big").status == 200);
  CHECK(ask("sk-guest", "small").status == 404);
}

TEST_CASE("a key that names an adapter sees the adapter only, and one that names its model sees the model only") {
  auto o = test_options();
  auto adapter = o.models[1];
  adapter.parent = adapter.name;
  adapter.name += ":poet";
  adapter.adapter = "0123";
  adapter.aliases = {"poet"};
  o.models.push_back(adapter);
  guarded_server s{o};
  const auto ask = [&](const std::string& model) {
    return s.running.call(
      post(chat, R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}]})", bearer("sk-guest")));
  };
  CHECK(ask("org/large").status == 200);
  CHECK(ask("org/large:poet").status == 404);
  auto keys = some_keys();
  keys[2].models = {"org/large:poet"};
  s.ring->replace(std::make_shared<key_table>(keys));
  CHECK(ask("org/large").status == 404);
  CHECK(ask("poet").status == 200);
  const auto served = s.running.company.request(1).second;
  CHECK(served.model == "org/large");
  CHECK(served.adapter == "0123");
  const auto tokens = s.running.call(post("/tokenize", R"({"model":"poet","prompt":"hi"})", bearer("sk-guest")));
  CHECK(tokens.status == 200);
}
