#include <catch2/catch.hpp>

#include "actors/promises.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};
const promise_key ada{"ada", 1};
const promise_key bob{"bob", 1};

} // namespace

TEST_CASE("moments stand in a line, none closer to the next than the company can serve") {
  promises line;
  CHECK(line.give(ada, start + 3s, 2s, start) == start + 3s);
  CHECK(line.give(bob, start + 3s, 2s, start) == start + 5s);
  CHECK(line.give({"cid", 9}, start + 30s, 2s, start) == start + 30s);
  CHECK(line.size() == 3);
}

TEST_CASE("who comes at the moment or a little later is known once; earlier, much later or as another one is not") {
  promises line;
  line.give(ada, start + 3s, 1s, start);
  CHECK_FALSE(line.redeem(ada, start + 3s - 1ns));
  CHECK_FALSE(line.redeem(bob, start + 3s));
  CHECK_FALSE(line.redeem({"ada", 2}, start + 3s));
  CHECK(line.redeem(ada, start + 3s));
  CHECK_FALSE(line.redeem(ada, start + 3s));
  line.give(bob, start + 10s, 1s, start);
  CHECK(line.redeem(bob, start + 15s));
  line.give(bob, start + 20s, 1s, start + 15s);
  CHECK_FALSE(line.redeem(bob, start + 25s + 1ns));
  CHECK(line.size() == 0);
}

TEST_CASE("equal requests of one client have a moment each") {
  promises line;
  line.give(ada, start + 1s, 1s, start);
  line.give(ada, start + 1s, 1s, start);
  CHECK(line.redeem(ada, start + 1s));
  CHECK_FALSE(line.redeem(ada, start + 1s));
  CHECK(line.redeem(ada, start + 2s));
}

TEST_CASE("places are kept for those whose moment is near and for those who are late, not for others") {
  promises line;
  line.give(ada, start + 1s, 1s, start);
  line.give(bob, start + 10s, 1s, start);
  CHECK(line.due(start, 500ms) == 0);
  CHECK(line.due(start, 1s) == 1);
  CHECK(line.due(start + 6s, 1s) == 1);
  CHECK(line.due(start + 6s + 1ns, 1s) == 0);
  CHECK(line.due(start + 9s, 1s) == 1);
  line.withdraw(bob, start + 10s);
  line.withdraw(bob, start + 10s);
  CHECK(line.due(start + 9s, 1s) == 0);
}

TEST_CASE("when the company has become faster, moments between those that were given are given, too") {
  promises line;
  line.give(ada, start, 4s, start);
  line.give(ada, start, 4s, start);
  CHECK(line.give(bob, start, 2s, start) == start + 2s);
  CHECK(line.give(bob, start, 2s, start) == start + 6s);
  CHECK(line.give(bob, start + 1s, 1s, start) == start + 1s);
  CHECK(line.give(bob, start + 1s, 1s, start) == start + 3s);
}

TEST_CASE("a line that is full tells honest moments and keeps no more") {
  promises line{2};
  line.give(ada, start, 1s, start);
  line.give(ada, start, 1s, start);
  CHECK(line.give(bob, start, 1s, start) == start + 2s);
  CHECK(line.give(bob, start, 1s, start) == start + 3s);
  CHECK(line.size() == 2);
  CHECK_FALSE(line.redeem(bob, start + 2s));
}

TEST_CASE("requests are the same when client and what is asked are") {
  native_request request;
  request.client = "ada";
  request.prompt = "hello";
  auto other = request;
  other.request_id = "another";
  other.params.seed = 7;
  CHECK(key_of(request) == key_of(other));
  other.prompt = "hallo";
  CHECK(key_of(request) != key_of(other));
}
