// Files that are whole and wrong: what can only be seen when their numbers are read.
#include "engine/engine.hpp"
#include "tests/engine/file_builders.hpp"

#include <catch2/catch.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

const std::filesystem::path tied = "tests/engine/goldens/tied";

/// What is logged while it lives.
class captured_log {
public:
  captured_log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_)));
  }
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;
  ~captured_log() { spdlog::set_default_logger(before_); }

  std::string text() const { return lines_.str(); }

private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream lines_;
};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Loads a copy of a tiny model whose weights end in these two bytes; returns what was logged.
std::string log_of_weights_ending_in(const std::string& bytes) {
  const scratch_folder folder;
  folder.write("config.json", read(tied / "config.json"));
  auto weights = read(tied / "model.safetensors");
  folder.write("model.safetensors", weights.replace(weights.size() - 2, 2, bytes));
  const captured_log log;
  engine_options options;
  options.model = folder.path();
  options.kv_blocks = 8;
  options.threads = 1;
  load_engine(options);
  return log.text();
}

} // namespace

TEST_CASE("weights that are no numbers are loaded with a warning that names file and tensor") {
  // The sign, all bits of the exponent and more, whichever of the three float types it is.
  const auto log = log_of_weights_ending_in("\xFF\xFF");
  CHECK_THAT(log, Contains("model.safetensors: tensor 'model.") && Contains("holds numbers that are NaN or infinite"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 1);
}

TEST_CASE("weights that are numbers are loaded without a word") {
  CHECK(log_of_weights_ending_in(std::string(2, '\0')).empty());
}
