// Tiny checkpoints made anew from the recipes in families/: every tensor's numbers follow from its name and a seed.
#pragma once

#include "tests/engine/file_builders.hpp"
#include "tests/engine/support.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::engine::testing {

inline const std::filesystem::path recipes = "tests/engine/families";

/// A model of make_families.py: its files in a scratch folder, and what transformers makes of its prompts.
struct tiny_model {
  explicit tiny_model(const std::string& name);

  scratch_folder folder;
  std::map<std::string, golden> prompts;
  /// The context to serve, where what the rotations are depends on it; else 0.
  std::size_t positions = 0;
  /// The same weights as a GGUF file; empty when there is none.
  std::filesystem::path gguf;
};

/// The names of all recipes, in order.
std::vector<std::string> recipe_names();

/// `count` numbers add + times * u, u uniform in [-1, 1) by splitmix64 from seed, name and index, rounded to F16: the
/// bytes of an F16 tensor. The same as make_families.py's.
std::string made_numbers(const std::string& name, std::uint64_t seed, std::size_t count, double add, double times);

} // namespace troupe::engine::testing
