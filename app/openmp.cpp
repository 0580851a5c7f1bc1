#include "app/openmp.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace troupe::app {

namespace {

std::vector<std::string> own_arguments() {
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(in, argument, '\0');)
    arguments.push_back(argument);
  return arguments;
}

} // namespace

void set_openmp_spin(int spin) {
  if (spin < 0 || std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY"))
    return;
  ::setenv("GOMP_SPINCOUNT", std::to_string(spin).c_str(), 1);
  std::vector<std::string> arguments = own_arguments();
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  // When this fails the program goes on as it is: slower at worst.
  ::execv("/proc/self/exe", pointers.data());
}

} // namespace troupe::app
