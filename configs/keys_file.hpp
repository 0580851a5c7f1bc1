// The file of API keys: who may come in, and how much of the server is theirs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "http/options.hpp"

namespace troupe::config {

/// Most keys of one file.
inline constexpr std::size_t most_keys = 1000;

/// Reads `[[key]]` tables. Throws `config_error` that names file and line, key and field, value and what is allowed;
/// also for a file without keys, and where two keys share a name or a secret.
std::vector<http::api_key> load_keys(const std::filesystem::path& file);
/// The same from text; `name` stands for the file in errors.
std::vector<http::api_key> parse_keys(const std::string& text, const std::string& name);

} // namespace troupe::config
