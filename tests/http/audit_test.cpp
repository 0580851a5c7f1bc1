// The audit log: who asked for what, and what came of it.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// Where the audit lines of a server go.
class audit_lines {
public:
  audit_sink sink() {
    return [this](const std::string& line) {
      std::lock_guard lock{mutex_};
      lines_.push_back(line);
      changed_.notify_all();
    };
  }
  /// Waits for the line number `i` (from 0).
  json::object line(std::size_t i) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, 5s, [&] { return lines_.size() > i; }))
      return {};
    return json::parse(lines_[i]).as_object();
  }
  std::size_t count() {
    std::lock_guard lock{mutex_};
    return lines_.size();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// A server that writes down who asks. The lines outlive it.
struct audited_server {
  explicit audited_server(options o = test_options()) : running(std::move(o), outside()) {
    running.company.at_once = [](fake_company& company, sink_id sink, const native_request& request) {
      const auto& text = request.messages.front().content;
      if (text == "wait")
        return;
      if (text == "fail")
        company.failed(sink, {failure_code::no_worker, "nobody", {}, 1s});
      else
        company.answer(sink, "the answer", cache_state::hit);
    };
  }

  environment outside() {
    auto e = real_environment();
    api_key ada;
    ada.name = "ada";
    ada.tenant = "lab";
    ada.digest = digest_of("sk-ada");
    e.keys = std::make_shared<key_ring>(std::make_shared<key_table>(std::vector{ada}));
    e.audit = lines.sink();
    return e;
  }

  std::string ask(std::string_view text, std::string_view more = {}) {
    return post(chat,
      R"({"model":"default","messages":[{"role":"user","content":")" + std::string{text} + "\"}]" + std::string{more} +
        "}",
      "Authorization: Bearer sk-ada\r\n");
  }

  audit_lines lines;
  running_server running;
};

} // namespace

TEST_CASE("a request leaves one line: who, what, and how it ended; and no text") {
  audited_server s;
  const auto answer = s.running.call(s.ask("secret"));
  const auto line = s.lines.line(0);
  CHECK(line.at("id") == json::value(answer.field("x-request-id")));
  CHECK(line.at("client") == "ada");
  CHECK(line.at("tenant") == "lab");
  CHECK(line.at("method") == "POST");
  CHECK(line.at("endpoint") == "/v1/chat/completions");
  CHECK(line.at("model") == "small");
  CHECK(line.at("status") == 200);
  CHECK(line.at("outcome") == "finished");
  CHECK(line.at("code").is_null());
  CHECK(line.at("cache") == "hit");
  CHECK(line.at("prompt_tokens") == 7);
  CHECK(line.at("completion_tokens") == 3);
  CHECK(line.at("time_to_first_token") == 0.002);
  CHECK(line.at("latency").to_number<double>() > 0);
  CHECK(line.at("time").as_int64() > 1'600'000'000);
  CHECK_FALSE(line.contains("request"));
  CHECK_FALSE(line.contains("answer"));

  s.running.call(s.ask("secret", R"(,"stream":true)"));
  CHECK(s.lines.line(1).at("completion_tokens") == 3);
  CHECK(s.lines.line(1).at("status") == 200);
}

TEST_CASE("text is written where the config asks for it") {
  auto o = test_options();
  o.audit_text = true;
  audited_server s{o};
  s.running.call(s.ask("secret"));
  s.running.call(s.ask("secret", R"(,"stream":true)"));
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(s.lines.line(i).at("answer") == "the answer");
    CHECK(s.lines.line(i).at("request").as_string().find("secret") != json::string::npos);
  }
}

TEST_CASE("strangers, refusals, failures and those who hang up are written down as what they are") {
  audited_server s;
  s.running.call(post(chat, hello, "Authorization: Bearer sk-x\r\n"));
  CHECK(s.lines.line(0).at("status") == 401);
  CHECK(s.lines.line(0).at("outcome") == "failed");
  CHECK(s.lines.line(0).at("code") == "invalid_api_key");
  CHECK(s.lines.line(0).at("client") == "127.0.0.1");
  CHECK(s.lines.line(0).at("tenant").is_null());

  s.running.call(s.ask("hi", R"(,"max_tokens":-1)"));
  CHECK(s.lines.line(1).at("status") == 400);
  CHECK(s.lines.line(1).at("client") == "ada");

  s.running.call(s.ask("fail"));
  CHECK(s.lines.line(2).at("status") == 503);
  CHECK(s.lines.line(2).at("code") == "no_worker");

  client c{s.running.serving.port()};
  c.send(s.ask("wait"));
  s.running.company.request(1);
  c.abort();
  CHECK(s.lines.line(3).at("outcome") == "cancelled");
  CHECK(s.lines.line(3).at("code") == "client_gone");
  CHECK(s.lines.line(3).at("status") == 0);

  s.running.call("GET / HTTP/9.9\r\n\r\n");
  CHECK(s.lines.line(4).at("status") == 505);
}

TEST_CASE("what is open to everybody leaves no line") {
  audited_server s;
  for (const auto* path : {"/", "/health", "/health/live", "/health/ready", "/metrics"})
    s.running.call(get(path));
  s.running.call(get("/v1/models", "Authorization: Bearer sk-ada\r\n"));
  CHECK(s.lines.line(0).at("endpoint") == "/v1/models");
  CHECK(s.lines.count() == 1);
}
