#include "engine/digest.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace troupe::engine {

namespace {

/// Bytes of a file that are held in memory.
constexpr std::size_t most_at_once = std::size_t{64} << 20;
constexpr std::uint64_t c1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t c2 = 0x4cf5ad432745937fULL;

std::uint64_t mix_low(std::uint64_t k) {
  return std::rotl(k * c1, 31) * c2;
}

std::uint64_t mix_high(std::uint64_t k) {
  return std::rotl(k * c2, 33) * c1;
}

std::uint64_t finish(std::uint64_t k) {
  k = (k ^ (k >> 33U)) * 0xff51afd7ed558ccdULL;
  k = (k ^ (k >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33U);
}

} // namespace

void digest::add(std::span<const std::byte> bytes) {
  std::uint64_t h1 = low_;
  std::uint64_t h2 = high_;
  std::size_t at = 0;
  for (; at + 16 <= bytes.size(); at += 16) {
    std::uint64_t k[2];
    std::memcpy(k, bytes.data() + at, 16);
    h1 = (std::rotl(h1 ^ mix_low(k[0]), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mix_high(k[1]), 31) + h1) * 5 + 0x38495ab5;
  }
  std::uint64_t tail[2] = {0, 0};
  if (at < bytes.size())
    std::memcpy(tail, bytes.data() + at, bytes.size() - at);
  h2 ^= mix_high(tail[1]);
  h1 ^= mix_low(tail[0]);
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  low_ = h1 + h2;
  high_ = h2 + low_;
}

void digest::add_file(const model_file& file, std::size_t header_bytes) {
  constexpr std::size_t windows = 256;
  constexpr std::size_t window = 4096;
  const std::uint64_t size = file.size();
  add(std::as_bytes(std::span(&size, 1)));
  header_bytes = std::min({header_bytes, file.size(), most_at_once});
  add(file.bytes(0, header_bytes));
  const auto rest = file.size() - header_bytes;
  if (rest <= windows * window) {
    add(file.bytes(header_bytes, rest));
    return;
  }
  for (std::size_t i = 0; i < windows; ++i)
    add(file.bytes(header_bytes + (rest - window) / (windows - 1) * i, window));
}

void digest::add_whole(const model_file& file) {
  for (std::size_t at = 0; at < file.size(); at += most_at_once)
    add(file.bytes(at, std::min(most_at_once, file.size() - at)));
}

std::string digest::hex() const {
  char text[33];
  std::snprintf(
    text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high_), static_cast<unsigned long long>(low_));
  return text;
}

} // namespace troupe::engine
