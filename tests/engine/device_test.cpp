#include "engine/device.hpp"

#include "engine/engine.hpp"
#include "tests/engine/support.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using Catch::Matchers::Contains;

TEST_CASE("the processor is always among the devices") {
  const auto devices = list_devices();
  REQUIRE_FALSE(devices.empty());
  CHECK(devices[0].name == "cpu");
  CHECK_THAT(devices[0].description, Contains("cores"));
}

TEST_CASE("device names are cpu and cuda:N") {
  CHECK_FALSE(parse_device("cpu").cuda);
  CHECK(parse_device("cuda:3").index == 3);
  for (const auto* word : {"", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:1 ", "CPU", "cuda:99999999999"})
    CHECK_THROWS_WITH(parse_device(word), Contains("device must be cpu or cuda:N") && Contains(word));
}

TEST_CASE("a GPU that is not there is refused with one line that says what is") {
  engine_options options;
  options.model = testing::goldens / "tied";
  options.device = "cuda:77";
  for (const auto inspect : {true, false}) {
    std::string why;
    try {
      if (inspect)
        inspect_model(options);
      else
        load_engine(options);
    } catch (const load_error& error) {
      why = error.what();
    }
    CHECK_THAT(why, Contains("device 'cuda:77' is not there") && Contains("cpu"));
    CHECK(why.find('\n') == std::string::npos);
  }
}
