#include "tests/support/server_process.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

using namespace std::chrono_literals;

server_process::server_process(const std::vector<std::string>& arguments) {
  char name[] = "/tmp/troupe-test-XXXXXX";
  const int log = ::mkostemp(name, O_CLOEXEC);
  if (log < 0)
    throw std::runtime_error("server_process: cannot make a log file");
  log_ = name;
  std::vector<char*> argv{const_cast<char*>(TROUPE_BINARY)};
  for (const auto& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(log, STDERR_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::execv(TROUPE_BINARY, argv.data());
    ::_exit(127);
  }
  ::close(log);
  if (pid_ < 0)
    throw std::runtime_error("server_process: cannot fork");
}

server_process::~server_process() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::unlink(log_.c_str());
}

std::uint16_t server_process::wait_until_listening() {
  const std::string mark = "listening on http://127.0.0.1:";
  for (const auto end = std::chrono::steady_clock::now() + 180s; std::chrono::steady_clock::now() < end;) {
    const auto text = output();
    const auto at = text.find(mark);
    if (at != std::string::npos && text.find('\n', at) != std::string::npos)
      return static_cast<std::uint16_t>(std::stoi(text.substr(at + mark.size())));
    if (wait(0s))
      break;
    std::this_thread::sleep_for(20ms);
  }
  throw std::runtime_error("server_process: it does not listen: " + output());
}

void server_process::signal(int number) const {
  ::kill(pid_, number);
}

std::optional<int> server_process::wait(std::chrono::seconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_)
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    else if (std::chrono::steady_clock::now() >= end)
      break;
    else
      std::this_thread::sleep_for(5ms);
  }
  return status_;
}

std::string server_process::output() const {
  std::ifstream file{log_};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace troupe::test
