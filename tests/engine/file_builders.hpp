// Model files made by hand, sound or broken in one place.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include "engine/engine.hpp"

namespace troupe::engine::testing {

/// A folder that is gone with its last file when the test ends.
class scratch_folder {
public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe-engine-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path write(const std::string& name, const std::string& contents) const {
    std::ofstream(path_ / name, std::ios::binary) << contents;
    return path_ / name;
  }

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// What opening a file with these contents says is wrong with it: a sentence that names the file, or nothing.
template <class File>
std::string complaint_about(const std::string& name, const std::string& contents) {
  const scratch_folder folder;
  try {
    const File file(folder.write(name, contents));
  } catch (const load_error& error) {
    const std::string what = error.what();
    if (what.find(name) == std::string::npos)
      throw std::logic_error("an error does not name its file: " + what);
    return what;
  }
  return "";
}

template <class T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// Writes GGUF. Says what it is told to, true or not.
class gguf_builder {
public:
  std::uint32_t magic = 0x46554747;
  std::uint32_t version = 3;
  std::uint64_t extra_tensors = 0;
  std::uint64_t extra_pairs = 0;

  static std::string text(const std::string& s) { return bytes_of<std::uint64_t>(s.size()) + s; }

  gguf_builder& raw(const std::string& key, std::uint32_t type, const std::string& value) {
    pairs_.push_back(text(key) + bytes_of(type) + value);
    return *this;
  }
  gguf_builder& u32(const std::string& key, std::uint32_t value) { return raw(key, 4, bytes_of(value)); }
  gguf_builder& f32(const std::string& key, float value) { return raw(key, 6, bytes_of(value)); }
  gguf_builder& str(const std::string& key, const std::string& value) { return raw(key, 8, text(value)); }
  gguf_builder& strs(const std::string& key, const std::vector<std::string>& values) {
    std::string array = bytes_of<std::uint32_t>(8) + bytes_of<std::uint64_t>(values.size());
    for (const auto& value : values)
      array += text(value);
    return raw(key, 9, array);
  }

  /// A tensor of zeros; dimensions as the file has them, fastest first.
  gguf_builder& tensor(const std::string& name, const std::vector<std::uint64_t>& dimensions, std::uint32_t type = 0) {
    std::uint64_t count = 1;
    for (const auto d : dimensions)
      count *= d;
    tensor_at(name, dimensions, type, contents_.size());
    contents_.append((count * 4 + 31) / 32 * 32, '\0');
    return *this;
  }

  gguf_builder& tensor_at(
    const std::string& name, const std::vector<std::uint64_t>& dimensions, std::uint32_t type, std::uint64_t offset) {
    std::string line = text(name) + bytes_of(static_cast<std::uint32_t>(dimensions.size()));
    for (const auto d : dimensions)
      line += bytes_of(d);
    tensors_.push_back(line + bytes_of(type) + bytes_of(offset));
    return *this;
  }

  std::string build() const {
    std::string file = bytes_of(magic) + bytes_of(version) + bytes_of<std::uint64_t>(tensors_.size() + extra_tensors) +
      bytes_of<std::uint64_t>(pairs_.size() + extra_pairs);
    for (const auto& pair : pairs_)
      file += pair;
    for (const auto& tensor : tensors_)
      file += tensor;
    file.resize((file.size() + 31) / 32 * 32, '\0');
    return file + contents_;
  }

private:
  std::vector<std::string> pairs_;
  std::vector<std::string> tensors_;
  std::string contents_;
};

/// A one-layer llama of 8 tokens, hidden 4, one head, MLP of 6.
inline gguf_builder tiny_gguf() {
  gguf_builder file;
  file.str("general.architecture", "llama").u32("llama.embedding_length", 4).u32("llama.block_count", 1);
  file.u32("llama.attention.head_count", 1).u32("llama.feed_forward_length", 6).u32("llama.context_length", 16);
  file.f32("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  file.tensor("token_embd.weight", {4, 8}).tensor("output_norm.weight", {4});
  file.tensor("blk.0.attn_norm.weight", {4}).tensor("blk.0.ffn_norm.weight", {4});
  for (const auto* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
    file.tensor(std::string("blk.0.") + name + ".weight", {4, 4});
  file.tensor("blk.0.ffn_gate.weight", {4, 6}).tensor("blk.0.ffn_up.weight", {4, 6});
  return file.tensor("blk.0.ffn_down.weight", {6, 4});
}

/// Writes safetensors from a JSON header.
inline std::string safetensors(const std::string& header, std::size_t content_bytes) {
  return bytes_of<std::uint64_t>(header.size()) + header + std::string(content_bytes, '\0');
}

} // namespace troupe::engine::testing
