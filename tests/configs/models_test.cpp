// Tables of models and adapters, and the workers that hold them.
#include <catch2/catch.hpp>

#include "configs/config.hpp"
#include "tests/configs/error_of.hpp"

using namespace troupe;
using Catch::Matchers::Contains;
using test::error_of;

TEST_CASE("a worker takes the model's dtype unless it names one") {
  const auto c =
    config::parse("[model]\ndtype = \"bfloat16\"\n[[worker]]\n[[worker]]\ndtype = \"float32\"\n", "x.toml");
  CHECK(c.company.workers.at(0).engine.dtype == engine::data_type::bfloat16);
  CHECK(c.company.workers.at(1).engine.dtype == engine::data_type::float32);
}

TEST_CASE("a model says what its embeddings are made of") {
  const auto pooling = [](const std::string& line) { return config::parse(line, "x.toml").models.at(0).pooling; };
  CHECK(pooling("") == engine::pooling::mean);
  CHECK(pooling("[model]\npooling = \"last\"") == engine::pooling::last);
  CHECK_THAT(error_of("[model]\npooling = \"cls\""), Contains("model.pooling") && Contains(R"("mean" or "last")"));
}

TEST_CASE("a model is named after its file or folder unless the config names it") {
  const auto name = [](const std::string& model) {
    return config::parse("[model]\n" + model, "x.toml").models.at(0).name;
  };
  CHECK(name("path = \"a/b.Q4_1.gguf\"") == "b.Q4_1");
  CHECK(name("path = \"a/Qwen3-0.6B\"") == "Qwen3-0.6B");
  CHECK(name("path = \"a/Qwen3-0.6B/\"") == "Qwen3-0.6B");
  CHECK(name("path = \"a/b.gguf\"\nname = \"mine\"") == "mine");
}

TEST_CASE("several models have a worker each, and a worker names its model by name or alias") {
  const std::string models = "[[model]]\npath = \"a.gguf\"\naliases = [\"first\"]\n"
                             "[[model]]\npath = \"b.gguf\"\nname = \"B\"\ndtype = \"float32\"\ncontext = 512\n";
  const auto by_default = config::parse(models, "x.toml");
  REQUIRE(by_default.models.size() == 2);
  CHECK(by_default.models[0].name == "a");
  CHECK(by_default.models[0].aliases == std::vector<std::string>{"first"});
  REQUIRE(by_default.company.workers.size() == 2);
  CHECK(by_default.company.workers[0].model == "a");
  CHECK(by_default.company.workers[0].engine.model == "a.gguf");
  CHECK(by_default.company.workers[1].model == "B");
  CHECK(by_default.company.workers[1].engine.model == "b.gguf");
  CHECK(by_default.company.workers[1].engine.dtype == engine::data_type::float32);
  CHECK(by_default.company.workers[1].engine.max_context == 512);

  const auto named = config::parse(models +
      "[[worker]]\nmodel = \"B\"\nmax_context = 256\n"
      "[[worker]]\n[[worker]]\nmodel = \"first\"\n",
    "x.toml");
  REQUIRE(named.company.workers.size() == 3);
  CHECK(named.company.workers[0].model == "B");
  CHECK(named.company.workers[0].engine.max_context == 256);
  CHECK(named.company.workers[1].model == "a");
  CHECK(named.company.workers[2].model == "a");
  CHECK(error_of(models + "[[worker]]\nmodel = \"b\"\n") ==
    "x.toml: worker.model must name a model, one of \"a\", \"B\", got \"b\"");
  CHECK(error_of(models + "[[worker]]\nmodel = \"a\"\n") ==
    "x.toml: no [[worker]] holds the model \"B\": add one with model = \"B\"");
}

TEST_CASE("a model's workers load its adapters, which name it by name or alias") {
  const std::string models = "[[model]]\npath = \"a.gguf\"\n[[model]]\npath = \"b.gguf\"\naliases = [\"second\"]\n";
  const auto c = config::parse(models +
      "[[adapter]]\npath = \"x/sql\"\n[[adapter]]\npath = \"x/y\"\nname = \"poet\"\nbase = \"second\"\n"
      "[[adapter]]\npath = \"z\"\nbase = \"b\"\n",
    "x.toml");
  using folders = std::vector<engine::adapter_folder>;
  CHECK(c.models[0].adapters == folders{{"sql", "x/sql"}});
  CHECK(c.models[1].adapters == folders{{"poet", "x/y"}, {"z", "z"}});
  CHECK(c.company.workers[0].engine.adapters == c.models[0].adapters);
  CHECK(c.company.workers[1].engine.adapters == c.models[1].adapters);
}

TEST_CASE("an adapter that has no path, no model or another's name is refused") {
  const std::string model = "[[model]]\npath = \"a.gguf\"\naliases = [\"c\"]\n";
  CHECK(error_of(model + "[[adapter]]\nname = \"x\"\n") == "x.toml:4: adapter.path is missing");
  CHECK(error_of(model + "[[adapter]]\npath = \"x\"\nbase = \"b\"\n") ==
    "x.toml: adapter.base must name a model, one of \"a\", got \"b\"");
  CHECK_THAT(error_of(model + "[[adapter]]\npath = \"x\"\nname = \"a:b\"\n"),
    Contains("adapter.name must be a name without ':', got \"a:b\""));
  CHECK(error_of(model + "[[adapter]]\npath = \"x/c\"\n") ==
    "x.toml: adapter.name must be a name of its own, and \"c\" means a.gguf already, got it for x/c");
  CHECK_THAT(error_of(model + "[[adapter]]\npath = \"x\"\n[[adapter]]\npath = \"y/x\"\n"),
    Contains("\"x\" means x already, got it for y/x"));
  CHECK_THAT(error_of("[adapter]\npath = \"x\"\n"), Contains("adapter must be one or more [[adapter]] tables"));
  CHECK_THAT(
    error_of(model + "[[adapter]]\npath = \"x\"\nscale = 2\n"), Contains("unknown key \"scale\" in [[adapter]]"));
}

TEST_CASE("a name means one model") {
  const auto two = [](const std::string& first, const std::string& second) {
    return error_of("[[model]]\npath = \"a.gguf\"\n" + first + "\n[[model]]\npath = \"b.gguf\"\n" + second + "\n");
  };
  CHECK(two("", "").empty());
  CHECK(two("name = \"default\"", "").empty());
  CHECK(two("", "name = \"a\"") ==
    "x.toml: model.name must be a name of its own, and \"a\" means a.gguf already, got it for b.gguf");
  CHECK_THAT(two("", "name = \"default\""), Contains("\"default\" means the first model already"));
  CHECK_THAT(two("aliases = [\"b\"]", ""), Contains("model.aliases must be a name of its own, and \"b\" means b.gguf"));
  CHECK_THAT(two("aliases = [\"x\"]", "aliases = [\"x\"]"), Contains("\"x\" means a.gguf already"));
  CHECK_THAT(two("aliases = [\"\"]", ""), Contains("model.aliases must be a list of names"));
  CHECK_THAT(error_of("[[model]]\npath = \"a.gguf\"\n[[model]]\nname = \"b\"\n"), Contains("model.path is missing"));
}
