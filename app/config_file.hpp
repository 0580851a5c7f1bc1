// The config as the command line and its file say it together.
#pragma once

#include <filesystem>
#include <optional>

#include "configs/config.hpp"

namespace troupe::app {

/// Reads `file`, or without one the first default there is: configs/default.toml of the working directory, of the
/// repository that this program was built in, or what is built in. Flags win over it. Throws `config::config_error`.
config::config read_config(std::optional<std::filesystem::path> file, const config::overrides& flags);

} // namespace troupe::app
