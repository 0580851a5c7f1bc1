#include "app/signals.hpp"

#include <csignal>
#include <ctime>
#include <initializer_list>

#include <unistd.h>

namespace troupe::app {

namespace {

sigset_t signals(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers)
    sigaddset(&set, number);
  return set;
}

} // namespace

void hold_signals() {
  const sigset_t set = signals({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

signal_word wait_for_signal() {
  const sigset_t set = signals({SIGTERM, SIGINT, SIGHUP});
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal == SIGHUP ? signal_word::reload : signal_word::stop;
}

bool wait_for_stop(std::chrono::milliseconds limit) {
  const sigset_t set = signals({SIGTERM, SIGINT});
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(limit.count() / 1000);
  time.tv_nsec = static_cast<long>(limit.count() % 1000) * 1'000'000;
  return sigtimedwait(&set, nullptr, &time) > 0;
}

void exit_on_next_stop() {
  const auto leave = [](int signal) { _exit(128 + signal); };
  std::signal(SIGTERM, leave);
  std::signal(SIGINT, leave);
  const sigset_t set = signals({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void exit_within(std::chrono::seconds limit) {
  std::signal(SIGALRM, [](int) { _exit(0); });
  alarm(static_cast<unsigned>(limit.count()));
}

} // namespace troupe::app
