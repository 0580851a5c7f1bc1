// A server that only those with a key may use.
#pragma once

#include <boost/json/parse.hpp>

#include "tests/http/running_server.hpp"

namespace troupe::http::test {

inline api_key key(std::string name, std::string_view secret) {
  api_key k;
  k.tenant = name + "-tenant";
  k.name = std::move(name);
  k.digest = digest_of(secret);
  return k;
}

inline std::vector<api_key> some_keys() {
  auto ada = key("ada", "sk-ada");
  ada.requests_per_minute = 60;
  ada.tokens_per_minute = 6000;
  auto chief = key("chief", "sk-chief");
  chief.admin = true;
  chief.max_priority = 5;
  auto guest = key("guest", "sk-guest");
  guest.models = {"org/large"};
  return {ada, chief, guest};
}

/// A server that serves the holders of `some_keys`.
struct guarded_server {
  explicit guarded_server(options o = test_options()) : running(std::move(o), outside()) {
    running.company.at_once = [](fake_company& company, sink_id sink, const native_request&) {
      company.answer(sink, "hi");
    };
  }

  environment outside() {
    auto e = real_environment();
    e.keys = ring;
    return e;
  }

  std::shared_ptr<key_ring> ring = std::make_shared<key_ring>(std::make_shared<key_table>(some_keys()));
  running_server running;
};

inline std::string bearer(std::string_view secret) {
  return "Authorization: Bearer " + std::string{secret} + "\r\n";
}

inline boost::json::object error_of(const reply& answer) {
  return boost::json::parse(answer.body).at("error").as_object();
}

} // namespace troupe::http::test
