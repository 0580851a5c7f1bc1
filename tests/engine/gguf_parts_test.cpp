#include "engine/files/gguf_parts.hpp"

#include "engine/checkpoint.hpp"
#include "tests/engine/file_builders.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

gguf_builder part(std::uint32_t index, std::uint32_t count) {
  gguf_builder file;
  if (index == 0)
    file.str("general.architecture", "llama").u32("llama.embedding_length", 4).u32("llama.block_count", 1);
  file.raw("split.no", 2, bytes_of(static_cast<std::uint16_t>(index)));
  return file.raw("split.count", 2, bytes_of(static_cast<std::uint16_t>(count)));
}

/// tiny_gguf in two files, as `gguf-split` leaves it.
struct split_model {
  scratch_folder folder;
  gguf_builder first = part(0, 2);
  gguf_builder second = part(1, 2);

  split_model() {
    first.u32("llama.attention.head_count", 1).u32("llama.feed_forward_length", 6).u32("llama.context_length", 16);
    first.f32("llama.attention.layer_norm_rms_epsilon", 1e-5F)
      .raw("split.tensors.count", 5, bytes_of<std::int32_t>(11));
    first.str("tokenizer.ggml.model", "gpt2").strs("tokenizer.ggml.tokens", {"a", "b", "c", "d", "e", "f", "g", "h"});
    first.tensor("token_embd.weight", {4, 8}).tensor("output_norm.weight", {4});
    first.tensor("blk.0.attn_norm.weight", {4}).tensor("blk.0.ffn_norm.weight", {4});
    for (const auto* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
      second.tensor(std::string("blk.0.") + name + ".weight", {4, 4});
    second.tensor("blk.0.ffn_gate.weight", {4, 6}).tensor("blk.0.ffn_up.weight", {4, 6});
    second.tensor("blk.0.ffn_down.weight", {6, 4});
  }

  std::filesystem::path write() const {
    folder.write("m-00002-of-00002.gguf", second.build());
    return folder.write("m-00001-of-00002.gguf", first.build());
  }
};

std::string complaint(const std::filesystem::path& path) {
  try {
    open_checkpoint(path);
  } catch (const load_error& error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("a model in several GGUF files is opened by any of them") {
  const split_model model;
  const auto first = model.write();
  const auto opened = open_checkpoint(first);
  CHECK(opened.weights.size() == 11);
  CHECK(opened.files.size() == 2);
  const auto other = model.folder.path() / "m-00002-of-00002.gguf";
  CHECK(open_checkpoint(other).digest == opened.digest);
  CHECK(read_text_assets(other).tokens.size() == 8);
}

TEST_CASE("a part that is missing, or another's, is named") {
  split_model model;
  const auto first = model.write();
  SECTION("missing") {
    std::filesystem::remove(model.folder.path() / "m-00002-of-00002.gguf");
    CHECK_THAT(complaint(first), Contains("m-00002-of-00002.gguf"));
  }
  SECTION("in the wrong place") {
    model.folder.write("m-00002-of-00002.gguf", model.first.build());
    CHECK_THAT(complaint(first), Contains("m-00002-of-00002.gguf") && Contains("'split.no' must be 1, got 0"));
  }
  SECTION("of another number of files") {
    auto odd = part(1, 3);
    model.folder.write("m-00002-of-00002.gguf", odd.tensor("x", {4}).build());
    CHECK_THAT(complaint(first), Contains("m-00002-of-00002.gguf") && Contains("'split.count' must be 2, got 3"));
  }
  SECTION("with a tensor less than there should be") {
    auto fewer = part(1, 2);
    model.folder.write("m-00002-of-00002.gguf", fewer.tensor("x", {4}).build());
    CHECK_THAT(complaint(first), Contains("'split.tensors.count' must be 5") && Contains("got 11"));
  }
  SECTION("under a name that does not say which") {
    CHECK_THAT(complaint(model.folder.write("m.gguf", model.first.build())),
      Contains("in 2 files") && Contains("NAME-00001-of-00002.gguf"));
  }
}
