#include "engine/files/gguf.hpp"

#include "engine/engine.hpp"
#include "engine/files/gguf_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

namespace troupe::engine {

namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

constexpr std::uint64_t max_pairs = 65536;
constexpr std::uint64_t max_tensors = 65536;
constexpr std::uint64_t max_name = 65535;
constexpr int max_dimensions = 4;

stored_type type_of(const gguf_reader& from, std::uint32_t number) {
  if (const auto type = stored_type_of(number))
    return *type;
  from.refuse("tensor type " + std::to_string(number) + " is not supported; those that are: " + gguf_type_names());
}

/// A tensor's line in the header; its bytes are known once the header has been read to its end.
struct listed_tensor {
  stored_tensor tensor;
  std::uint64_t offset = 0;
  std::size_t bytes = 0;
};

listed_tensor take_listed(gguf_reader& from, std::uint64_t index) {
  from.about("tensor " + std::to_string(index));
  listed_tensor listed;
  listed.tensor.name = from.take_string();
  if (listed.tensor.name.empty() || listed.tensor.name.size() > max_name)
    from.refuse("its name must have between 1 and " + std::to_string(max_name) + " bytes");
  from.about("tensor '" + listed.tensor.name + "'");
  const auto dimensions = from.take<std::uint32_t>();
  if (dimensions < 1 || dimensions > max_dimensions)
    from.refuse("dimensions must be between 1 and 4, got " + std::to_string(dimensions));
  listed.tensor.shape.resize(dimensions);
  for (std::uint32_t i = 0; i < dimensions; ++i)
    listed.tensor.shape[dimensions - 1 - i] = from.take<std::uint64_t>();
  listed.tensor.type = type_of(from, from.take<std::uint32_t>());
  listed.offset = from.take<std::uint64_t>();
  const auto bytes = stored_bytes(listed.tensor.type, listed.tensor.shape);
  if (!bytes)
    from.refuse("shape " + shape_text(listed.tensor.shape) + " is impossible for " + to_string(listed.tensor.type));
  listed.bytes = *bytes;
  return listed;
}

std::vector<listed_tensor> take_list(gguf_reader& from, std::uint64_t count) {
  std::vector<listed_tensor> listed;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    listed.push_back(take_listed(from, i));
    if (!names.insert(listed.back().tensor.name).second)
      from.refuse("is there twice");
  }
  return listed;
}

/// Finds a tensor's bytes in the `room` that there is behind the header.
void place(const gguf_reader& from, listed_tensor& entry, std::size_t room, std::size_t alignment) {
  if (entry.offset % alignment != 0)
    from.refuse("offset " + std::to_string(entry.offset) + " is not aligned to " + std::to_string(alignment));
  if (entry.offset > room || entry.bytes > room - entry.offset)
    from.refuse("lies outside of the file: offset " + std::to_string(entry.offset) + " and " +
      std::to_string(entry.bytes) + " bytes in a space of " + std::to_string(room));
}

} // namespace

gguf_file::gguf_file(const std::filesystem::path& path) : file_(std::make_shared<const model_file>(path)) {
  gguf_reader from(*file_);
  if (from.take<std::uint32_t>() != 0x46554747U)
    from.refuse("does not begin with GGUF");
  const auto version = from.take<std::uint32_t>();
  if ((version & 0xFFFFU) == 0)
    from.refuse("the file is for machines with big-endian numbers");
  if (version != 2 && version != 3)
    from.refuse("version must be 2 or 3, got " + std::to_string(version));
  const auto tensors = from.take<std::uint64_t>();
  const auto pairs = from.take<std::uint64_t>();
  // Of a model in several files, the first may hold metadata alone.
  if (tensors > max_tensors)
    from.refuse("tensor count must be at most " + std::to_string(max_tensors) + ", got " + std::to_string(tensors));
  if (pairs > max_pairs)
    from.refuse("metadata count must be at most " + std::to_string(max_pairs) + ", got " + std::to_string(pairs));
  for (std::uint64_t i = 0; i < pairs; ++i) {
    from.about("metadata " + std::to_string(i));
    auto key = from.take_string();
    from.about("metadata '" + key + "'");
    auto value = from.take_value(from.take_kind());
    if (!metadata_.emplace(std::move(key), std::move(value)).second)
      from.refuse("is there twice");
  }
  auto listed = take_list(from, tensors);
  const auto alignment = has("general.alignment") ? count("general.alignment") : 32;
  if (alignment < 8 || alignment > (1U << 20U) || !std::has_single_bit(alignment))
    refuse("general.alignment", "must be a power of two between 8 and 1048576, got " + std::to_string(alignment));
  header_bytes_ = (from.position() + alignment - 1) / alignment * alignment;
  const auto room = file_->size() - std::min(header_bytes_, file_->size());
  for (auto& entry : listed) {
    from.about("tensor '" + entry.tensor.name + "'");
    place(from, entry, room, alignment);
    entry.tensor.file = file_;
    entry.tensor.offset = header_bytes_ + entry.offset;
    entry.tensor.size = entry.bytes;
    tensors_.push_back(std::move(entry.tensor));
  }
  refuse_overlaps(tensors_);
}

void gguf_file::refuse(const std::string& key, const std::string& why) const {
  throw load_error(path().string() + ": metadata '" + key + "' " + why);
}

const gguf_value& gguf_file::at(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end())
    refuse(key, "is missing");
  return found->second;
}

std::string gguf_file::text(const std::string& key) const {
  if (const auto* value = std::get_if<std::string>(&at(key)))
    return *value;
  refuse(key, "must be a string");
}

std::uint64_t gguf_file::count(const std::string& key) const {
  const auto& value = at(key);
  if (const auto* number = std::get_if<std::uint64_t>(&value))
    return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value); number && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  refuse(key, "must be a whole number that is not negative");
}

double gguf_file::number(const std::string& key) const {
  const auto& value = at(key);
  if (const auto* number = std::get_if<double>(&value))
    return *number;
  return static_cast<double>(count(key));
}

bool gguf_file::flag(const std::string& key) const {
  if (const auto* value = std::get_if<bool>(&at(key)))
    return *value;
  refuse(key, "must be true or false");
}

const std::vector<std::string>& gguf_file::texts(const std::string& key) const {
  if (const auto* value = std::get_if<std::vector<std::string>>(&at(key)))
    return *value;
  refuse(key, "must be an array of strings");
}

const std::vector<double>& gguf_file::numbers(const std::string& key) const {
  if (const auto* value = std::get_if<std::vector<double>>(&at(key)))
    return *value;
  refuse(key, "must be an array of numbers");
}

std::vector<std::int64_t> gguf_file::integers(const std::string& key) const {
  const auto& value = at(key);
  if (const auto* array = std::get_if<std::vector<std::int64_t>>(&value))
    return *array;
  if (const auto* array = std::get_if<std::vector<std::uint64_t>>(&value))
    return {array->begin(), array->end()};
  refuse(key, "must be an array of whole numbers");
}

} // namespace troupe::engine
