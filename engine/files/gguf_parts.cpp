#include "engine/files/gguf_parts.hpp"

#include "engine/engine.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::engine {

namespace {

/// What `NAME-00002-of-00005.gguf` says.
struct part_name {
  std::string base;
  std::size_t index = 0;
  std::size_t count = 0;
};

std::optional<std::size_t> five_digits(std::string_view text) {
  if (text.size() != 5 || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return std::stoul(std::string(text));
}

std::optional<part_name> read_name(const std::filesystem::path& path) {
  constexpr std::string_view form = "-00001-of-00001";
  const auto stem = path.stem().string();
  if (path.extension() != ".gguf" || stem.size() <= form.size())
    return std::nullopt;
  const auto tail = std::string_view(stem).substr(stem.size() - form.size());
  const auto index = five_digits(tail.substr(1, 5));
  const auto count = five_digits(tail.substr(10));
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || !index || !count || *index == 0 || *index > *count)
    return std::nullopt;
  return part_name{stem.substr(0, stem.size() - form.size()), *index, *count};
}

std::string padded(std::size_t number) {
  const auto digits = std::to_string(number);
  return std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

std::filesystem::path path_of(const std::filesystem::path& folder, const part_name& name, std::size_t index) {
  return folder / (name.base + '-' + padded(index) + "-of-" + padded(name.count) + ".gguf");
}

/// How many files the first one says there are.
std::size_t stated_parts(const gguf_file& first) {
  return first.has("split.count") ? std::max<std::size_t>(1, first.count("split.count")) : 1;
}

void check_part(const gguf_file& part, std::size_t index, std::size_t count) {
  if (part.has("split.no") && part.count("split.no") != index)
    throw load_error(part.path().string() + ": metadata 'split.no' must be " + std::to_string(index) + ", got " +
      std::to_string(part.count("split.no")));
  if (stated_parts(part) != count)
    throw load_error(part.path().string() + ": metadata 'split.count' must be " + std::to_string(count) + ", got " +
      std::to_string(stated_parts(part)));
}

} // namespace

std::filesystem::path first_part(const std::filesystem::path& path) {
  const auto name = read_name(path);
  return name ? path_of(path.parent_path(), *name, 1) : path;
}

std::vector<gguf_file> open_parts(const std::filesystem::path& path) {
  std::vector<gguf_file> parts;
  parts.emplace_back(first_part(path));
  const auto count = stated_parts(parts.front());
  if (count == 1)
    return parts;
  const auto name = read_name(path);
  if (!name || name->count != count)
    throw load_error(path.string() + ": metadata 'split.count' says that the model is in " + std::to_string(count) +
      " files; it must be named as the first of so many: NAME-00001-of-00002.gguf");
  check_part(parts.front(), 0, count);
  auto tensors = parts.front().tensors().size();
  for (std::size_t i = 1; i < count; ++i) {
    parts.emplace_back(path_of(path.parent_path(), *name, i + 1));
    check_part(parts.back(), i, count);
    tensors += parts.back().tensors().size();
  }
  const auto& first = parts.front();
  if (first.has("split.tensors.count") && first.count("split.tensors.count") != tensors)
    throw load_error(first.path().string() + ": metadata 'split.tensors.count' must be " + std::to_string(tensors) +
      ", the tensors of all files, got " + std::to_string(first.count("split.tensors.count")));
  return parts;
}

} // namespace troupe::engine
