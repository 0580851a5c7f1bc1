#include "engine/files/gguf.hpp"

#include "engine/engine.hpp"
#include "tests/engine/file_builders.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

std::string complaint(const std::string& contents) {
  return complaint_about<gguf_file>("model.gguf", contents);
}

std::string array(std::uint32_t type, std::uint64_t count) {
  return bytes_of(type) + bytes_of(count);
}

} // namespace

TEST_CASE("a sound GGUF file is read") {
  const scratch_folder folder;
  const gguf_file file(folder.write("model.gguf", tiny_gguf().strs("words", {"a", "", "bc"}).build()));
  CHECK(file.text("general.architecture") == "llama");
  CHECK(file.count("llama.block_count") == 1);
  CHECK(file.texts("words") == std::vector<std::string>{"a", "", "bc"});
  CHECK(file.tensors().size() == 11);
  CHECK(file.tensors().front().shape == std::vector<std::size_t>{8, 4});
  CHECK_THROWS_WITH(file.text("llama.block_count"), Contains("llama.block_count") && Contains("must be a string"));
  CHECK_THROWS_WITH(file.count("nothing"), Contains("nothing") && Contains("is missing"));
}

TEST_CASE("a GGUF file that ends early is refused wherever it ends") {
  const auto whole = tiny_gguf().strs("words", {"a", "b"}).build();
  for (std::size_t size = 1; size < whole.size(); size += size < 1200 ? 3 : 37) {
    INFO("cut to " << size << " of " << whole.size() << " bytes");
    // Only padding lies behind the last tensor's bytes.
    if (whole.size() - size < 32)
      continue;
    CHECK_FALSE(complaint(whole.substr(0, size)).empty());
  }
}

TEST_CASE("a GGUF header that lies is refused, by name") {
  auto file = tiny_gguf();
  SECTION("another format") {
    file.magic = 0x12345678;
    CHECK_THAT(complaint(file.build()), Contains("does not begin with GGUF"));
  }
  SECTION("another version") {
    file.version = 1;
    CHECK_THAT(complaint(file.build()), Contains("version must be 2 or 3, got 1"));
    file.version = 0x03000000;
    CHECK_THAT(complaint(file.build()), Contains("big-endian"));
    file.version = 2;
    CHECK(complaint(file.build()).empty());
  }
  SECTION("absurd numbers of tensors and of metadata") {
    file.extra_tensors = std::uint64_t{1} << 60U;
    CHECK_THAT(complaint(file.build()), Contains("tensor count must be"));
    file.extra_tensors = 0;
    file.extra_pairs = ~std::uint64_t{0} - 100;
    CHECK_THAT(complaint(file.build()), Contains("metadata count must be"));
  }
  SECTION("a string longer than the file") {
    file.raw("huge", 8, bytes_of(~std::uint64_t{0}));
    CHECK_THAT(complaint(file.build()), Contains("'huge'") && Contains("ends early"));
  }
  SECTION("arrays longer than the file") {
    file.raw("huge", 9, array(0, std::uint64_t{1} << 62U));
    CHECK_THAT(complaint(file.build()), Contains("'huge'") && Contains("does not fit"));
  }
  SECTION("a header that would not end before the memory does") {
    file.raw("blob", 8, gguf_builder::text(std::string(std::size_t{65} << 20U, 'x')));
    CHECK_THAT(complaint(file.build()), Contains("'blob'") && Contains("must have at most 67108864 bytes"));
  }
  SECTION("arrays of arrays") {
    file.raw("nested", 9, array(9, 1) + array(0, 0));
    CHECK_THAT(complaint(file.build()), Contains("'nested'"));
  }
  SECTION("an unknown value type") {
    file.raw("odd", 77, "");
    CHECK_THAT(complaint(file.build()), Contains("'odd'") && Contains("got 77"));
  }
  SECTION("a key twice") {
    file.u32("llama.block_count", 2);
    CHECK_THAT(complaint(file.build()), Contains("'llama.block_count'") && Contains("twice"));
  }
  SECTION("a tensor twice") {
    file.tensor("output_norm.weight", {4});
    CHECK_THAT(complaint(file.build()), Contains("'output_norm.weight'") && Contains("twice"));
  }
  SECTION("an alignment that is no power of two") {
    file.u32("general.alignment", 48);
    CHECK_THAT(complaint(file.build()), Contains("general.alignment") && Contains("got 48"));
  }
}

TEST_CASE("a GGUF tensor that cannot be is refused, by name") {
  auto file = tiny_gguf();
  const auto refused = [&](const std::vector<std::uint64_t>& dimensions, std::uint32_t type, std::uint64_t offset) {
    return complaint(file.tensor_at("bad", dimensions, type, offset).build());
  };
  SECTION("outside of the file") {
    CHECK_THAT(refused({4}, 0, std::uint64_t{1} << 40U), Contains("'bad'") && Contains("outside"));
  }
  SECTION("an offset that overflows") {
    CHECK_THAT(refused({4}, 0, ~std::uint64_t{31}), Contains("'bad'") && Contains("outside"));
  }
  SECTION("an offset that is not aligned") {
    CHECK_THAT(refused({4}, 0, 4), Contains("'bad'") && Contains("not aligned"));
  }
  SECTION("bytes of another tensor") {
    CHECK_THAT(refused({4}, 0, 0), Contains("'bad'") && Contains("'token_embd.weight'") && Contains("share"));
  }
  SECTION("a size beyond 63 bits") {
    CHECK_THAT(refused({1ULL << 32U, 1ULL << 32U}, 0, 0), Contains("'bad'") && Contains("impossible"));
  }
  SECTION("a dimension of 0") {
    CHECK_THAT(refused({4, 0}, 0, 0), Contains("'bad'") && Contains("impossible"));
  }
  SECTION("a row that is no whole number of blocks") {
    CHECK_THAT(refused({33, 2}, 8, 0), Contains("'bad'") && Contains("impossible for Q8_0"));
  }
  SECTION("no dimension, and five") {
    CHECK_THAT(refused({}, 0, 0), Contains("'bad'") && Contains("dimensions"));
    CHECK_THAT(complaint(tiny_gguf().tensor_at("bad", {1, 1, 1, 1, 1}, 0, 0).build()), Contains("dimensions"));
  }
  SECTION("a type that is not read") {
    CHECK_THAT(refused({256}, 39, 0), Contains("'bad'") && Contains("type 39"));
  }
}

TEST_CASE("stored numbers are widened as their formats say") {
  float to[32];
  SECTION("F16, with a subnormal and an infinity") {
    const std::uint16_t from[] = {0x3C00, 0xC000, 0x0001, 0x7C00};
    widen(stored_type::f16, reinterpret_cast<const std::byte*>(from), 4, to);
    CHECK(to[0] == 1.0F);
    CHECK(to[1] == -2.0F);
    CHECK(to[2] == 0x1p-24F);
    CHECK(to[3] == std::numeric_limits<float>::infinity());
  }
  SECTION("BF16") {
    const std::uint16_t from[] = {0x3F80, 0xC040};
    widen(stored_type::bf16, reinterpret_cast<const std::byte*>(from), 2, to);
    CHECK(to[0] == 1.0F);
    CHECK(to[1] == -3.0F);
  }
  SECTION("Q8_0: scale times byte") {
    std::string block = bytes_of<std::uint16_t>(0x3800);
    for (int i = 0; i < 32; ++i)
      block += static_cast<char>(i - 16);
    widen(stored_type::q8_0, reinterpret_cast<const std::byte*>(block.data()), 32, to);
    CHECK(to[0] == -8.0F);
    CHECK(to[31] == 7.5F);
  }
  SECTION("Q4_1: scale times half byte plus minimum, low halves first") {
    std::string block = bytes_of<std::uint16_t>(0x3800) + bytes_of<std::uint16_t>(0xC000);
    for (int i = 0; i < 16; ++i)
      block += static_cast<char>(i | ((15 - i) << 4));
    widen(stored_type::q4_1, reinterpret_cast<const std::byte*>(block.data()), 32, to);
    CHECK(to[0] == -2.0F);
    CHECK(to[15] == 5.5F);
    CHECK(to[16] == 5.5F);
    CHECK(to[31] == -2.0F);
  }
}

TEST_CASE("an error is one line, whatever a file's names hold") {
  CHECK(one_line("a\nb\x01\x7f\xC3\xA4") == "a\\nb\\x01\\x7f\xC3\xA4");
  CHECK(std::string{load_error{"tensor 'a\nb'"}.what()} == "tensor 'a\\nb'");
}
