#include <catch2/catch.hpp>

#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cache/blake2s.hpp"

using troupe::cache::blake2s;

namespace {

std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

std::vector<std::uint8_t> counting(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

std::string hex(const blake2s::digest& digest) {
  std::string text;
  for (const auto byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string hash(const std::vector<std::uint8_t>& key, const std::vector<std::uint8_t>& message) {
  blake2s hasher{key};
  hasher.update(message);
  return hex(hasher.finish());
}

} // namespace

// The expected digests are those of Python's hashlib.blake2s(message, key=key, digest_size=16).
TEST_CASE("keyed digests are those of another implementation, at every edge of a block") {
  const std::vector<std::pair<std::size_t, std::string>> known{
    {0, "9536f9b267655743dee97b8a670f9f53"},
    {1, "13bacfb85b48a1223c595f8c1e7e82cb"},
    {63, "ece382a8bd5018f1de5da44b72cea75b"},
    {64, "f1efa90d2547036841ecd3627fafbc36"},
    {65, "811ff8686d23a435ecbd0bdafcd27b1b"},
    {127, "25887fab1422700d7fa3edc0b20206e2"},
    {128, "8c09f698d03eaf88abf69f8147865ef6"},
    {129, "5c363ae42a5bec26fbc5e996428d9bd7"},
    {255, "463efacd48ca749d4df4bc9c5938804d"},
  };
  for (const auto& [length, digest] : known)
    CHECK(hash(counting(32), counting(length)) == digest);
}

TEST_CASE("digests without a key and with a short one are those of another implementation") {
  CHECK(hash({}, bytes_of("abc")) == "aa4938119b1dc7b87cbad0ffd200d0ae");
  CHECK(hash(bytes_of("key"), bytes_of("abc")) == "94fdf6f35b9999920dcdcaee361ad435");
}

TEST_CASE("a message may come in any pieces") {
  const auto message = counting(300);
  const auto whole = hash(counting(32), message);
  for (std::size_t piece = 1; piece <= 130; ++piece) {
    blake2s hasher{counting(32)};
    for (std::size_t at = 0; at < message.size(); at += piece)
      hasher.update(std::span{message}.subspan(at, std::min(piece, message.size() - at)));
    CHECK(hex(hasher.finish()) == whole);
  }
}

TEST_CASE("a key of more than 32 bytes is refused") {
  CHECK_THROWS_AS(blake2s{counting(33)}, std::invalid_argument);
}
