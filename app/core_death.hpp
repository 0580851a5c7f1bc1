// How the process ends when the company cannot go on.
#pragma once

#include <string_view>

#include <caf/error.hpp>

namespace troupe::app {

/// A core actor is gone: writes one line and ends the process with `core_actor_died`. Nothing half lives.
[[noreturn]] void end_process(std::string_view actor, const caf::error& reason);

} // namespace troupe::app
