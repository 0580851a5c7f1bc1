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

/// A tensor's line in the header. Its offset counts from the header's end, which is known once all has been read.
stored_tensor take_listed(gguf_reader& from, std::uint64_t index) {
  from.about("tensor " + std::to_string(index));
  stored_tensor listed;
  listed.name = from.take_string();
  if (listed.name.empty() || listed.name.size() > max_name)
    from.refuse("its name must have between 1 and " + std::to_string(max_name) + " bytes");
  from.about("tensor '" + listed.name + "'");
  const auto dimensions = from.take<std::uint32_t>();
  if (dimensions < 1 || dimensions > max_dimensions)
    from.refuse("dimensions must be between 1 and 4, got " + std::to_string(dimensions));
  listed.shape.resize(dimensions);
  for (std::uint32_t i = 0; i < dimensions; ++i)
    listed.shape[dimensions - 1 - i] = from.take<std::uint64_t>();
  listed.type = type_of(from, from.take<std::uint32_t>());
  listed.offset = from.take<std::uint64_t>();
  const auto bytes = stored_bytes(listed.type, listed.shape);
  if (!bytes)
    from.refuse("shape " + shape_text(listed.shape) + " is impossible for " + to_string(listed.type));
  listed.size = *bytes;
  return listed;
}

std::vector<stored_tensor> take_list(gguf_reader& from, std::uint64_t count) {
  std::vector<stored_tensor> listed;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    listed.push_back(take_listed(from, i));
    if (!names.insert(listed.back().name).second)
      from.refuse("is there twice");
  }
  return listed;
}

/// Whether a tensor lies within the `room` that there is behind the header.
void check_place(const gguf_reader& from, const stored_tensor& tensor, std::size_t room, std::size_t alignment) {
  if (tensor.offset % alignment != 0)
    from.refuse("offset " + std::to_string(tensor.offset) + " is not aligned to " + std::to_string(alignment));
  if (tensor.offset > room || tensor.size > room - tensor.offset)
    from.refuse("lies outside of the file: offset " + std::to_string(tensor.offset) + " and " +
      std::to_string(tensor.size) + " bytes in a space of " + std::to_string(room));
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
  tensors_ = take_list(from, tensors);
  const auto alignment = has("general.alignment") ? count("general.alignment") : 32;
  if (alignment < 8 || alignment > (1U << 20U) || !std::has_single_bit(alignment))
    refuse("general.alignment", "must be a power of two between 8 and 1048576, got " + std::to_string(alignment));
  header_bytes_ = (from.position() + alignment - 1) / alignment * alignment;
  const auto room = file_->size() - std::min(header_bytes_, file_->size());
  for (auto& tensor : tensors_) {
    from.about("tensor '" + tensor.name + "'");
    check_place(from, tensor, room, alignment);
    tensor.file = file_;
    tensor.offset += header_bytes_;
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
