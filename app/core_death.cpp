#include "app/core_death.hpp"

#include <cstdlib>

#include <spdlog/spdlog.h>

#include "app/commands.hpp"

namespace troupe::app {

void end_process(std::string_view actor, const caf::error& reason) {
  spdlog::critical("the {} died, which ends the process: {}", actor, caf::to_string(reason));
  spdlog::default_logger()->flush();
  std::_Exit(core_actor_died);
}

} // namespace troupe::app
