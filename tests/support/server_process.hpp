// The server as a user starts it: a process of its own, with the real model.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::test {

/// A `troupe` process. Its standard error goes to a file of its own. Killed with the object when it still runs.
class server_process {
public:
  /// Runs `troupe` with these arguments.
  explicit server_process(const std::vector<std::string>& arguments);
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  /// Waits until it says where it listens. Throws `std::runtime_error` with its output when it ends instead.
  std::uint16_t wait_until_listening();
  void signal(int number) const;
  /// Waits for its end. Returns the exit status, minus the signal's number where a signal ended it, or nothing when it
  /// still runs.
  std::optional<int> wait(std::chrono::seconds time);
  std::string output() const;
  pid_t pid() const { return pid_; }

private:
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::string log_;
};

} // namespace troupe::test
