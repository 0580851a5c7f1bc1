#include <catch2/catch.hpp>

#include <sstream>

#include "bench/progress.hpp"

using namespace troupe::bench;

TEST_CASE("a progress line shows how much is done") {
  CHECK(progress_line({scenario::cached, 0, 40, 0}) == "cached     [..............................] 0/40");
  CHECK(
    progress_line({scenario::concurrent, 10, 20, 3}) == "concurrent [###############...............] 10/20, 3 failed");
  CHECK(progress_line({scenario::sequential, 2'000'000, 2'000'000, 2'000'000}).size() < 80);
}

TEST_CASE("a progress bar is drawn in its own place, and can be cleared") {
  std::ostringstream out;
  progress_bar bar{out, true};
  bar.draw({scenario::cached, 1, 2, 0});
  bar.draw({scenario::cached, 2, 2, 0});
  bar.clear();
  const std::string wipe = "\r\x1b[K";
  CHECK(out.str() ==
    wipe + progress_line({scenario::cached, 1, 2, 0}) + wipe + progress_line({scenario::cached, 2, 2, 0}) + wipe);
}

TEST_CASE("a progress bar that nobody sees is not drawn") {
  std::ostringstream out;
  progress_bar bar{out, false};
  bar.draw({scenario::cached, 1, 2, 0});
  bar.clear();
  CHECK(out.str().empty());
}
