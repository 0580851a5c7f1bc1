// Two workers that fail on purpose, in turn, for as long as an object lives.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/support/http_client.hpp"

namespace troupe::test {

/// A config with two workers and room for a few hundred requests.
inline const std::string two_workers_with_drills = R"(
[queue]
max_waiting = 1000
[restart]
delay = "50ms"
max_delay = "200ms"
stall = "1s"
[admin]
drills = true
[[worker]]
threads = 1
kv_bytes = "32MiB"
[[worker]]
threads = 1
kv_bytes = "32MiB"
)";

/// Has workers die, throw and hang in turn until it is destroyed.
class drill_sergeant {
public:
  drill_sergeant(std::uint16_t port, std::chrono::milliseconds period)
      : thread_{[this, port, period] {
          const std::array<std::string, 3> kinds{"die", "throw", "hang"};
          for (std::size_t i = 0; !stop_; ++i, std::this_thread::sleep_for(period)) {
            const auto order = R"({"worker": )" + std::to_string(i / kinds.size() % 2) + R"(, "what": ")" +
              kinds[i % kinds.size()] + "\"}";
            carried_out_ += request(port, "POST", "/admin/drill", order).status == 200 ? 1 : 0;
          }
        }} {}
  ~drill_sergeant() {
    stop_ = true;
    thread_.join();
  }
  drill_sergeant(const drill_sergeant&) = delete;
  drill_sergeant& operator=(const drill_sergeant&) = delete;

  /// Drills that a worker was there for.
  std::size_t carried_out() const { return carried_out_; }

private:
  std::atomic<std::size_t> carried_out_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

} // namespace troupe::test
