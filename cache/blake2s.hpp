// Keyed BLAKE2s with a digest of 128 bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::cache {

/// BLAKE2s as RFC 7693 describes it, with a secret key and a 16-byte digest.
///
/// Bytes go in with `update`, in any pieces; `finish` ends it. A keyed object that has seen no bytes can be copied to
/// start from the key again. Reads and writes little-endian words whatever the machine.
class blake2s {
public:
  using digest = std::array<std::uint8_t, 16>;

  /// Throws `std::invalid_argument` for a key of more than 32 bytes.
  explicit blake2s(std::span<const std::uint8_t> key);

  void update(std::span<const std::uint8_t> bytes);

  /// The digest of all bytes since the key. The object is spent then.
  digest finish();

private:
  void compress(bool last);

  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_{};
  /// Bytes waiting in the buffer. A full buffer waits until it is known whether it is the last.
  std::size_t buffered_ = 0;
  std::uint64_t total_ = 0;
};

} // namespace troupe::cache
