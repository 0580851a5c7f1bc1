#include "engine/files/blocks.hpp"

#include "tests/engine/support.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <fstream>
#include <sstream>

using namespace troupe::engine;
using namespace troupe::engine::testing;

namespace {

/// A type's random blocks, and what the `gguf` package makes of them: a line of blocks.txt.
struct known_blocks {
  std::vector<std::byte> bytes;
  std::vector<std::uint32_t> bits;
};

template <class T>
std::vector<T> from_hex(const std::string& text) {
  std::vector<T> out;
  for (std::size_t i = 0; i + 2 * sizeof(T) <= text.size(); i += 2 * sizeof(T))
    out.push_back(static_cast<T>(std::stoul(text.substr(i, 2 * sizeof(T)), nullptr, 16)));
  return out;
}

std::map<std::string, known_blocks> read_blocks() {
  std::map<std::string, known_blocks> out;
  std::ifstream in(goldens / "blocks.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#'))
      continue;
    std::istringstream words(line);
    std::string name, bytes, bits;
    words >> name >> bytes >> bits;
    out[name] = {from_hex<std::byte>(bytes), from_hex<std::uint32_t>(bits)};
  }
  return out;
}

} // namespace

TEST_CASE("blocks of every type are widened to the numbers that ggml has, bit for bit") {
  const auto known = read_blocks();
  CHECK(known.size() == 12);
  for (std::uint32_t number = 0; number < 64; ++number) {
    const auto type = stored_type_of(number);
    if (!type || block_of(*type).numbers == 1)
      continue;
    INFO(to_string(*type));
    REQUIRE(known.contains(to_string(*type)));
    const auto& [bytes, bits] = known.at(to_string(*type));
    const auto block = block_of(*type);
    REQUIRE(bytes.size() % block.bytes == 0);
    REQUIRE(bits.size() == bytes.size() / block.bytes * block.numbers);
    std::vector<float> wide(bits.size());
    widen(*type, bytes.data(), wide.size(), wide.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < wide.size(); ++i)
      wrong += std::bit_cast<std::uint32_t>(wide[i]) != bits[i] ? 1 : 0;
    CHECK(wrong == 0);
  }
}

TEST_CASE("halves and truncated floats are widened exactly") {
  const std::uint16_t halves[] = {0x3C00, 0x0001, 0xFBFF};
  float wide[3];
  widen(stored_type::f16, reinterpret_cast<const std::byte*>(halves), 3, wide);
  CHECK(wide[0] == 1.0F);
  CHECK(wide[1] == 0x1p-24F);
  CHECK(wide[2] == -65504.0F);
  const std::uint16_t truncated[] = {0x3F80, 0xC040};
  widen(stored_type::bf16, reinterpret_cast<const std::byte*>(truncated), 2, wide);
  CHECK(wide[0] == 1.0F);
  CHECK(wide[1] == -3.0F);
}

TEST_CASE("a type that is not read is refused with those that are") {
  CHECK_FALSE(stored_type_of(39));
  CHECK(gguf_type_names().starts_with("F32 (0), F16 (1), BF16 (30), Q4_0 (2)"));
}
