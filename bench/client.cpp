#include "bench/client.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

namespace troupe::bench {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr double longest_connect = 10;

double seconds_since(steady_time start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

steady_time after(steady_time start, double seconds) {
  return start + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
}

} // namespace

asio::awaitable<sample> client::ask(const question& q) {
  const call c = make_call(plan_, q);
  const steady_time start = clock::now();
  sample out;
  try {
    co_await ask(c, start, out);
  } catch (const std::runtime_error& error) {
    out = {};
    out.failure = error.what();
  }
  out.latency = seconds_since(start);
  co_return out;
}

asio::awaitable<void> client::ask(const call& c, steady_time start, sample& out) {
  const bool streamed = plan_.api == api_kind::openai;
  stream_reader stream;
  std::string body;
  const connection::body_sink sink = [&](const answer_head& head, std::string_view piece) {
    if (streamed && head.status == 200)
      stream.feed(piece, seconds_since(start));
    else
      body += piece;
  };
  const answer_head head = co_await connection_.post(c, after(start, plan_.timeout), sink);
  if (head.status != 200)
    throw answer_error{describe_error(head.status, body)};
  if (streamed)
    stream.finish(out);
  else
    read_inference_answer(body, out);
  if (!out.cache_hit && !head.cache.empty())
    out.cache_hit = head.cache == "hit";
}

void check_reachable(const plan& p) {
  try {
    const resolved_server server = resolve(p.server);
    asio::io_context io{1};
    connection probe{io, server};
    const steady_time deadline = after(clock::now(), std::min(p.timeout, longest_connect));
    auto connected = asio::co_spawn(io, probe.open(deadline), asio::use_future);
    io.run();
    connected.get();
  } catch (const connection_error& error) {
    throw std::runtime_error{"cannot reach " + p.url + ": " + error.what()};
  }
}

} // namespace troupe::bench
