// The served models, before any worker has loaded one.
#pragma once

#include "actors/world.hpp"
#include "configs/config.hpp"

namespace troupe::app {

/// Checks each worker's model and device, reads tokenizers and templates, and writes what the config cannot know to it:
/// the tokens that end an answer, and each model as `/v1/models` shows it. Throws `engine::load_error` and
/// `text::text_error`.
model_texts prepare_models(config::config& c);

} // namespace troupe::app
