// The program's subcommands. Each returns the process's exit status and throws what it cannot go on with; main writes
// that as one line.
#pragma once

#include <filesystem>
#include <optional>

#include "configs/config.hpp"

namespace troupe::app {

/// Exit status of a bad config, model, device or command line.
inline constexpr int bad_start = 2;
/// Exit status after the death of an actor that the company cannot do without (EX_SOFTWARE).
inline constexpr int core_actor_died = 70;

/// `troupe serve`: serves until SIGTERM or SIGINT. `file` is nothing where no --config was given.
int serve(const std::optional<std::filesystem::path>& file, const config::overrides& flags);

/// `troupe check FILE`: reads a config and says what it means.
int check(const std::filesystem::path& file);

/// `troupe devices`: lists what a worker's `device` can name on this machine.
int devices();

} // namespace troupe::app
