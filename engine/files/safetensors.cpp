#include "engine/files/safetensors.hpp"

#include "engine/engine.hpp"
#include "engine/files/json_file.hpp"

#include <boost/json/array.hpp>

#include <span>
#include <string>

namespace troupe::engine {

namespace json = boost::json;

namespace {

// The format allows 100 million bytes; parsed, those would take gigabytes. Headers in use have less than 3 MB.
constexpr std::uint64_t max_safetensors_header = std::uint64_t{32} << 20;
constexpr std::size_t max_dimensions = 8;

[[noreturn]] void refuse(const stored_tensor& tensor, const std::string& why) {
  throw load_error(tensor.file_name() + ": tensor '" + tensor.name + "': " + why);
}

std::size_t count_in(const stored_tensor& tensor, const json::value& value, const char* field) {
  if (value.is_int64() && value.get_int64() >= 0)
    return static_cast<std::size_t>(value.get_int64());
  if (value.is_uint64())
    return static_cast<std::size_t>(value.get_uint64());
  refuse(tensor, std::string(field) + " must hold whole numbers that are not negative");
}

const json::array& array_in(const stored_tensor& tensor, const json_fields& fields, const char* field) {
  const auto* value = fields.find(field);
  if (!value || !value->is_array())
    refuse(tensor, std::string(field) + " must be an array");
  return value->get_array();
}

stored_type type_in(const stored_tensor& tensor, const json_fields& fields) {
  const auto word = fields.text("dtype").value_or("");
  if (word == "F32")
    return stored_type::f32;
  if (word == "F16")
    return stored_type::f16;
  if (word == "BF16")
    return stored_type::bf16;
  refuse(tensor, "dtype must be F32, F16 or BF16, got '" + word + "'");
}

/// Fills in type, shape and place of a named tensor, which lies behind the header.
void read_entry(stored_tensor& tensor, const json_fields& fields, std::size_t header_bytes) {
  const auto room = tensor.file->size() - header_bytes;
  tensor.type = type_in(tensor, fields);
  for (const auto& extent : array_in(tensor, fields, "shape"))
    tensor.shape.push_back(count_in(tensor, extent, "shape"));
  if (tensor.shape.size() > max_dimensions)
    refuse(tensor, "dimensions must be at most 8, got " + std::to_string(tensor.shape.size()));
  const auto& offsets = array_in(tensor, fields, "data_offsets");
  if (offsets.size() != 2)
    refuse(tensor, "data_offsets must hold two numbers, got " + std::to_string(offsets.size()));
  const auto begin = count_in(tensor, offsets[0], "data_offsets");
  const auto end = count_in(tensor, offsets[1], "data_offsets");
  if (begin > end || end > room)
    refuse(tensor,
      "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) + "] lie outside of the file's " +
        std::to_string(room) + " bytes of tensors");
  const auto bytes = stored_bytes(tensor.type, tensor.shape);
  if (!bytes || *bytes != end - begin)
    refuse(tensor,
      "shape " + shape_text(tensor.shape) + " of " + to_string(tensor.type) + " does not take the " +
        std::to_string(end - begin) + " bytes of its data_offsets");
  tensor.offset = header_bytes + begin;
  tensor.size = end - begin;
}

} // namespace

safetensors_file::safetensors_file(const std::filesystem::path& path)
    : file_(std::make_shared<const model_file>(path)) {
  const auto size = file_->size();
  std::uint64_t length = 0;
  if (size < sizeof length)
    throw load_error(path.string() + ": header: the file ends early, has " + std::to_string(size) + " bytes");
  file_->read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > max_safetensors_header)
    throw load_error(path.string() + ": header: length must be at most " + std::to_string(max_safetensors_header) +
      ", got " + std::to_string(length));
  if (length > size - sizeof length)
    throw load_error(path.string() + ": header: length " + std::to_string(length) + " does not fit into a file of " +
      std::to_string(size) + " bytes");
  header_bytes_ = sizeof length + length;
  std::string text(length, '\0');
  file_->read(sizeof length, std::as_writable_bytes(std::span{text}));
  const auto header = parse_object(text, path.string() + ": header");
  for (const auto& [name, value] : header) {
    if (name == "__metadata__")
      continue;
    stored_tensor tensor;
    tensor.name = std::string(name);
    tensor.file = file_;
    if (!value.is_object())
      refuse(tensor, "its entry must be an object");
    read_entry(
      tensor, json_fields(value.get_object(), path.string() + ": tensor '" + tensor.name + "'"), header_bytes_);
    tensors_.push_back(std::move(tensor));
  }
  refuse_overlaps(tensors_);
  // As the format wants it. A name that is there twice, of which the parser has kept one, leaves a hole, too.
  std::size_t used = header_bytes_;
  for (const auto& tensor : tensors_)
    used += tensor.size;
  if (used != size)
    throw load_error(path.string() + ": header: the tensors take " + std::to_string(used - header_bytes_) +
      " bytes of the " + std::to_string(size - header_bytes_) +
      " behind it; a tensor is missing, or its name is there twice");
}

} // namespace troupe::engine
