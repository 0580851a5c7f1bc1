// The config file: what may stand in it, read and checked.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "actors/options.hpp"
#include "http/options.hpp"

namespace troupe::config {

/// A config that does not hold. The message is one line that names file, key, value and what is allowed.
class config_error : public std::runtime_error {
public:
  explicit config_error(std::string_view message) : std::runtime_error(engine::one_line(message)) {}
};

struct log_options {
  /// `trace`, `debug`, `info`, `warning`, `error` or `off`.
  std::string level = "info";
  /// `text` or `json`.
  std::string format = "text";
};

struct audit_options {
  /// Where a line for each request goes: a file, `stdout`, or empty for nowhere.
  std::string file;
};

/// A `[[adapter]]`: a LoRA adapter of a model.
struct adapter_entry {
  /// A folder as PEFT writes it.
  std::filesystem::path path;
  /// The folder's own by default.
  std::string name;
  /// A model's name or alias; empty for the first.
  std::string base;
};

/// A model that is served.
struct model_entry {
  /// A `.gguf` file or a folder.
  std::filesystem::path path;
  /// Name that requests use for it. Never empty once the config is read: the file's or folder's own by default.
  std::string name;
  /// Other names for it.
  std::vector<std::string> aliases = {};
  engine::data_type dtype = engine::data_type::automatic;
  /// Upper bound on prompt and answer together, in tokens; 0 takes the model's own.
  std::size_t context = 0;
  /// Of OpenAI requests that give none, where the model's generation_config gives none either.
  double temperature = 0.7;
  /// Of requests for embeddings that give none.
  engine::pooling pooling = engine::pooling::mean;
  /// How long it stays in memory. Names the model once the config is read.
  residence stay = {};
  /// Requests call each `model:adapter`, or by its own name.
  std::vector<engine::adapter_folder> adapters = {};
};

/// Everything the server is made from.
struct config {
  log_options log;
  audit_options audit;
  http::options http;
  company_options company;
  /// The models that are served; `default` is the first.
  std::vector<model_entry> models;
  /// The file of API keys, and what stands in it; empty for none.
  std::filesystem::path keys_path;
  std::vector<http::api_key> keys;
  /// PEM files of the server's certificate and its key; both or none.
  std::filesystem::path certificate_path;
  std::filesystem::path private_key_path;
  /// How long running requests may take to end after SIGTERM.
  std::chrono::nanoseconds drain_timeout{std::chrono::seconds{30}};
  /// How often an engine thread looks for work before it sleeps, as `GOMP_SPINCOUNT` says it; -1 leaves that to OpenMP.
  int openmp_spin = 2000;
};

/// What the command line sets; wins over the file.
struct overrides {
  std::optional<std::filesystem::path> model;
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  std::optional<std::string> dtype;
  std::optional<int> threads;
  bool allow_anonymous = false;
  /// A secret that may do everything, beside those of the file.
  std::optional<std::string> api_key;
};

/// Reads and checks a file; relative model paths are looked up from the working directory, then from the repository
/// that the file lies in (its folder's parent), a relative path of keys from the file's own folder. Throws
/// `config_error`.
config load(const std::filesystem::path& file, const overrides& flags = {});
/// The same from text; `name` stands for the file in errors.
config parse(const std::string& text, const std::string& name, const overrides& flags = {});

} // namespace troupe::config
