#include "engine/models/weight_names.hpp"

#include "engine/models/family.hpp"

#include <array>

namespace troupe::engine {

namespace {

using role = weight_role;

/// Names as most families have them; a family's own come first.
constexpr std::array common{
  weight_name{role::embedding, "model.embed_tokens.weight", "token_embd.weight"},
  weight_name{role::norm, "model.norm.weight", "output_norm.weight"},
  weight_name{role::head, "lm_head.weight", "output.weight"},
  weight_name{role::attention_norm, "input_layernorm.weight", "attn_norm.weight"},
  weight_name{role::q, "self_attn.q_proj.weight", "attn_q.weight"},
  weight_name{role::k, "self_attn.k_proj.weight", "attn_k.weight"},
  weight_name{role::v, "self_attn.v_proj.weight", "attn_v.weight"},
  weight_name{role::qkv, "self_attn.qkv_proj.weight", "attn_qkv.weight"},
  weight_name{role::q_bias, "self_attn.q_proj.bias", "attn_q.bias"},
  weight_name{role::k_bias, "self_attn.k_proj.bias", "attn_k.bias"},
  weight_name{role::v_bias, "self_attn.v_proj.bias", "attn_v.bias"},
  weight_name{role::q_norm, "self_attn.q_norm.weight", "attn_q_norm.weight"},
  weight_name{role::k_norm, "self_attn.k_norm.weight", "attn_k_norm.weight"},
  weight_name{role::out, "self_attn.o_proj.weight", "attn_output.weight"},
  weight_name{role::out_bias, "self_attn.o_proj.bias", "attn_output.bias"},
  weight_name{role::mlp_norm, "post_attention_layernorm.weight", "ffn_norm.weight"},
  weight_name{role::gate, "mlp.gate_proj.weight", "ffn_gate.weight"},
  weight_name{role::up, "mlp.up_proj.weight", "ffn_up.weight"},
  weight_name{role::gate_up, "mlp.gate_up_proj.weight", "ffn_up.weight"},
  weight_name{role::down, "mlp.down_proj.weight", "ffn_down.weight"},
  weight_name{role::router, "mlp.gate.weight", "ffn_gate_inp.weight"},
  weight_name{role::expert_gate, "mlp.experts.*.gate_proj.weight", "ffn_gate_exps.weight"},
  weight_name{role::expert_up, "mlp.experts.*.up_proj.weight", "ffn_up_exps.weight"},
  weight_name{role::expert_down, "mlp.experts.*.down_proj.weight", "ffn_down_exps.weight"},
  weight_name{role::shared_router, "mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp.weight"},
  weight_name{role::shared_gate, "mlp.shared_expert.gate_proj.weight", "ffn_gate_shexp.weight"},
  weight_name{role::shared_up, "mlp.shared_expert.up_proj.weight", "ffn_up_shexp.weight"},
  weight_name{role::shared_down, "mlp.shared_expert.down_proj.weight", "ffn_down_shexp.weight"},
};

/// Gathers needed weights, layer by layer.
class list {
public:
  list(const model_config& config, file_format format) : config_(config), format_(format) {}

  void whole(role what, const std::vector<std::size_t>& shape) { add({what, 0, 0}, "", shape); }

  void layer(std::size_t index) {
    layer_ = index;
    const auto& c = config_;
    in_layer(role::attention_norm, {c.hidden});
    attention();
    if (c.post_norms)
      in_layer(role::post_attention_norm, {c.hidden});
    in_layer(role::mlp_norm, {c.hidden});
    if (c.forms[index].experts)
      experts();
    else
      mlp();
    if (c.post_norms)
      in_layer(role::post_mlp_norm, {c.hidden});
  }

  std::vector<needed_weight> needed;

private:
  void attention() {
    const auto& c = config_;
    if (c.fused) {
      in_layer(role::qkv, {c.q_width() + 2 * c.kv_width(), c.hidden});
    } else {
      in_layer(role::q, {c.q_width(), c.hidden});
      in_layer(role::k, {c.kv_width(), c.hidden});
      in_layer(role::v, {c.kv_width(), c.hidden});
    }
    if (c.qkv_bias) {
      in_layer(role::q_bias, {c.q_width()});
      in_layer(role::k_bias, {c.kv_width()});
      in_layer(role::v_bias, {c.kv_width()});
    }
    if (c.qk_norm != head_norm::none) {
      const bool each = c.qk_norm == head_norm::each_head;
      in_layer(role::q_norm, {each ? c.head_dim : c.q_width()});
      in_layer(role::k_norm, {each ? c.head_dim : c.kv_width()});
    }
    in_layer(role::out, {c.hidden, c.q_width()});
    if (c.out_bias)
      in_layer(role::out_bias, {c.hidden});
  }

  void mlp() {
    const auto& c = config_;
    if (c.fused) {
      in_layer(role::gate_up, {2 * c.intermediate, c.hidden});
    } else {
      in_layer(role::gate, {c.intermediate, c.hidden});
      in_layer(role::up, {c.intermediate, c.hidden});
    }
    in_layer(role::down, {c.hidden, c.intermediate});
  }

  void experts() {
    const auto& c = config_;
    const auto& e = *c.experts;
    in_layer(role::router, {e.count, c.hidden});
    each_expert(role::expert_gate, {e.intermediate, c.hidden});
    each_expert(role::expert_up, {e.intermediate, c.hidden});
    each_expert(role::expert_down, {c.hidden, e.intermediate});
    if (e.shared_intermediate == 0)
      return;
    const bool gguf = format_ == file_format::gguf;
    in_layer(role::shared_router, gguf ? std::vector{c.hidden} : std::vector{std::size_t{1}, c.hidden});
    in_layer(role::shared_gate, {e.shared_intermediate, c.hidden});
    in_layer(role::shared_up, {e.shared_intermediate, c.hidden});
    in_layer(role::shared_down, {c.hidden, e.shared_intermediate});
  }

  void each_expert(role what, std::vector<std::size_t> shape) {
    if (format_ == file_format::gguf) {
      shape.insert(shape.begin(), config_.experts->count);
      in_layer(what, shape);
      return;
    }
    for (std::size_t i = 0; i < config_.experts->count; ++i)
      in_layer(what, shape, i);
  }

  void in_layer(role what, const std::vector<std::size_t>& shape, std::size_t expert = 0) {
    const auto* prefix = format_ == file_format::gguf ? "blk." : "model.layers.";
    add({what, layer_, expert}, prefix + std::to_string(layer_) + ".", shape);
  }

  void add(const weight_key& key, const std::string& prefix, const std::vector<std::size_t>& shape) {
    auto name = prefix + std::string(known_name(key.role));
    if (format_ == file_format::hugging_face)
      name.insert(0, config_.kind->text_prefix);
    if (const auto star = name.find('*'); star != std::string::npos)
      name.replace(star, 1, std::to_string(key.expert));
    needed.push_back({key, std::move(name), shape});
  }

  std::string_view known_name(role what) const {
    const auto pick = [&](const weight_name& name) {
      return format_ == file_format::gguf ? name.gguf : name.hugging_face;
    };
    for (const auto& name : config_.kind->names)
      if (name.role == what && !pick(name).empty())
        return pick(name);
    for (const auto& name : common)
      if (name.role == what)
        return pick(name);
    return "";
  }

  const model_config& config_;
  file_format format_;
  std::size_t layer_ = 0;
};

} // namespace

std::vector<needed_weight> needed_weights(const model_config& config, file_format format) {
  list weights(config, format);
  weights.whole(role::embedding, {config.vocabulary, config.hidden});
  for (std::size_t i = 0; i < config.layers; ++i)
    weights.layer(i);
  weights.whole(role::norm, {config.hidden});
  if (!config.tied_head)
    weights.whole(role::head, {config.vocabulary, config.hidden});
  return std::move(weights.needed);
}

} // namespace troupe::engine
