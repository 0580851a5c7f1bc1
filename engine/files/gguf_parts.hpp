// A GGUF model that is split over several files, as llama.cpp's `gguf-split` names them.
#pragma once

#include "engine/files/gguf.hpp"

#include <filesystem>
#include <vector>

namespace troupe::engine {

/// The first of the files that belong to `path`: itself, unless it is named `NAME-00002-of-00005.gguf` or the like. The
/// metadata that describe a model are in the first.
std::filesystem::path first_part(const std::filesystem::path& path);

/// Opens a model's files in their order, whichever of them `path` names: one, unless the first says that it is split.
/// Throws `load_error` that names the file that is missing, is no part of this model, or has the wrong number of
/// tensors.
std::vector<gguf_file> open_parts(const std::filesystem::path& path);

} // namespace troupe::engine
