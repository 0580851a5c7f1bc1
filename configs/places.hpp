// Where something stands in a TOML file, and what stands there, for errors.
#pragma once

#include <string>

#include <toml++/toml.h>

namespace troupe::config {

/// `file:line`, as an editor jumps to it.
std::string place(const std::string& file, const toml::source_region& source);

/// A value as its file has it, on one line and cut where it is long.
std::string shown(const toml::node& node);

/// Parses a text. Throws `config_error` in one line that begins with `file:line`.
toml::table parse_toml(const std::string& text, const std::string& file);

/// A file's text. Throws `config_error` that begins with `what`: `config file`.
std::string text_of(const std::string& what, const std::string& file);

} // namespace troupe::config
