// One client: asks, waits, and says what it saw.
#pragma once

#include "bench/connection.hpp"
#include "bench/plan.hpp"
#include "bench/sample.hpp"
#include "bench/workload.hpp"

namespace troupe::bench {

/// Asks one question after the other over a connection of its own.
class client {
public:
  /// All three must outlive the client.
  client(boost::asio::io_context& io, const resolved_server& server, const plan& p)
      : plan_{p},
        connection_{io, server} {}

  /// Asks and waits for the answer's end, or for the plan's timeout. What goes wrong is in the sample.
  boost::asio::awaitable<sample> ask(const question& q);

private:
  /// Fills `out` as the answer comes. Throws where there is none.
  boost::asio::awaitable<void> ask(const call& c, steady_time start, sample& out);

  const plan& plan_;
  connection connection_;
};

/// Tries to connect, for at most 10 seconds. Throws `std::runtime_error`, which names the URL and the reason.
void check_reachable(const plan& p);

} // namespace troupe::bench
