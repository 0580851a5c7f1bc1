// What is given to the company from outside, so that a test can give something else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>

#include "actors/grammar_store.hpp"
#include "actors/options.hpp"
#include "engine/engine.hpp"
#include "text/tokenizer.hpp"

namespace troupe {

/// Loads an engine; throws `engine::load_error`.
using engine_loader = std::function<std::unique_ptr<engine::engine>(const engine::engine_options&)>;

/// Randomness, engines and threads. Clocks come from the actor system (`self->clock()`).
struct world {
  /// 64 random bits. Called while the company starts, then from the gateway only.
  std::function<std::uint64_t()> random;
  engine_loader load_engine;
  /// The workers that the config names now, for a reload. Throws with one line that says why it does not hold. A
  /// reload is refused when empty.
  std::function<std::vector<worker_options>()> read_workers;
  /// Compiled grammars by model; none, or null, where no answer can be held to one.
  std::map<std::string, std::shared_ptr<grammar_store>, std::less<>> grammars = {};
  /// Gives memory back to the system when a model has left. Does nothing when empty.
  std::function<void()> trim_memory;
  /// What a worker does when a drill has it hang: keeps its thread for a while.
  std::function<void()> hang;
  /// Whether workers and the encoder get threads of their own. Off in deterministic tests.
  bool detached = true;
  /// Hears of a core actor that ended in another way than by `stop_company`, from the thread it ended in: the company
  /// cannot go on. Does nothing when empty.
  std::function<void(std::string_view actor, const caf::error& reason)> on_core_death;
};

/// The text side of a served model: immutable, shared by all its generations.
struct model_text {
  std::shared_ptr<const text::tokenizer> tokenizer;
  std::shared_ptr<const text::chat_template> chat_template;
  /// Null where no answer can be held to a grammar.
  std::shared_ptr<grammar_store> grammars;
  /// Longest prompt and answer together, in tokens.
  std::uint32_t context = 0;
};

/// Those of all served models, by the name that requests carry once they are read.
using model_texts = std::map<std::string, model_text, std::less<>>;

} // namespace troupe
