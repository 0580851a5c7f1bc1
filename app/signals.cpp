#include "app/signals.hpp"

#include <csignal>
#include <ctime>

#include <unistd.h>

namespace troupe::app {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

} // namespace

void hold_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_stop() {
  const sigset_t set = stop_signals();
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
}

bool wait_for_stop(std::chrono::milliseconds limit) {
  const sigset_t set = stop_signals();
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(limit.count() / 1000);
  time.tv_nsec = static_cast<long>(limit.count() % 1000) * 1'000'000;
  return sigtimedwait(&set, nullptr, &time) > 0;
}

void exit_on_next_stop() {
  const auto leave = [](int signal) { _exit(128 + signal); };
  std::signal(SIGTERM, leave);
  std::signal(SIGINT, leave);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace troupe::app
