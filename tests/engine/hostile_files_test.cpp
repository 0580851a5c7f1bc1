// Files that are whole and wrong: what can only be seen when their numbers are read.
#include "engine/checkpoint.hpp"
#include "engine/engine.hpp"
#include "tests/engine/file_builders.hpp"

#include <catch2/catch.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <vector>

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

/// A folder with a sound tiny model, to be broken in one place.
class sound_folder {
public:
  sound_folder() {
    for (const auto* name : {"config.json", "model.safetensors"})
      write(name, read(tied / name));
    write("tokenizer.json", "{}");
  }

  void write(const std::string& name, const std::string& contents) const { folder_.write(name, contents); }
  void remove(const std::string& name) const { std::filesystem::remove(folder_.path() / name); }
  void link(const std::string& to, const std::string& name) const {
    remove(name);
    std::filesystem::create_symlink(to, folder_.path() / name);
  }
  void directory(const std::string& name) const {
    remove(name);
    std::filesystem::create_directory(folder_.path() / name);
  }

  /// One tensor of the weights, alone in a file.
  void write_shard(const std::string& name, const std::string& tensor, std::size_t missing_bytes = 0) const {
    write(name,
      safetensors("{\"" + tensor + R"(":{"dtype":"F32","shape":[48],"data_offsets":[0,192]}})", 192 - missing_bytes));
  }

  /// What reading the model, its text files first, says is wrong.
  std::string complaint() const {
    try {
      read_text_assets(folder_.path());
      open_checkpoint(folder_.path());
    } catch (const load_error& error) {
      return error.what();
    }
    return "";
  }

private:
  scratch_folder folder_;
};

struct folder_fault {
  const char* name;
  std::function<void(const sound_folder&)> make;
  /// What the error must hold, file first.
  std::vector<std::string> words;
};

folder_fault text_fault(const char* name, const char* file, std::string contents, std::vector<std::string> words) {
  words.insert(words.begin(), file);
  return {name, [file, contents](const sound_folder& folder) { folder.write(file, contents); }, std::move(words)};
}

constexpr const char* index_name = "model.safetensors.index.json";

folder_fault index_fault(const char* name, const std::string& contents, std::vector<std::string> words) {
  return text_fault(name, index_name, contents, std::move(words));
}

std::vector<folder_fault> text_file_faults() {
  return {
    text_fault("no JSON", "config.json", "{", {"not valid JSON"}),
    text_fault("no object", "config.json", "[]", {"must hold a JSON object"}),
    text_fault("deep nesting", "config.json", "{\"a\":" + std::string(100000, '['), {"not valid JSON"}),
    text_fault("no UTF-8", "config.json", "{\"a\":\"\xff\"}", {"not valid JSON"}),
    text_fault("nothing", "config.json", "", {"not valid JSON"}),
    text_fault("a number as model_type", "config.json", R"({"model_type":3})", {"model_type", "must be a string"}),
    text_fault("an object as eos", "config.json", R"({"eos_token_id":{}})", {"eos_token_id", "token id"}),
    text_fault("an eos below 0", "config.json", R"({"eos_token_id":[1,-1]})", {"eos_token_id", "token id"}),
    text_fault("an eos beyond 31 bits", "generation_config.json", R"({"eos_token_id":2147483648})", {"eos_token_id"}),
    text_fault("a text as temperature", "generation_config.json", R"({"do_sample":true,"temperature":"warm"})",
      {"temperature must be a finite number", "warm"}),
    text_fault("a top_p above 1", "generation_config.json", R"({"do_sample":true,"top_p":1.5})",
      {"top_p must be between 0 and 1, got 1.5"}),
    text_fault("a number as template", "tokenizer_config.json", R"({"chat_template":7})", {"chat_template", "string"}),
    text_fault("named templates of numbers", "tokenizer_config.json",
      R"({"chat_template":[{"name":"default","template":7}]})", {"chat_template", "template must be a string"}),
    text_fault(
      "a number as bos_token", "tokenizer_config.json", R"({"bos_token":{"content":1}})", {"bos_token", "content"}),
    text_fault(
      "a template of megabytes", "chat_template.jinja", std::string(2U << 20U, 'x'), {"at most 1048576 bytes"}),
    {"no tokenizer", [](auto& folder) { folder.remove("tokenizer.json"); }, {"tokenizer.json", "cannot be read"}},
    {"a folder as tokenizer", [](auto& folder) { folder.directory("tokenizer.json"); },
      {"tokenizer.json", "cannot be"}},
    {"a link to itself", [](auto& folder) { folder.link("config.json", "config.json"); }, {"config.json", "cannot be"}},
    {"a template that links to itself", [](auto& folder) { folder.link("chat_template.jinja", "chat_template.jinja"); },
      {"chat_template.jinja", "cannot be"}},
    {"a device as config", [](auto& folder) { folder.link("/dev/zero", "config.json"); }, {"config.json", "cannot be"}},
  };
}

std::vector<folder_fault> weight_file_faults() {
  return {
    index_fault("no weight_map", "{}", {"weight_map is missing"}),
    index_fault("a weight_map of numbers", R"({"weight_map":{"a":3}})", {"a must be a string"}),
    index_fault("an empty weight_map", R"({"weight_map":{}})", {"names no file"}),
    index_fault("a list as weight_map", R"({"weight_map":[]})", {"weight_map must be an object"}),
    index_fault("a file above", R"({"weight_map":{"a":"../model.safetensors"}})", {"a must name a file", "../model"}),
    index_fault("a file elsewhere", R"({"weight_map":{"a":"/etc/passwd"}})", {"a must name a file", "/etc/passwd"}),
    index_fault("a file below", R"({"weight_map":{"a":"b/c"}})", {"a must name a file in the same folder"}),
    index_fault("the folder above", R"({"weight_map":{"a":".."}})", {"a must name a file in the same folder"}),
    {"a shard that is missing",
      [](auto& folder) {
        folder.write_shard("a.safetensors", "model.norm.weight");
        folder.write(index_name, R"({"weight_map":{"a":"a.safetensors","b":"b.safetensors"}})");
      },
      {"b.safetensors", "cannot be opened: No such file"}},
    {"a shard that is cut short", [](auto& folder) { folder.write_shard("a.safetensors", "model.norm.weight", 10); },
      {"a.safetensors: tensor 'model.norm.weight'", "outside of the file's 182 bytes"}},
    {"a tensor in two shards", [](auto& folder) { folder.write_shard("z.safetensors", "model.norm.weight"); },
      {"z.safetensors: tensor 'model.norm.weight' is in another file as well"}},
    {"a tensor that nobody asked for", [](auto& folder) { folder.write_shard("z.safetensors", "model.extra"); },
      {"has no use for: 'model.extra'"}},
    {"a shard that links to itself", [](auto& folder) { folder.link("model.safetensors", "model.safetensors"); },
      {"model.safetensors", "cannot be opened"}},
    {"a folder as shard", [](auto& folder) { folder.directory("model.safetensors"); },
      {"model.safetensors", "not a file"}},
    {"a device as shard", [](auto& folder) { folder.link("/dev/zero", "model.safetensors"); },
      {"model.safetensors", "not a file"}},
  };
}

void check(const std::vector<folder_fault>& faults) {
  CHECK(sound_folder().complaint().empty());
  for (const auto& fault : faults) {
    const sound_folder folder;
    fault.make(folder);
    const auto said = folder.complaint();
    INFO(fault.name << ": " << said);
    CHECK(said.find('\n') == std::string::npos);
    CHECK(said.size() < 1000);
    for (const auto& word : fault.words)
      CHECK_THAT(said, Contains(word));
  }
}

} // namespace

TEST_CASE("each fault of a folder's text files is one line that names file and field") {
  check(text_file_faults());
}

TEST_CASE("each fault of a folder's weight files is one line that names file and tensor") {
  check(weight_file_faults());
}

TEST_CASE("weights that are no numbers are loaded with a warning that names file and tensor") {
  // The sign, all bits of the exponent and more, whichever of the three float types it is.
  const auto log = log_of_weights_ending_in("\xFF\xFF");
  CHECK_THAT(log, Contains("model.safetensors: tensor 'model.") && Contains("holds numbers that are NaN or infinite"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 1);
}

TEST_CASE("weights that are numbers are loaded without a word") {
  CHECK(log_of_weights_ending_in(std::string(2, '\0')).empty());
}
