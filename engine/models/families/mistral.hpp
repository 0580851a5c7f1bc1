// Mistral: Llama whose tokens see the last `sliding_window` tokens only, where the configuration has a number there.
#pragma once

#include "engine/config/fields.hpp"
#include "engine/models/family.hpp"

namespace troupe::engine::families {

inline constexpr family mistral{.model_type = "mistral", .from_hugging_face = read_window};

} // namespace troupe::engine::families
