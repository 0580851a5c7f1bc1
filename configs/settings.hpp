// Every key of the config file, as one table: where it stands, what it allows, where its value goes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "configs/config.hpp"

namespace troupe::config {

/// One key of a table of the file. `Target` is what its value is written to.
template <class Target>
struct setting {
  /// Empty for the top level.
  std::string table;
  std::string key;
  /// What may stand there, as an error says it: `a whole number between 0 and 65535`.
  std::string allowed;
  /// Takes a value over; false, and nothing taken, when it is not allowed.
  std::function<bool(Target&, const toml::node&)> read;
  /// The present value, as TOML.
  std::function<std::string(const Target&)> show;

  /// `limits.body_bytes`, or `port` at the top level.
  std::string name() const { return table.empty() ? key : table + "." + key; }
};

/// A `[[worker]]` table while it is read.
struct worker_entry {
  worker_options options;
  /// A model's name or alias; empty for the first.
  std::string model;
  /// Nothing takes the model's dtype.
  std::optional<engine::data_type> dtype;
};

/// All keys outside `[model]`, `[[adapter]]` and `[[worker]]`, in the order of configs/default.toml.
const std::vector<setting<config>>& settings();
/// All keys of a `[model]` or `[[model]]` table.
const std::vector<setting<model_entry>>& model_settings();
/// All keys of an `[[adapter]]` table.
const std::vector<setting<adapter_entry>>& adapter_settings();
/// All keys of a `[[worker]]` table.
const std::vector<setting<worker_entry>>& worker_settings();

/// What a `[model]` is before its table has said anything.
model_entry default_model();
/// What a `[[worker]]` is before its table has said anything.
worker_entry default_worker();

/// `cpu`, or `cuda:` and a number.
bool names_a_device(std::string_view word);

/// What `--dtype`, `--threads` and `--port` allow, and the keys of the same meaning.
inline constexpr std::string_view allowed_dtypes = R"("float32", "bfloat16" or "auto")";
inline constexpr int most_threads = 1024;

} // namespace troupe::config
