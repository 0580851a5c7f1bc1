// Stands for the company in tests of the HTTP side: says what a test tells it to say, when the test says so.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actors/protocol/names.hpp"
#include "http/company_port.hpp"

namespace troupe::http::test {

/// Thread safe. Ports are made from it; events that a test sends reach their listener on its io thread.
class fake_company {
public:
  /// Answers at once, in this order, what a request gets. None leaves the request to the test.
  std::function<void(fake_company&, sink_id, const native_request&)> at_once;

  port_factory factory() {
    return [this](std::uint16_t index, poster post) { return std::make_unique<port>(*this, index, std::move(post)); };
  }

  // -- what a test says
  void admitted(answer_admitted event) {
    send(
      event.sink, [=](answer_listener& x) { x.admitted(event); }, false);
  }
  void started(sink_id sink, cache_state cache = cache_state::miss) {
    send(
      sink,
      [=](answer_listener& x) {
        x.started({sink, 1, cache, {}});
      },
      false);
  }
  void text(sink_id sink, std::string piece, finish_reason finish = finish_reason::none) {
    send(
      sink,
      [=](answer_listener& x) {
        x.text({sink, 0, piece, {}, finish});
      },
      false);
  }
  void tokens(sink_id sink, answer_text event) {
    send(
      sink, [=](answer_listener& x) { x.text(event); }, false);
  }
  void finished(sink_id sink, token_usage usage = {7, 3}) {
    using std::chrono::milliseconds;
    send(
      sink,
      [=](answer_listener& x) {
        x.finished({sink, usage, 0, milliseconds{2}, milliseconds{5}});
      },
      true);
  }
  void failed(sink_id sink, failure reason) {
    send(
      sink, [=](answer_listener& x) { x.failed(reason); }, true);
  }
  /// A whole answer.
  void answer(sink_id sink, std::string all, cache_state cache = cache_state::miss) {
    started(sink, cache);
    text(sink, std::move(all), finish_reason::stop);
    finished(sink);
  }

  std::atomic<bool> silent{false};
  company_status status;
  metrics_snapshot metrics;
  std::string page = "# HELP up x\n# TYPE up gauge\nup 1\n";
  order_result drilled;
  reload_result reloaded;

  // -- what a test sees
  /// Waits for the request number `i` (from 0). Its sink is 0 when it does not come.
  std::pair<sink_id, native_request> request(std::size_t i) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{5}, [&] { return requests_.size() > i; });
    return i < requests_.size() ? requests_[i] : std::pair<sink_id, native_request>{};
  }
  std::size_t request_count() {
    std::lock_guard lock{mutex_};
    return requests_.size();
  }
  /// Waits until a sink is detached, and says why.
  std::optional<detach_reason> detached(sink_id sink) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{5}, [&] { return detached_.count(sink) != 0; });
    return detached_.count(sink) != 0 ? std::optional{detached_[sink]} : std::nullopt;
  }
  /// The drills and reloads that were ordered: `0 die`, `reload`.
  std::vector<std::string> orders() {
    std::lock_guard lock{mutex_};
    return orders_;
  }
  bool was_detached(sink_id sink) {
    std::lock_guard lock{mutex_};
    return detached_.count(sink) != 0;
  }

private:
  class port : public company_port {
  public:
    port(fake_company& company, std::uint16_t index, poster post)
        : company_(company),
          next_(std::uint64_t{index} << 48),
          post_(std::move(post)) {}

    sink_id submit(native_request request, answer_listener& listener) override {
      const auto sink = ++next_;
      listeners_[sink] = &listener;
      {
        std::lock_guard lock{company_.mutex_};
        company_.ports_[sink] = this;
        company_.requests_.emplace_back(sink, request);
      }
      company_.changed_.notify_all();
      if (company_.at_once)
        company_.at_once(company_, sink, request);
      return sink;
    }

    void detach(sink_id sink, detach_reason why) override {
      listeners_.erase(sink);
      {
        std::lock_guard lock{company_.mutex_};
        company_.detached_[sink] = why;
      }
      company_.changed_.notify_all();
    }

    void ask_status(std::function<void(std::optional<company_status>)> done) override {
      reply(std::move(done), company_.status);
    }
    void ask_metrics(std::function<void(std::optional<metrics_snapshot>)> done) override {
      reply(std::move(done), company_.metrics);
    }
    void clear_cache(std::function<void(std::optional<std::uint64_t>)> done) override {
      reply(std::move(done), std::uint64_t{4});
    }
    void expose_metrics(std::function<void(std::optional<std::string>)> done) override {
      reply(std::move(done), company_.page);
    }
    void tokenize(native_request request, std::function<void(std::optional<encoded_prompt>)> done) override {
      encoded_prompt out;
      out.ok = !request.prompt.empty() || !request.messages.empty();
      if (!out.ok)
        out.reason = {failure_code::invalid_request, "the prompt has no tokens", "prompt", {}};
      for (const unsigned char byte : request.prompt)
        out.tokens.push_back(byte);
      for (const auto& message : request.messages)
        for (const unsigned char byte : message.content)
          out.tokens.push_back(byte);
      reply(std::move(done), out);
    }
    void detokenize(token_list tokens, std::function<void(std::optional<std::string>)> done) override {
      reply(std::move(done), std::string(tokens.tokens.begin(), tokens.tokens.end()));
    }
    void drill(worker_id worker, drill_kind what, std::function<void(std::optional<order_result>)> done) override {
      order(std::to_string(worker) + ' ' + std::string{name(what)});
      reply(std::move(done), company_.drilled);
    }
    void reload(std::function<void(std::optional<reload_result>)> done) override {
      order("reload");
      reply(std::move(done), company_.reloaded);
    }

    void deliver(sink_id sink, std::function<void(answer_listener&)> call, bool last) {
      post_([this, sink, call = std::move(call), last] {
        const auto found = listeners_.find(sink);
        if (found == listeners_.end())
          return;
        auto* listener = found->second;
        if (last)
          listeners_.erase(found);
        call(*listener);
      });
    }

  private:
    void order(std::string words) {
      std::lock_guard lock{company_.mutex_};
      company_.orders_.push_back(std::move(words));
    }

    template <class T>
    void reply(std::function<void(std::optional<T>)> done, T value) {
      post_([done = std::move(done), value = std::move(value), silent = company_.silent.load()] {
        if (silent)
          done(std::nullopt);
        else
          done(value);
      });
    }

    fake_company& company_;
    std::uint64_t next_;
    poster post_;
    std::map<sink_id, answer_listener*> listeners_;
  };

  void send(sink_id sink, std::function<void(answer_listener&)> call, bool last) {
    port* to = nullptr;
    {
      std::lock_guard lock{mutex_};
      to = ports_[sink];
    }
    if (to != nullptr)
      to->deliver(sink, std::move(call), last);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<sink_id, native_request>> requests_;
  std::map<sink_id, detach_reason> detached_;
  std::map<sink_id, port*> ports_;
  std::vector<std::string> orders_;
};

} // namespace troupe::http::test
