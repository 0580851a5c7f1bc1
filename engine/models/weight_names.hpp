// What each weight of the decoder is called in the two kinds of files.
#pragma once

#include "engine/model_config.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::engine {

/// How a checkpoint's files name and lay out their tensors.
enum class file_format : std::uint8_t { gguf, hugging_face };

/// What a weight is for.
enum class weight_role : std::uint8_t {
  embedding,
  norm,
  head,
  attention_norm,
  q,
  k,
  v,
  qkv,
  q_bias,
  k_bias,
  v_bias,
  q_norm,
  k_norm,
  out,
  out_bias,
  post_attention_norm,
  mlp_norm,
  gate,
  up,
  gate_up,
  down,
  router,
  expert_gate,
  expert_up,
  expert_down,
  shared_router,
  shared_gate,
  shared_up,
  shared_down,
  post_mlp_norm,
};

/// A role's names: whole ones outside of the layers, else what follows `model.layers.N.` in Hugging Face's files and
/// `blk.N.` in GGUF. `*` stands for the expert's number.
struct weight_name {
  weight_role role;
  std::string_view hugging_face;
  std::string_view gguf;
};

/// One weight of a model. GGUF holds all experts' matrices of a layer and role as one, whose `expert` is 0.
struct weight_key {
  weight_role role = weight_role::embedding;
  std::size_t layer = 0;
  std::size_t expert = 0;
  auto operator<=>(const weight_key&) const = default;
};

/// A weight that the decoder needs: what it is called in the model's files, and its shape there.
struct needed_weight {
  weight_key key;
  std::string name;
  std::vector<std::size_t> shape;
};

/// All weights of a model.
std::vector<needed_weight> needed_weights(const model_config& config, file_format format);

} // namespace troupe::engine
