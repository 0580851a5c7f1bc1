// Reads the header of a GGUF file, value by value.
#pragma once

#include "engine/engine.hpp"
#include "engine/files/gguf.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::engine {

/// The types of metadata values, as the file numbers them.
enum class gguf_kind : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// The fewest bytes that one value of a kind can take.
inline std::size_t least_bytes(gguf_kind k) {
  constexpr std::size_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return bytes[static_cast<std::size_t>(k)];
}

/// Most bytes of a header: what it becomes in memory is up to eight times as much. Those in use have a tenth of this.
constexpr std::size_t max_gguf_header = std::size_t{64} << 20;

/// Reads a header from front to back and never past its end.
class gguf_reader {
public:
  explicit gguf_reader(const model_file& file) : file_(file), end_(std::min(file.size(), max_gguf_header)) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return end_ - position_; }
  void about(std::string what) { about_ = std::move(what); }

  [[noreturn]] void refuse(const std::string& why) const {
    throw load_error(file_.path().string() + ": " + about_ + ": " + why);
  }

  template <class T>
  T take() {
    T value;
    std::memcpy(&value, next(sizeof value), sizeof value);
    return value;
  }

  std::string take_string() {
    const auto size = take<std::uint64_t>();
    return {reinterpret_cast<const char*>(next(size)), size};
  }

  gguf_kind take_kind() {
    const auto number = take<std::uint32_t>();
    if (number > static_cast<std::uint32_t>(gguf_kind::f64))
      refuse("value type must be between 0 and 12, got " + std::to_string(number));
    return static_cast<gguf_kind>(number);
  }

  gguf_value take_value(gguf_kind k);
  gguf_value take_array();

private:
  /// The next bytes, which are consumed by it; they stay until the next call.
  const std::byte* next(std::uint64_t bytes) {
    need(bytes);
    if (const auto end = position_ + bytes; end > read_.size()) {
      const auto known = read_.size();
      read_.resize(std::min(end_, std::max<std::size_t>(end, 2 * known + first_read)));
      file_.read(known, std::span{read_}.subspan(known));
    }
    return read_.data() + std::exchange(position_, position_ + bytes);
  }

  void need(std::uint64_t bytes) const {
    if (bytes <= left())
      return;
    if (end_ < file_.size() && bytes <= file_.size() - position_)
      refuse("metadata and list of tensors must have at most " + std::to_string(max_gguf_header) + " bytes together");
    refuse("the file ends early: " + std::to_string(bytes) + " bytes wanted at offset " + std::to_string(position_) +
      ", " + std::to_string(left()) + " left");
  }

  template <class Element, class Take>
  gguf_value fill(std::uint64_t count, Take take_one) {
    std::vector<Element> values;
    values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
      values.push_back(take_one());
    return values;
  }

  static constexpr std::size_t first_read = std::size_t{1} << 20;

  const model_file& file_;
  /// The file's first bytes, as far as they were needed.
  std::vector<std::byte> read_;
  std::size_t end_;
  std::size_t position_ = 0;
  std::string about_ = "header";
};

} // namespace troupe::engine
