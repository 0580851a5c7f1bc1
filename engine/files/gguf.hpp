// Reads GGUF, versions 2 and 3, the format of llama.cpp: typed metadata, then tensors.
// After: ggml's docs/gguf.md. Every length, count and offset is checked against the file before it is believed.
#pragma once

#include "engine/files/model_file.hpp"
#include "engine/files/stored_tensor.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::engine {

/// A metadata value. Integers of every width are widened to 64 bits, floats to double. Arrays of arrays
/// are refused: no known key has one.
using gguf_value =
  std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, std::vector<bool>,
    std::vector<std::uint64_t>, std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;

/// An open GGUF file. Its getters throw `load_error` that names file and key when a value is missing or of another
/// type than asked for.
class gguf_file {
public:
  /// Throws `load_error` that names file, key or tensor and what is wrong.
  explicit gguf_file(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_->path(); }
  const std::shared_ptr<const model_file>& file() const { return file_; }
  const std::vector<stored_tensor>& tensors() const { return tensors_; }
  /// Where the tensors' bytes begin: what lies before is the header.
  std::size_t header_bytes() const { return header_bytes_; }

  bool has(const std::string& key) const { return metadata_.contains(key); }
  std::string text(const std::string& key) const;
  std::uint64_t count(const std::string& key) const;
  double number(const std::string& key) const;
  bool flag(const std::string& key) const;
  const std::vector<std::string>& texts(const std::string& key) const;
  std::vector<std::int64_t> integers(const std::string& key) const;
  const std::vector<double>& numbers(const std::string& key) const;

private:
  const gguf_value& at(const std::string& key) const;
  [[noreturn]] void refuse(const std::string& key, const std::string& why) const;

  std::shared_ptr<const model_file> file_;
  std::map<std::string, gguf_value> metadata_;
  std::vector<stored_tensor> tensors_;
  std::size_t header_bytes_ = 0;
};

} // namespace troupe::engine
