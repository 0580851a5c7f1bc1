#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "configs/config.hpp"
#include "configs/settings.hpp"
#include "tests/configs/error_of.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using test::error_of;
namespace fs = std::filesystem;

namespace {

// Tests run from the repository's root.
const fs::path default_file = "configs/default.toml";

std::string contents(const fs::path& file) {
  std::ifstream in{file};
  REQUIRE(in);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// A folder that is removed when the test ends.
struct scratch_folder {
  fs::path path = fs::temp_directory_path() / ("troupe-config-test-" + std::to_string(::getpid()));
  fs::path before = fs::current_path();
  scratch_folder() { fs::create_directories(path); }
  ~scratch_folder() {
    fs::current_path(before);
    fs::remove_all(path);
  }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((path / file).parent_path());
    std::ofstream{path / file} << text;
  }
};

} // namespace

TEST_CASE("configs/default.toml shows every key with its default") {
  const std::string text = contents(default_file);
  const config::config shipped = config::parse(text, default_file.string());
  const config::config built_in = config::parse("", "nothing");
  const toml::table document = toml::parse(text);
  for (const auto& s : config::settings()) {
    INFO(s.name());
    CHECK(s.show(shipped) == s.show(built_in));
    const toml::node_view<const toml::node> found = s.table.empty() ? document[s.key] : document[s.table][s.key];
    CHECK(found);
  }
  for (const auto& s : config::model_settings()) {
    INFO(s.name());
    CHECK(document["model"].as_table()->contains(s.key));
    // An empty name takes the file's, which both know by now.
    CHECK(s.show(shipped.models.at(0)) == s.show(built_in.models.at(0)));
  }
  const toml::array* workers = document["worker"].as_array();
  REQUIRE(workers);
  REQUIRE(workers->size() == 1);
  REQUIRE(shipped.company.workers.size() == 1);
  REQUIRE(built_in.company.workers.size() == 1);
  for (const auto& s : config::worker_settings()) {
    INFO(s.name());
    CHECK(workers->get(0)->as_table()->contains(s.key));
    CHECK(s.show({shipped.company.workers[0], {}, {}}) == s.show({built_in.company.workers[0], {}, {}}));
  }
}

TEST_CASE("every key explains what it allows and takes back what it shows") {
  const auto check = [](const auto& all, auto target) {
    for (const auto& s : all) {
      INFO(s.name());
      CHECK_FALSE(s.allowed.empty());
      const toml::table one = toml::parse("value = " + s.show(target));
      CHECK(s.read(target, *one.get("value")));
      // No key is a date.
      const toml::table other = toml::parse("value = 2020-01-01");
      CHECK_FALSE(s.read(target, *other.get("value")));
    }
  };
  check(config::settings(), config::config{});
  check(config::model_settings(), config::default_model());
  check(config::worker_settings(), config::default_worker());
  check(config::adapter_settings(), config::adapter_entry{"folder", "name", ""});
}

TEST_CASE("docs/configuration.md explains every key in its table's section") {
  const std::string text = contents("docs/configuration.md");
  const auto explains = [&](const std::string& heading, const std::string& key) {
    const auto start = text.find("\n## " + heading + '\n');
    REQUIRE(start != std::string::npos);
    const auto section = text.substr(start, text.find("\n## ", start + 1) - start);
    return section.find("\n| `" + key + "` |") != std::string::npos;
  };
  for (const auto& s : config::settings()) {
    INFO(s.name());
    CHECK(explains(s.table.empty() ? "Top level" : '[' + s.table + ']', s.key));
  }
  for (const auto& s : config::model_settings()) {
    INFO(s.name());
    CHECK(explains("[model]", s.key));
  }
  for (const auto& s : config::adapter_settings()) {
    INFO(s.name());
    CHECK(explains("[[adapter]]", s.key));
  }
  for (const auto& s : config::worker_settings()) {
    INFO(s.name());
    CHECK(explains("[[worker]]", s.key));
  }
}

TEST_CASE("the default worker is the CPU with every core, twelve sequences and a gibibyte of KV cache") {
  const auto worker = config::parse("", "x.toml").company.workers.at(0);
  CHECK(worker.engine.device == "cpu");
  CHECK(worker.engine.threads == 0);
  CHECK(worker.engine.max_sequences == 12);
  CHECK(worker.step_tokens == 256);
  CHECK(worker.engine.max_step_tokens == 256);
  CHECK(worker.engine.kv_bytes == std::size_t{1} << 30);
  CHECK(worker.engine.kv_blocks == 0);
  CHECK(worker.model == "SmolLM2-135M-Instruct.Q4_1");
}

TEST_CASE("one more worker table at the end of the default file is one more worker") {
  const std::string text = contents(default_file) + "\n[[worker]]\ndevice = \"cpu\"\nthreads = 1\n";
  const auto workers = config::parse(text, "x.toml").company.workers;
  REQUIRE(workers.size() == 2);
  CHECK(workers[0].engine.threads == 0);
  CHECK(workers[1].engine.threads == 1);
  CHECK(workers[1].engine.max_sequences == 12);
  CHECK(workers[1].engine.model == workers[0].engine.model);
}

TEST_CASE("configs/gpu.toml names two GPUs in bfloat16") {
  const auto workers = config::parse(contents("configs/gpu.toml"), "gpu.toml").company.workers;
  REQUIRE(workers.size() == 2);
  CHECK(workers[0].engine.device == "cuda:0");
  CHECK(workers[1].engine.device == "cuda:1");
  for (const auto& worker : workers)
    CHECK(worker.engine.dtype == engine::data_type::bfloat16);
}

TEST_CASE("an unknown key is refused with its line and the nearest known one") {
  CHECK(error_of("prot = 1\n" + contents(default_file)) ==
    "x.toml:1: unknown key \"prot\" in the top level; did you mean \"port\"?");
  CHECK(error_of("\n\n[model]\npaht = \"x\"\n") == "x.toml:4: unknown key \"paht\" in [model]; did you mean \"path\"?");
  CHECK(error_of("[[worker]]\ndevise = \"cpu\"\n") ==
    "x.toml:2: unknown key \"devise\" in [[worker]]; did you mean \"device\"?");
  CHECK(error_of("[modle]\n") == "x.toml:1: unknown key \"modle\" in the top level; did you mean \"[model]\"?");
  CHECK(error_of("[wrker]\n") == "x.toml:1: unknown key \"wrker\" in the top level; did you mean \"[[worker]]\"?");
  CHECK(error_of("body_bytes = 1024\n") ==
    "x.toml:1: unknown key \"body_bytes\" in the top level; did you mean \"limits.body_bytes\"?");
}

TEST_CASE("a value that is not allowed is refused with file, key, value and what is allowed") {
  CHECK(error_of("port = 65536\n") == "x.toml:1: port must be a whole number between 0 and 65535, got 65536");
  CHECK(error_of("port = \"http\"\n") == "x.toml:1: port must be a whole number between 0 and 65535, got \"http\"");
  CHECK(error_of("port = 80.5\n") == "x.toml:1: port must be a whole number between 0 and 65535, got 80.5");
  CHECK(error_of("[log]\nlevel = \"loud\"\n") ==
    "x.toml:2: log.level must be \"trace\", \"debug\", \"info\", \"warning\", \"error\" or \"off\", got \"loud\"");
  CHECK_THAT(error_of("drain_timeout = 30\n"), Contains("x.toml:1: drain_timeout must be a time between \"0s\" and"));
  CHECK_THAT(error_of("[cache]\nmax_bytes = \"1GB\"\n"),
    Contains("cache.max_bytes must be a size between") && Contains("\"1GB\""));
  CHECK_THAT(error_of("[model]\ndtype = \"fp8\"\n"), Contains("\"float32\", \"bfloat16\" or \"auto\", got \"fp8\""));
  for (const char* wrong : {"[1]", "[\"\"]", "[\"https://a.org/\"]", "[\"a.org\"]", "[\"://a\"]", "[\"http://\"]"})
    CHECK_THAT(error_of(std::string{"[http]\ncors_origins = "} + wrong + "\n"),
      Contains("http.cors_origins must be a list of origins"));
}

TEST_CASE("a device that no worker can name is refused by name") {
  CHECK(error_of(contents(default_file) + "\n[[worker]]\ndevice = \"tpu:0\"\n")
          .find("worker.device must be \"cpu\" or \"cuda:N\" (N = 0, 1, ...), got \"tpu:0\"") != std::string::npos);
  for (const char* device : {"", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:0 ", "CPU", "cuda:99999999999"})
    CHECK_FALSE(error_of("[[worker]]\ndevice = \"" + std::string{device} + "\"\n").empty());
}

TEST_CASE("a table in the place of a value, and a value in the place of a table, are refused") {
  CHECK(error_of("[port]\nx = 1\n") == "x.toml:1: port must be a whole number between 0 and 65535, got a table");
  CHECK(error_of("model = 1\n") == "x.toml:1: model must be a table, [model], or one or more [[model]] tables, got 1");
  CHECK_THAT(error_of("model = []\n"), Contains("model must be a table, [model], or one or more [[model]] tables"));
  CHECK_THAT(error_of("model = [1]\n"), Contains("model must be a table, [model], or one or more [[model]] tables"));
  CHECK_THAT(error_of("[worker]\ndevice = \"cpu\"\n"), Contains("worker must be one or more [[worker]] tables"));
  CHECK_THAT(error_of("worker = []\n"), Contains("worker must be one or more [[worker]] tables"));
  CHECK_THAT(error_of("worker = [1, 2]\n"), Contains("worker must be one or more [[worker]] tables"));
}

TEST_CASE("values that do not go together are refused") {
  CHECK_THAT(error_of("[[worker]]\nmax_sequences = 64\nstep_tokens = 32\n"),
    Contains("worker.step_tokens must be at least worker.max_sequences (64)") && Contains("got 32"));
  CHECK_THAT(
    error_of("[restart]\ndelay = \"10s\"\nmax_delay = \"1s\"\n"), Contains("restart.max_delay must be at least"));
  CHECK_THAT(error_of("[http]\ncertificate = \"a.pem\"\n"),
    Contains("http.certificate and http.private_key must both name a file, or none, got \"a.pem\" and \"\""));
  CHECK_THAT(error_of("[queue]\nmax_waiting_bytes = \"1MiB\"\n"), Contains("queue.max_waiting_bytes must be at least"));
}

TEST_CASE("a text that is no TOML is one line with its place") {
  for (const char* text : {"port = ", "port 8000", "[model", "port = 1\nport = 2\n", "host = \"\xff\"\n"}) {
    const std::string error = error_of(text);
    CHECK_THAT(error, Catch::Matchers::StartsWith("x.toml:"));
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("flags win over the file") {
  config::overrides flags;
  flags.model = "other/model";
  flags.host = "0.0.0.0";
  flags.port = 9;
  flags.dtype = "bfloat16";
  flags.threads = 3;
  const auto c = config::parse("port = 1\n[[worker]]\ndtype = \"float32\"\nthreads = 1\n", "x.toml", flags);
  CHECK(c.http.host == "0.0.0.0");
  CHECK(c.http.port == 9);
  CHECK(c.models.at(0).name == "model");
  CHECK(c.company.workers[0].engine.model == "other/model");
  CHECK(c.company.workers[0].engine.dtype == engine::data_type::bfloat16);
  CHECK(c.company.workers[0].engine.threads == 3);
}

TEST_CASE("flags are checked as the file is") {
  config::overrides flags;
  flags.dtype = "int3";
  CHECK(error_of("", flags) == "--dtype must be \"float32\", \"bfloat16\" or \"auto\", got \"int3\"");
  flags = {};
  flags.threads = -1;
  CHECK(error_of("", flags) == "--threads must be a whole number between 0 and 1024, got -1");
}

TEST_CASE("a model is looked up from the working directory, then beside the config's folder") {
  scratch_folder folder;
  folder.write("house/configs/x.toml", "[model]\npath = \"models/m.gguf\"\n");
  folder.write("house/models/m.gguf", "");
  fs::create_directories(folder.path / "elsewhere");
  fs::current_path(folder.path / "elsewhere");
  CHECK(fs::equivalent(config::load("../house/configs/x.toml").models.at(0).path, folder.path / "house/models/m.gguf"));
  fs::current_path(folder.path / "house/configs");
  CHECK(fs::equivalent(config::load("x.toml").models.at(0).path, folder.path / "house/models/m.gguf"));
  folder.write("elsewhere/models/m.gguf", "");
  fs::current_path(folder.path / "elsewhere");
  CHECK(config::load("../house/configs/x.toml").company.workers[0].engine.model == "models/m.gguf");
}

TEST_CASE("keys are looked up from the config's folder, and a file of keys that does not hold is named") {
  scratch_folder folder;
  folder.write("m.gguf", "");
  folder.write(
    "configs/x.toml", "[model]\npath = \"" + (folder.path / "m.gguf").string() + "\"\n[auth]\nkeys = \"keys.toml\"\n");
  const auto file = folder.path / "configs/x.toml";
  CHECK_THROWS_WITH(config::load(file), Contains("auth.keys: file") && Contains("keys.toml\" cannot be read"));
  folder.write("configs/keys.toml", "[[key]]\nname = \"ada\"\nsha256 = \"" + std::string(64, 'a') + "\"\n");
  const auto c = config::load(file);
  REQUIRE(c.keys.size() == 1);
  CHECK(c.keys[0].name == "ada");
  folder.write("configs/keys.toml", "[[key]]\nname = \"ada\"\n");
  CHECK_THROWS_WITH(config::load(file), Contains("keys.toml:1: key \"ada\": sha256 is missing"));
}

TEST_CASE("a config or model that is not there is named") {
  scratch_folder folder;
  folder.write("configs/x.toml", "");
  const fs::path file = folder.path / "configs/x.toml";
  CHECK_THROWS_WITH(config::load(folder.path / "none.toml"), Contains("none.toml\" cannot be read"));
  CHECK_THROWS_WITH(config::load(folder.path), Contains("cannot be read"));
  config::overrides flags;
  flags.model = "/nonexistent-model";
  CHECK_THROWS_WITH(
    config::load(file, flags), Contains("--model") && Contains("\"/nonexistent-model\" does not exist"));
  flags.model = "nonexistent-model";
  CHECK_THROWS_WITH(config::load(file, flags), Contains("exists neither in") && Contains(folder.path.string()));
}

TEST_CASE("an error is one line, whatever stands in the file") {
  for (const std::string text :
    {"[http]\nhost = \"a\\nb\"\n\"x\\ny\" = 1\n", "[log]\nlevel = \"\"\"a\nb\"\"\"\n", "\x01"}) {
    try {
      config::parse(text, "x.toml");
      FAIL("no error for " << text);
    } catch (const config::config_error& error) {
      CHECK(std::string{error.what()}.find_first_of("\n\x01") == std::string::npos);
    }
  }
}
