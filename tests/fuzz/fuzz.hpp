// What the fuzz targets share: a claim that must hold for every input, and an input read piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace troupe::fuzz {

/// Ends the program, and with it the run, when `holds` is false: libFuzzer then keeps the input.
inline void claim(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// An input whose first bytes decide something and whose rest is the text.
class input {
public:
  input(const std::uint8_t* bytes, std::size_t size) : rest_(reinterpret_cast<const char*>(bytes), size) {}

  /// The next byte, 0 behind the end.
  std::uint8_t byte() {
    if (rest_.empty())
      return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }

  std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
};

/// Lengths of pieces to cut a text into, between 1 and 16, the same for the same seed.
class cuts {
public:
  explicit cuts(std::uint8_t seed) : state_(seed * 2654435761U + 1) {}

  std::size_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 28U) + 1;
  }

private:
  std::uint32_t state_;
};

} // namespace troupe::fuzz
