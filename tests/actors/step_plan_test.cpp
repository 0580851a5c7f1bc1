#include <catch2/catch.hpp>

#include "actors/step_plan.hpp"
#include "cache/prefix_index.hpp"
#include "tests/support/sequence_probes.hpp"

using namespace troupe;

namespace {

/// So many blocks that nobody else holds.
cache::sequence_blocks blocks_of(std::size_t count) {
  static cache::prefix_index kv{{10'000, 4, false}, test::test_hasher()};
  auto out = kv.begin({}, {}, 0);
  REQUIRE(kv.grow(out, count));
  return out;
}

/// A sequence with so many tokens, of which some are in the cache, in blocks of 4.
resident sequence(run_id run, std::uint32_t prompt, std::uint32_t length, std::uint32_t position) {
  resident x;
  x.work.key.run = run;
  x.work.prompt_tokens = prompt;
  for (std::uint32_t i = 0; i < length; ++i)
    x.work.tokens.push_back(static_cast<token_id>(100 * run + i));
  x.position = position;
  x.epoch = run;
  x.rank = run;
  x.blocks = blocks_of((position + 3) / 4);
  return x;
}

resident decoding(run_id run, std::uint32_t length) {
  return sequence(run, 1, length, length - 1);
}

resident prefilling(run_id run, std::uint32_t length, std::uint32_t position = 0) {
  return sequence(run, length, length, position);
}

/// (resident, tokens) of each row.
std::vector<std::pair<std::size_t, std::uint32_t>> shape(const step_plan& plan) {
  std::vector<std::pair<std::size_t, std::uint32_t>> rows;
  for (const auto& row : plan.rows)
    rows.emplace_back(row.resident, row.tokens);
  return rows;
}

using rows = std::vector<std::pair<std::size_t, std::uint32_t>>;

} // namespace

TEST_CASE("decodes come first, and prefill takes what they leave of the step's tokens") {
  const std::vector<resident> residents{prefilling(1, 100), decoding(2, 5), prefilling(3, 6), decoding(4, 9)};
  CHECK(shape(plan_step(residents, {16, 4, 100})) == rows{{1, 1}, {3, 1}, {0, 14}});
  CHECK(shape(plan_step(residents, {200, 4, 100})) == rows{{1, 1}, {3, 1}, {0, 100}, {2, 6}});
}

TEST_CASE("a long prompt goes through in chunks of the step's tokens, and draws with its last one only") {
  auto x = prefilling(1, 10);
  std::vector<std::uint32_t> chunks;
  while (x.remaining() > 0) {
    const auto plan = plan_step({x}, {4, 4, 100});
    REQUIRE(plan.rows.size() == 1);
    const auto row = make_row(x, plan.rows[0].tokens);
    chunks.push_back(plan.rows[0].tokens);
    CHECK(row.position == x.position);
    CHECK(row.tokens.front() == x.work.tokens[x.position]);
    x.position += plan.rows[0].tokens;
    CHECK(row.sample == (x.remaining() == 0));
  }
  CHECK(chunks == std::vector<std::uint32_t>{4, 4, 2});
}

TEST_CASE("earlier admitted prompts are fed first") {
  const std::vector<resident> residents{prefilling(7, 10, 8), prefilling(3, 10), prefilling(5, 10)};
  CHECK(shape(plan_step(residents, {8, 4, 100})) == rows{{0, 2}, {1, 6}});
}

TEST_CASE("a row asks for the blocks that its new tokens need") {
  const std::vector<resident> residents{decoding(1, 5), decoding(2, 6), prefilling(3, 9)};
  const auto plan = plan_step(residents, {11, 4, 100});
  REQUIRE(plan.rows.size() == 3);
  CHECK(plan.rows[0].new_blocks == 1);
  CHECK(plan.rows[1].new_blocks == 0);
  CHECK(plan.rows[2].new_blocks == 3);
}

TEST_CASE("when blocks run out the highest ranks give way until the rest fits") {
  // Each decode needs a new block.
  std::vector<resident> residents{decoding(1, 5), decoding(3, 5), decoding(2, 5)};
  const auto plan = plan_step(residents, {16, 4, 1});
  CHECK(plan.evicted == std::vector<std::size_t>{1});
  CHECK(shape(plan) == rows{{0, 1}, {2, 1}});

  SECTION("rank decides, not the order of admission") {
    residents[0].rank = 9;
    CHECK(plan_step(residents, {16, 4, 1}).evicted == std::vector<std::size_t>{0});
  }
  SECTION("of equal ranks the younger placement gives way") {
    for (auto& x : residents)
      x.rank = 1;
    CHECK(plan_step(residents, {16, 4, 1}).evicted == std::vector<std::size_t>{1});
  }
  SECTION("and several where one is not enough") {
    residents[0] = prefilling(1, 13, 0);
    const auto larger = plan_step(residents, {16, 4, 2});
    CHECK(larger.evicted == std::vector<std::size_t>{1, 2});
    CHECK(shape(larger) == rows{{0, 13}});
  }
  SECTION("nobody gives way while there are blocks") {
    CHECK(plan_step(residents, {16, 4, 3}).evicted.empty());
  }
}

TEST_CASE("the last resident never gives way to itself") {
  const auto plan = plan_step({prefilling(1, 40)}, {100, 4, 9});
  CHECK(plan.evicted.empty());
  CHECK(plan.rows.empty());
  CHECK(plan.too_large == 0U);
}

TEST_CASE("an empty worker has an empty step") {
  const auto plan = plan_step({}, {100, 4, 9});
  CHECK(plan.rows.empty());
  CHECK_FALSE(plan.too_large);
}

TEST_CASE("a draw is numbered by the tokens generated so far, also after a resumption") {
  auto x = sequence(1, 4, 9, 0);
  x.work.key.choice = 2;
  x.work.sampling.seed = 77;
  const auto row = make_row(x, 9);
  CHECK(row.sample_index == 5);
  CHECK(row.choice == 2);
  CHECK(row.sampling.seed == 77);
  CHECK(row.sample);
  CHECK_FALSE(make_row(x, 8).sample);
}

TEST_CASE("an answer ends with an end token, its bound or the context") {
  auto x = sequence(1, 4, 6, 5);
  const auto last = x.work.tokens.back();
  x.work.max_tokens = 10;
  CHECK(finish_of(x, {last + 1}, 100) == finish_reason::none);
  CHECK(finish_of(x, {last + 1, last}, 100) == finish_reason::stop);
  CHECK(finish_of(x, {last}, 6) == finish_reason::stop);
  CHECK(finish_of(x, {}, 6) == finish_reason::length);
  CHECK(finish_of(x, {}, 7) == finish_reason::none);
  x.work.max_tokens = 2;
  CHECK(finish_of(x, {}, 100) == finish_reason::length);
  x.work.ignore_eos = true;
  CHECK(finish_of(x, {last}, 100) == finish_reason::length);
  x.work.max_tokens = 0;
  CHECK(finish_of(x, {last}, 100) == finish_reason::none);
}

TEST_CASE("blocks that residents will take for the tokens they have are not free for others") {
  const std::vector<resident> residents{prefilling(1, 16, 4), decoding(2, 5)};
  CHECK(unclaimed_blocks(residents, 4, 10) == 10 - 3 - 1);
  CHECK(unclaimed_blocks(residents, 4, 2) == 0);
}
