// Answering operators: health, metrics, models, orders.
#include <chrono>

#include "http/accept.hpp"
#include "http/api/admin.hpp"
#include "http/api/description.hpp"
#include "http/api/operators.hpp"
#include "http/api/sampling.hpp"
#include "http/api/tokens.hpp"
#include "http/session.hpp"

namespace troupe::http {

namespace {

using std::chrono::steady_clock;

/// How long an operator's question waits for the company. Then the answer says that it does not answer.
constexpr std::chrono::seconds company_time{3};
/// The same for an order. A reload reads the config and looks at model files.
constexpr std::chrono::seconds order_time{30};
constexpr std::chrono::seconds recent{1};

api::refusal company_is_silent() {
  return {503, "the company does not answer", {}, "internal_error", {}};
}

response plain(std::string body) {
  response answer;
  answer.body = std::move(body);
  return answer;
}

response page(std::string body) {
  response answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

response prometheus_page(std::string body) {
  response answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

} // namespace

template <class T, class Ask>
net::awaitable<std::optional<T>> session::ask(Ask put, std::chrono::seconds limit) {
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
  const auto until = steady_clock::now() + limit;
  while (!reply->done && !connection_->broken() && steady_clock::now() < until)
    co_await connection_->wait(until);
  co_return std::move(reply->value);
}

net::awaitable<response> session::answer_operator(const route& to) {
  response answer;
  switch (to.to) {
  case endpoint::health:
  case endpoint::ready:
    answer = co_await answer_health(to.to);
    break;
  case endpoint::live:
    answer = co_await answer_live();
    break;
  case endpoint::metrics:
  case endpoint::prometheus:
    answer = co_await answer_metrics(to.to == endpoint::prometheus || wants_prometheus(request_));
    break;
  case endpoint::clear_cache:
  case endpoint::drill:
  case endpoint::reload:
    answer = co_await answer_order(to.to);
    break;
  case endpoint::tokenize:
  case endpoint::detokenize:
    answer = co_await answer_tokens(to.to);
    break;
  default:
    answer = answer_at_once(to);
  }
  co_return answer;
}

net::awaitable<response> session::answer_metrics(bool as_text) {
  if (as_text) {
    auto put = [this](auto done) { context_.port->expose_metrics(std::move(done)); };
    auto page = co_await ask<std::string>(put, company_time);
    co_return page ? prometheus_page(std::move(*page)) : error_response(company_is_silent());
  }
  auto put = [this](auto done) { context_.port->ask_metrics(std::move(done)); };
  const auto metrics = co_await ask<metrics_snapshot>(put, company_time);
  co_return metrics ? plain(api::metrics_body(*metrics)) : error_response(company_is_silent());
}

/// Orders change something, so each is read strictly before it goes anywhere.
net::awaitable<response> session::answer_order(endpoint to) {
  std::optional<api::refusal> refused;
  response answer;
  try {
    if (to == endpoint::drill) {
      const auto order = api::read_drill(request_.body, limit().json_depth);
      answer = co_await answer_drill(order);
    } else if (to == endpoint::reload) {
      answer = co_await answer_reload();
    } else {
      answer = co_await answer_clear();
    }
  } catch (const api::request_error& error) {
    refused = error.reason();
  }
  co_return refused ? error_response(*refused) : answer;
}

net::awaitable<response> session::answer_tokens(endpoint to) {
  std::optional<api::refusal> refused;
  response answer;
  try {
    const auto context = call_context();
    if (to == endpoint::tokenize) {
      auto request = api::read_tokenize(request_.body, context);
      answer = co_await answer_tokenize(std::move(request));
    } else {
      auto tokens = api::read_detokenize(request_.body, context);
      answer = co_await answer_detokenize(std::move(tokens));
    }
  } catch (const api::request_error& error) {
    refused = error.reason();
  }
  co_return refused ? error_response(*refused) : answer;
}

net::awaitable<response> session::answer_tokenize(native_request request) {
  // Of an adapter's model, which the key may not see by its own name.
  const auto length = api::find_model(context_.opts, request.model).context;
  auto put = [this, &request](auto done) { context_.port->tokenize(std::move(request), std::move(done)); };
  const auto prompt = co_await ask<encoded_prompt>(put, order_time);
  if (!prompt)
    co_return error_response(company_is_silent());
  co_return prompt->ok ? plain(api::tokens_body(prompt->tokens, length))
                       : error_response(api::to_refusal(prompt->reason));
}

net::awaitable<response> session::answer_detokenize(token_list tokens) {
  auto put = [this, &tokens](auto done) { context_.port->detokenize(std::move(tokens), std::move(done)); };
  const auto text = co_await ask<std::string>(put, order_time);
  co_return text ? plain(api::prompt_body(*text)) : error_response(company_is_silent());
}

net::awaitable<response> session::answer_clear() {
  auto put = [this](auto done) { context_.port->clear_cache(std::move(done)); };
  const auto removed = co_await ask<std::uint64_t>(put, company_time);
  co_return removed ? plain(api::cleared_body(*removed)) : error_response(company_is_silent());
}

net::awaitable<response> session::answer_drill(api::drill_order order) {
  auto put = [this, order](auto done) { context_.port->drill(order.worker, order.what, std::move(done)); };
  const auto result = co_await ask<order_result>(put, order_time);
  if (!result)
    co_return error_response(company_is_silent());
  const auto refused = api::refusal_of(*result);
  co_return refused ? error_response(*refused) : plain(api::status_body("ok"));
}

net::awaitable<response> session::answer_reload() {
  api::read_reload(request_.body, limit().json_depth);
  auto put = [this](auto done) { context_.port->reload(std::move(done)); };
  const auto result = co_await ask<reload_result>(put, order_time);
  if (!result)
    co_return error_response(company_is_silent());
  const auto refused = api::refusal_of(*result);
  co_return refused ? error_response(*refused) : plain(api::reload_body(*result));
}

response session::answer_at_once(const route& to) const {
  response answer;
  switch (to.to) {
  case endpoint::models:
    return plain(api::models_body(seen()));
  case endpoint::model:
    try {
      return plain(api::model_body(seen(), to.argument));
    } catch (const api::request_error& error) {
      return error_response(error.reason());
    }
  case endpoint::description:
    return plain(std::string{api::description()});
  case endpoint::description_page:
    return page(std::string{api::description_page()});
  case endpoint::options:
    answer.status = 204;
    answer.fields.emplace_back("Allow", to.methods);
    add_preflight_fields(answer, to.methods);
    return answer;
  default:
    return page(api::front_page());
  }
}

net::awaitable<std::optional<metrics_snapshot>> session::recent_metrics() {
  if (!context_.recent_metrics || steady_clock::now() - context_.recent_metrics_time > recent) {
    auto put = [this](auto done) { context_.port->ask_metrics(std::move(done)); };
    context_.recent_metrics = co_await ask<metrics_snapshot>(put, company_time);
    context_.recent_metrics_time = steady_clock::now();
  }
  co_return context_.recent_metrics;
}

net::awaitable<response> session::answer_live() {
  const auto metrics = co_await recent_metrics();
  const auto live = api::judge_live(metrics, context_.opts.live_timeout);
  auto answer = plain(api::live_body(live, metrics));
  answer.status = live == api::liveness::alive ? 200 : 503;
  co_return answer;
}

net::awaitable<response> session::answer_health(endpoint to) {
  auto put = [this](auto done) { context_.port->ask_status(std::move(done)); };
  const auto status = co_await ask<company_status>(put, company_time);
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
