// The served models, before any worker has loaded one.
#pragma once

#include "actors/world.hpp"
#include "configs/config.hpp"

namespace troupe::app {

/// Says of a worker what it will hold in memory. Throws `engine::load_error`.
void size_up(worker_options& worker);

/// What is loaded at the start must fit into the memory's budget together, and each model alone. Throws `config_error`.
void check_budget(const config::config& c);

/// Checks each worker's model and device, reads tokenizers and templates, and writes what the config cannot know to it:
/// the tokens that end an answer, the memory that workers will hold, and each model as `/v1/models` shows it. Throws
/// `engine::load_error`.
model_texts prepare_models(config::config& c);

} // namespace troupe::app
