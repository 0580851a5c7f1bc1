// Reads a Hugging Face `config.json`: what all families have in common; the family's page reads the rest.
#include "engine/config/checks.hpp"
#include "engine/config/fields.hpp"
#include "engine/config/rope_scaling.hpp"
#include "engine/engine.hpp"
#include "engine/models/registry.hpp"

namespace troupe::engine {

namespace {

activation read_activation(const json_fields& fields) {
  const auto* name = fields.find("hidden_activation") ? "hidden_activation" : "hidden_act";
  const auto word = fields.text(name).value_or("");
  if (word.empty() || word == "silu" || word == "swish")
    return activation::silu;
  if (word == "gelu_pytorch_tanh")
    return activation::gelu_tanh;
  fields.refuse(name, "must be silu or gelu_pytorch_tanh");
}

/// What other members of a family have and this decoder does not.
void refuse_foreign(const json_fields& fields) {
  if (fields.flag("mlp_bias").value_or(false))
    fields.refuse("mlp_bias", "must be false");
  for (const auto* name : {"clip_qkv", "attn_logit_softcapping", "final_logit_softcapping"})
    if (fields.find(name))
      fields.refuse(name, "must be null");
  if (fields.flag("use_bidirectional_attention").value_or(false))
    fields.refuse("use_bidirectional_attention", "must be false");
  if (fields.find("quantization_config"))
    fields.refuse("quantization_config", "is not supported: the weights must be F32, F16 or BF16");
}

/// The fields that describe the decoder, with those that the family has by default.
json_fields decoder_fields(const json_fields& file, const family& kind, const std::string& where) {
  const auto fields = kind.text_config.empty() ? file : file.object(kind.text_config);
  if (!fields)
    file.refuse(kind.text_config, "is missing");
  boost::json::object object;
  for (const auto& [name, value] : kind.defaults)
    object[name] = value;
  for (const auto& name : fields->names())
    if (const auto* value = fields->find(name))
      object[name] = *value;
  return {std::move(object), kind.text_config.empty() ? where : where + ": " + std::string(kind.text_config)};
}

} // namespace

model_config read_config(const json_fields& file, const std::string& where) {
  model_config config;
  config.architecture = file.text("model_type").value_or("");
  config.kind = find_family(file_format::hugging_face, config.architecture);
  if (!config.kind)
    throw load_error(where + ": architecture '" + config.architecture + "' is not served; known are " +
      family_names(file_format::hugging_face));
  refuse_foreign(file);
  const auto fields = decoder_fields(file, *config.kind, where);
  refuse_foreign(fields);
  config.gate = read_activation(fields);
  config.vocabulary = required(fields, "vocab_size");
  config.hidden = required(fields, "hidden_size");
  config.layers = required(fields, "num_hidden_layers");
  check_range(where, "num_hidden_layers", config.layers, 1024);
  config.heads = required(fields, "num_attention_heads");
  check_range(where, "num_attention_heads", config.heads, 4096);
  config.kv_heads = fields.count("num_key_value_heads").value_or(config.heads);
  config.head_dim = fields.count("head_dim").value_or(config.hidden / config.heads);
  config.intermediate = required(fields, "intermediate_size");
  config.context = required(fields, "max_position_embeddings");
  config.rms_epsilon = fields.number("rms_norm_eps").value_or(1e-6);
  config.tied_head = fields.flag("tie_word_embeddings").value_or(config.kind->tied_head);
  config.qkv_bias = config.out_bias = fields.flag("attention_bias").value_or(false);
  config.forms.resize(config.layers);
  if (config.kind->from_hugging_face)
    config.kind->from_hugging_face(config, fields);
  if (config.ropes.empty())
    config.ropes.push_back(read_rope(fields, config.kind->rope_base, config.head_dim, config.context));
  config.context = reachable_context(config.ropes.front(), config.context);
  check(config, where);
  return config;
}

} // namespace troupe::engine
