// The served model, before any worker has loaded it.
#pragma once

#include "actors/world.hpp"
#include "configs/config.hpp"

namespace troupe::app {

/// Checks each worker's model and device, reads tokenizer and template, and writes what the config cannot know to it:
/// the tokens that end an answer, and the model as `/v1/models` shows it. Throws `engine::load_error`.
model_text prepare_model(config::config& c);

} // namespace troupe::app
