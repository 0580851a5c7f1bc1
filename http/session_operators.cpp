// Answering operators: health, metrics, models, the cache.
#include <chrono>

#include "http/api/operators.hpp"
#include "http/session.hpp"

namespace troupe::http {

namespace {

using std::chrono::steady_clock;

/// How long an operator's question waits for the company. Then the answer says that it does not answer.
constexpr std::chrono::seconds company_time{3};
constexpr std::chrono::seconds recent{1};

api::refusal company_is_silent() {
  return {503, "the company does not answer", {}, "internal_error", {}};
}

response plain(std::string body) {
  response answer;
  answer.body = std::move(body);
  return answer;
}

} // namespace

template <class T, class Ask>
net::awaitable<std::optional<T>> session::ask(Ask put) {
  struct box {
    std::optional<T> value;
    bool done = false;
  };
  auto reply = std::make_shared<box>();
  put([reply, waiting = connection_](std::optional<T> value) {
    reply->value = std::move(value);
    reply->done = true;
    waiting->notify();
  });
  const auto until = steady_clock::now() + company_time;
  while (!reply->done && !connection_->broken() && steady_clock::now() < until)
    co_await connection_->wait(until);
  co_return std::move(reply->value);
}

net::awaitable<response> session::answer_operator(const route& to) {
  switch (to.to) {
  case endpoint::health:
  case endpoint::ready: {
    auto answer = co_await answer_health(to.to);
    co_return answer;
  }
  case endpoint::metrics: {
    auto put = [this](auto done) { context_.port->ask_metrics(std::move(done)); };
    const auto metrics = co_await ask<metrics_snapshot>(put);
    co_return metrics ? plain(api::metrics_body(*metrics)) : error_response(company_is_silent());
  }
  case endpoint::clear_cache: {
    auto put = [this](auto done) { context_.port->clear_cache(std::move(done)); };
    const auto removed = co_await ask<std::uint64_t>(put);
    co_return removed ? plain(api::cleared_body(*removed)) : error_response(company_is_silent());
  }
  default:
    co_return answer_at_once(to);
  }
}

response session::answer_at_once(const route& to) const {
  response answer;
  switch (to.to) {
  case endpoint::models:
    return plain(api::models_body(context_.opts));
  case endpoint::live:
    return plain(api::status_body("alive"));
  case endpoint::model:
    try {
      return plain(api::model_body(context_.opts, to.argument));
    } catch (const api::request_error& error) {
      return error_response(error.reason());
    }
  case endpoint::options:
    answer.status = 204;
    answer.fields.emplace_back("Allow", to.methods);
    add_preflight_fields(answer, to.methods);
    return answer;
  default:
    answer.content_type = "text/html; charset=utf-8";
    answer.body = api::front_page();
    return answer;
  }
}

net::awaitable<std::optional<metrics_snapshot>> session::recent_metrics() {
  if (!context_.recent_metrics || steady_clock::now() - context_.recent_metrics_time > recent) {
    auto put = [this](auto done) { context_.port->ask_metrics(std::move(done)); };
    context_.recent_metrics = co_await ask<metrics_snapshot>(put);
    context_.recent_metrics_time = steady_clock::now();
  }
  co_return context_.recent_metrics;
}

net::awaitable<response> session::answer_health(endpoint to) {
  auto put = [this](auto done) { context_.port->ask_status(std::move(done)); };
  const auto status = co_await ask<company_status>(put);
  const auto health = api::judge(status, context_.draining);
  response answer;
  answer.status = api::can_serve(health) ? 200 : 503;
  if (to == endpoint::ready) {
    answer.body = api::status_body(answer.status == 200 ? "ready" : api::health_word(health));
  } else {
    const auto metrics = co_await recent_metrics();
    answer.body = api::health_body(health, status, metrics);
  }
  co_return answer;
}

} // namespace troupe::http
