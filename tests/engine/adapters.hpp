// LoRA adapters made by the tests, and the models that they come to when they are merged.
#pragma once

#include "tests/engine/file_builders.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe::engine::testing {

/// A tensor as the tests write it.
struct made_tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> numbers;
};

/// A file of float32 tensors.
std::string safetensors_of(const std::vector<made_tensor>& tensors);

/// What `adapter_config.json` says where a test wants nothing special: rank 3, alpha 6.
boost::json::object plain_adapter_config();

/// The matrices of a Hugging Face folder that an adapter may change.
std::vector<std::string> adaptable_modules(const std::filesystem::path& model);

/// The pairs of an adapter for these modules, their numbers drawn from `seed`.
std::vector<made_tensor> adapter_tensors(
  const std::filesystem::path& model, const std::vector<std::string>& modules, std::size_t rank, std::uint64_t seed);

/// Writes an adapter's folder.
void write_adapter(
  const scratch_folder& folder, const boost::json::object& config, const std::vector<made_tensor>& tensors);

/// Writes the model with each W + scale * B A in place of W, in float32.
void write_merged(const scratch_folder& folder, const std::filesystem::path& model,
  const std::vector<made_tensor>& adapter, double scale);

} // namespace troupe::engine::testing
