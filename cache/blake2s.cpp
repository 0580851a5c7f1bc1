#include "cache/blake2s.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

namespace troupe::cache {

namespace {

// RFC 7693, section 2.6: the fraction bits of the square roots of the first eight primes.
constexpr std::array<std::uint32_t, 8> initial_words{
  0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// RFC 7693, section 2.7: in which order each of the ten rounds takes the message's words.
constexpr std::uint8_t message_order[10][16] = {
  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
  {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
  {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
  {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
  {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
  {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
  {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
  {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
  {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
  {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

// RFC 7693, section 3.1: mixes two words of the message into a column or a diagonal.
void mix(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d, std::uint32_t x, std::uint32_t y) {
  a += b + x;
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 12);
  a += b + y;
  d = std::rotr(d ^ a, 8);
  c += d;
  b = std::rotr(b ^ c, 7);
}

std::uint32_t load_word(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
    std::uint32_t{bytes[3]} << 24;
}

} // namespace

blake2s::blake2s(std::span<const std::uint8_t> key) : state_{initial_words} {
  if (key.size() > 32)
    throw std::invalid_argument("blake2s: the key must have at most 32 bytes, got " + std::to_string(key.size()));
  // The parameter block: digest length, key length, fan-out and depth of 1.
  state_[0] ^= 0x01010000U ^ static_cast<std::uint32_t>(key.size()) << 8 ^ std::tuple_size_v<digest>;
  if (key.empty())
    return;
  std::copy(key.begin(), key.end(), buffer_.begin());
  buffered_ = buffer_.size();
}

void blake2s::update(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (buffered_ == buffer_.size())
      compress(false);
    const auto taken = std::min(bytes.size(), buffer_.size() - buffered_);
    std::copy_n(bytes.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
    buffered_ += taken;
    bytes = bytes.subspan(taken);
  }
}

blake2s::digest blake2s::finish() {
  std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_), buffer_.end(), std::uint8_t{0});
  compress(true);
  digest out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(state_[i / 4] >> (8 * (i % 4)));
  return out;
}

void blake2s::compress(bool last) {
  total_ += buffered_;
  buffered_ = 0;
  std::array<std::uint32_t, 16> m;
  for (std::size_t i = 0; i < m.size(); ++i)
    m[i] = load_word(&buffer_[4 * i]);
  std::array<std::uint32_t, 16> v;
  std::copy(state_.begin(), state_.end(), v.begin());
  std::copy(initial_words.begin(), initial_words.end(), v.begin() + 8);
  v[12] ^= static_cast<std::uint32_t>(total_);
  v[13] ^= static_cast<std::uint32_t>(total_ >> 32);
  if (last)
    v[14] = ~v[14];
  for (const auto& s : message_order) {
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (std::size_t i = 0; i < state_.size(); ++i)
    state_[i] ^= v[i] ^ v[i + 8];
}

} // namespace troupe::cache
