#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "app/core_death.hpp"

TEST_CASE("the death of a core actor ends the process with status 70 and one line that names it") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    troupe::app::end_process("scheduler", caf::make_error(caf::sec::runtime_error, "a broken invariant"));
  }
  ::close(ends[1]);
  std::string said;
  char byte = 0;
  while (::read(ends[0], &byte, 1) == 1)
    said += byte;
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 70);
  CHECK(said.find("the scheduler died") != std::string::npos);
  CHECK(said.find("a broken invariant") != std::string::npos);
  CHECK(said.find('\n') == said.size() - 1);
}
