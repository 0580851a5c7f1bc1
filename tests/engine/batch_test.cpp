#include "engine/batch_layout.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace troupe::engine;
using Catch::Matchers::Contains;

namespace {

constexpr batch_limits limits{100, 64, 16, 20, 4, 32, 3};

batch sound() {
  batch step;
  step.rows.resize(2);
  step.rows[0].tokens = {1, 2, 3};
  step.rows[0].blocks = {0};
  step.rows[1].slot = 1;
  step.rows[1].tokens = {4};
  step.rows[1].position = 20;
  step.rows[1].blocks = {5, 3};
  return step;
}

std::string complaint(const batch& step) {
  try {
    validate(step, limits, std::vector<std::optional<token_id>>(limits.max_sequences));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST_CASE("a batch that breaks the contract is refused with row, field, limit and value") {
  auto step = sound();
  CHECK(complaint(step).empty());
  auto& row = step.rows[1];
  SECTION("no rows, and too many") {
    CHECK_THAT(complaint({}), Contains("rows must be between 1 and 4, got 0"));
    step.rows.resize(5);
    CHECK_THAT(complaint(step), Contains("rows must be between 1 and 4, got 5"));
  }
  SECTION("slot") {
    row.slot = 4;
    CHECK_THAT(complaint(step), Contains("row 1: slot must be below 4, got 4"));
    row.slot = 0;
    CHECK_THAT(complaint(step), Contains("row 1: slot 0 is row 0's as well"));
  }
  SECTION("tokens") {
    row.tokens = {100};
    CHECK_THAT(complaint(step), Contains("row 1: tokens must be between 0 and 99, got 100"));
    row.tokens = {-1};
    CHECK_THAT(complaint(step), Contains("got -1"));
    row.tokens = {};
    CHECK_THAT(complaint(step), Contains("row 1: tokens must hold at least one token"));
  }
  SECTION("last sample") {
    row.from_last_sample = true;
    CHECK_THAT(complaint(step), Contains("row 1: tokens must be empty when from_last_sample, got 1"));
    row.tokens = {};
    CHECK_THAT(complaint(step), Contains("row 1: from_last_sample: slot 1 has no sample"));
  }
  SECTION("position") {
    row.position = 64;
    CHECK_THAT(complaint(step), Contains("row 1: position and tokens must end at 64 or before, got 65"));
    row.position = std::numeric_limits<std::uint32_t>::max();
    CHECK_THAT(complaint(step), Contains("got 4294967296"));
  }
  SECTION("blocks") {
    row.blocks = {5};
    CHECK_THAT(complaint(step), Contains("row 1: blocks must cover 21 positions"));
    row.blocks = {5, 20};
    CHECK_THAT(complaint(step), Contains("row 1: blocks: id must be below 20, got 20"));
  }
  SECTION("a block that two rows write, and one that is read while it is written") {
    row.blocks = {5, 0};
    CHECK_THAT(complaint(step), Contains("row 1: blocks: 0 is written by row 0 as well"));
    row.blocks = {0, 5};
    CHECK_THAT(complaint(step), Contains("row 1: blocks: 0 holds earlier tokens and is written by row 0"));
  }
  SECTION("sampling") {
    row.sampling.temperature = -1;
    CHECK_THAT(complaint(step), Contains("row 1: temperature"));
    row.sampling.temperature = std::numeric_limits<float>::quiet_NaN();
    CHECK_THAT(complaint(step), Contains("row 1: temperature"));
    row.sampling = {};
    row.sampling.top_k = -5;
    CHECK_THAT(complaint(step), Contains("row 1: top_k must be 0 or more, got -5"));
    row.sampling = {};
    row.sampling.top_p = 1.5F;
    CHECK_THAT(complaint(step), Contains("row 1: top_p must be between 0 and 1"));
    row.sampling = {};
    row.sampling.min_p = -0.5F;
    CHECK_THAT(complaint(step), Contains("row 1: min_p must be between 0 and 1"));
  }
  SECTION("scored") {
    row.scored = {1};
    CHECK(complaint(step).empty());
    row.scored_from = 1;
    CHECK_THAT(complaint(step), Contains("row 1: scored_from must be at most 0, got 1"));
  }
  SECTION("pooled") {
    const std::vector<double> sum(2);
    row.pooled = sum;
    CHECK_THAT(complaint(step), Contains("row 1: pooled must be empty without a pool, got 2"));
    row.pool = pooling::mean;
    CHECK_THAT(complaint(step), Contains("row 1: pooled must have 3 numbers, got 2"));
  }
  SECTION("tokens of all rows") {
    step.rows[0].tokens.assign(32, 1);
    step.rows[0].blocks = {0, 1};
    CHECK_THAT(complaint(step), Contains("tokens of all rows must be at most 32, got 33"));
  }
}

TEST_CASE("rows that share a finished block are accepted") {
  auto step = sound();
  step.rows[0].position = 16;
  step.rows[0].blocks = {5, 7};
  CHECK(complaint(step).empty());
}
