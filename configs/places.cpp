#include "configs/places.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "configs/config.hpp"

namespace troupe::config {

std::string place(const std::string& file, const toml::source_region& source) {
  return file + ':' + std::to_string(source.begin.line);
}

std::string shown(const toml::node& node) {
  std::ostringstream out;
  if (node.is_table())
    return "a table";
  node.visit([&](const auto& element) { out << element; });
  std::string text = out.str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\'', '"');
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

toml::table parse_toml(const std::string& text, const std::string& file) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    throw config_error{place(file, error.source()) + ": " + std::string{error.description()}};
  }
}

std::string text_of(const std::string& what, const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  // An empty file writes nothing, which the stream takes for a failure: look at the input alone.
  if (!std::filesystem::is_regular_file(file) || !in || (text << in.rdbuf(), in.bad()))
    throw config_error{what + " \"" + file + "\" cannot be read"};
  return text.str();
}

} // namespace troupe::config
