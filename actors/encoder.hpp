// Tokenizes long prompts beside the token path.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "actors/world.hpp"

namespace troupe {

/// Spawn it detached: a prompt of a megabyte takes a good part of a second, and no token may wait for that.
/// Answers every request, with a refusal when its prompt cannot be encoded.
encoder_actor::behavior_type encoder(encoder_actor::pointer self, model_texts texts);

} // namespace troupe
