// Names a model by its contents, quickly.
#pragma once

#include "engine/files/model_file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace troupe::engine {

/// Gathers a 128-bit digest of a model. Covers, per file in the order given: the size, the header byte for byte, and
/// 256 windows of 4 KiB spread evenly over the rest. So it tells apart checkpoints that differ in any metadata, shape
/// or, as training changes all weights alike, in training; it is no proof against a forged file.
/// Hash: MurmurHash3_x64_128 of Austin Appleby (public domain), each part seeded with the digest so far.
class digest {
public:
  /// Of a header with more than 64 MiB, the rest counts as what is behind it. Throws `load_error` when the file cannot
  /// be read.
  void add_file(const model_file& file, std::size_t header_bytes);
  /// Every byte of a file. Throws `load_error` when it cannot be read.
  void add_whole(const model_file& file);
  void add(std::span<const std::byte> bytes);

  /// 32 hexadecimal digits.
  std::string hex() const;

private:
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

} // namespace troupe::engine
