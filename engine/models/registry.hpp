// The families that the one decoder serves.
#pragma once

#include "engine/models/family.hpp"

#include <string>

namespace troupe::engine {

/// The family that a file's `model_type` (Hugging Face) or `general.architecture` (GGUF) names; null for an unknown
/// name.
const family* find_family(file_format format, std::string_view name);

/// `llama, mistral, ...`: all names of one kind of file.
std::string family_names(file_format format);

} // namespace troupe::engine
