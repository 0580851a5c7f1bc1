// A server on a free port, with a fake company behind it.
#pragma once

#include "http/server.hpp"
#include "tests/http/client.hpp"
#include "tests/http/fake_company.hpp"

namespace troupe::http::test {

inline options test_options() {
  options o;
  o.port = 0;
  o.models = {{"small", 1700000000, 8192}, {"org/large", 1700000001, 100}};
  return o;
}

struct running_server {
  explicit running_server(options o = test_options(), environment outside = real_environment())
      : serving(std::move(o), std::move(outside), company.factory()) {
    company.status.workers = {{0, "cpu", "small", "float32", worker_state::ready, "", {}, 0}};
    serving.bind();
    serving.listen();
  }

  /// One request on a connection of its own.
  reply call(std::string_view bytes, bool head_only = false) {
    client c{serving.port()};
    c.send(bytes);
    return c.read(head_only).value();
  }

  fake_company company;
  server serving;
};

inline constexpr std::string_view chat = "/v1/chat/completions";
inline constexpr std::string_view hello =
  R"({"model":"small","messages":[{"role":"user","content":"hi"}],"temperature":0})";
inline constexpr std::string_view hello_stream =
  R"({"model":"small","messages":[{"role":"user","content":"hi"}],"stream":true})";

} // namespace troupe::http::test
