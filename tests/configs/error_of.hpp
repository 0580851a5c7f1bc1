// What a config file that does not hold is told.
#pragma once

#include <string>

#include "configs/config.hpp"

namespace troupe::test {

/// The error that a text gives, or an empty string.
inline std::string error_of(const std::string& text, const config::overrides& flags = {}) {
  try {
    config::parse(text, "x.toml", flags);
    return {};
  } catch (const config::config_error& error) {
    return error.what();
  }
}

} // namespace troupe::test
