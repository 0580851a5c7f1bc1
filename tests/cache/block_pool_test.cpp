#include <catch2/catch.hpp>

#include <set>
#include <stdexcept>

#include "cache/block_pool.hpp"

using troupe::cache::block_id;
using troupe::cache::block_pool;

TEST_CASE("a fresh pool hands out its lowest blocks first") {
  block_pool pool{4};
  CHECK(pool.size() == 4);
  CHECK(pool.available() == 4);
  CHECK(*pool.take(2) == std::vector<block_id>{0, 1});
  CHECK(*pool.take(2) == std::vector<block_id>{2, 3});
  CHECK(pool.available() == 0);
}

TEST_CASE("a pool that has too few blocks gives none and keeps what it has") {
  block_pool pool{3};
  CHECK_FALSE(pool.take(4));
  CHECK(pool.available() == 3);
  CHECK(pool.take(3));
  CHECK_FALSE(pool.take(1));
  CHECK(pool.take(0)->empty());
}

TEST_CASE("a released block is given out again") {
  block_pool pool{2};
  const auto blocks = *pool.take(2);
  pool.release({blocks[0]});
  CHECK(*pool.take(1) == std::vector<block_id>{blocks[0]});
}

TEST_CASE("a shared block is free when its last holder has let go") {
  block_pool pool{1};
  const auto blocks = *pool.take(1);
  pool.share(blocks[0]);
  pool.release(blocks);
  CHECK(pool.available() == 0);
  pool.release(blocks);
  CHECK(pool.available() == 1);
}

TEST_CASE("a block that nobody holds can be neither shared nor released") {
  block_pool pool{2};
  CHECK_THROWS_AS(pool.share(0), std::logic_error);
  CHECK_THROWS_AS(pool.release({1}), std::logic_error);
  CHECK_THROWS_AS(pool.share(2), std::logic_error);
  CHECK_THROWS_AS(pool.release({7}), std::logic_error);
}

TEST_CASE("no block has two owners however blocks come and go") {
  block_pool pool{16};
  std::vector<std::vector<block_id>> held;
  for (std::size_t round = 0; round < 200; ++round) {
    if (auto taken = pool.take(1 + round % 5))
      held.push_back(std::move(*taken));
    if (held.size() > 3) {
      pool.release(held[round % held.size()]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(round % held.size()));
    }
    std::set<block_id> distinct;
    std::size_t count = 0;
    for (const auto& blocks : held) {
      distinct.insert(blocks.begin(), blocks.end());
      count += blocks.size();
    }
    REQUIRE(distinct.size() == count);
    REQUIRE(pool.available() == 16 - count);
  }
}

TEST_CASE("a kept block that nobody holds is idle until it is shared or dropped") {
  block_pool pool{3};
  const auto blocks = *pool.take(3);
  pool.keep(blocks[0]);
  pool.keep(blocks[1]);
  pool.release(blocks);
  CHECK(pool.available() == 1);
  CHECK(pool.idle() == 2);
  CHECK(pool.holders(blocks[0]) == 0);

  pool.share(blocks[0]);
  CHECK(pool.idle() == 1);
  CHECK(pool.holders(blocks[0]) == 1);
  pool.drop(blocks[1]);
  CHECK(pool.idle() == 0);
  CHECK(pool.available() == 2);
  CHECK_FALSE(pool.oldest_idle());

  pool.drop(blocks[0]);
  CHECK(pool.available() == 2);
  pool.release({blocks[0]});
  CHECK(pool.available() == 3);
  CHECK(pool.idle() == 0);
}

TEST_CASE("idle blocks are ordered by their last use, the last block of a list before its first") {
  block_pool pool{4};
  const auto blocks = *pool.take(4);
  for (const auto block : blocks)
    pool.keep(block);
  pool.release({blocks[0], blocks[1]});
  pool.release({blocks[2], blocks[3]});
  pool.refresh(blocks[1]);
  pool.share(blocks[0]);
  pool.refresh(blocks[0]);
  std::vector<block_id> order;
  while (const auto oldest = pool.oldest_idle()) {
    order.push_back(*oldest);
    pool.drop(*oldest);
  }
  CHECK(order == std::vector<block_id>{blocks[3], blocks[2], blocks[1]});
  CHECK(pool.available() == 3);
}

TEST_CASE("a block that nobody holds cannot be kept") {
  block_pool pool{1};
  CHECK_THROWS_AS(pool.keep(0), std::logic_error);
  CHECK_THROWS_AS(pool.keep(1), std::logic_error);
}
