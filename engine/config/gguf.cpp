// Reads GGUF metadata: what all families have in common; the family's page reads the rest.
#include "engine/files/gguf.hpp"
#include "engine/config/checks.hpp"
#include "engine/config/rope_scaling.hpp"
#include "engine/engine.hpp"
#include "engine/models/registry.hpp"

namespace troupe::engine {

namespace {

/// Metadata of one architecture.
class keys {
public:
  keys(const gguf_file& file, const std::string& architecture) : file_(file), prefix_(architecture + ".") {}

  std::size_t count(const char* name) const { return file_.count(prefix_ + name); }
  std::size_t count(const char* name, std::size_t otherwise) const {
    return file_.has(prefix_ + name) ? count(name) : otherwise;
  }
  double number(const char* name) const { return file_.number(prefix_ + name); }
  double number(const char* name, double otherwise) const {
    return file_.has(prefix_ + name) ? number(name) : otherwise;
  }
  bool flag(const char* name, bool otherwise) const {
    return file_.has(prefix_ + name) ? file_.flag(prefix_ + name) : otherwise;
  }

private:
  const gguf_file& file_;
  std::string prefix_;
};

/// What metadata does not say and the tensors show.
void look_at_tensors(model_config& config, const gguf_file& file) {
  config.tied_head = true;
  for (const auto& tensor : file.tensors()) {
    if (tensor.name == "output.weight")
      config.tied_head = false;
    if (tensor.name == "token_embd.weight")
      config.vocabulary = tensor.shape.front();
    if (tensor.name == "blk.0.attn_q.bias")
      config.qkv_bias = true;
    if (tensor.name == "blk.0.attn_output.bias")
      config.out_bias = true;
  }
  if (config.vocabulary == 0)
    throw load_error(file.path().string() + ": tensor 'token_embd.weight' is missing");
}

void read_experts(model_config& config, const keys& metadata) {
  expert_config experts;
  experts.count = metadata.count("expert_count", 0);
  if (experts.count == 0)
    return;
  experts.chosen = metadata.count("expert_used_count");
  experts.intermediate = metadata.count("expert_feed_forward_length", config.intermediate);
  experts.shared_intermediate = metadata.count("expert_shared_feed_forward_length", 0);
  config.experts = experts;
  for (auto& form : config.forms)
    form.experts = true;
}

} // namespace

model_config read_config(const gguf_file& file) {
  const auto where = file.path().string();
  model_config config;
  config.architecture = file.text("general.architecture");
  config.kind = find_family(file_format::gguf, config.architecture);
  if (!config.kind)
    throw load_error(where + ": architecture '" + config.architecture + "' is not served; known are " +
      family_names(file_format::gguf));
  const keys metadata(file, config.architecture);
  config.hidden = metadata.count("embedding_length");
  config.layers = metadata.count("block_count");
  check_range(where, "number of layers", config.layers, 1024);
  config.heads = metadata.count("attention.head_count");
  check_range(where, "number of attention heads", config.heads, 4096);
  config.kv_heads = metadata.count("attention.head_count_kv", config.heads);
  config.head_dim = metadata.count("attention.key_length", config.hidden / config.heads);
  config.intermediate = metadata.count("feed_forward_length");
  config.context = metadata.count("context_length");
  config.rms_epsilon = metadata.number("attention.layer_norm_rms_epsilon");
  config.attention_scale = metadata.number("attention.scale", 0);
  config.forms.resize(config.layers);
  for (auto& form : config.forms)
    form.window = metadata.count("attention.sliding_window", 0);
  look_at_tensors(config, file);
  config.ropes.push_back(read_rope(file, config.architecture, config.head_dim));
  read_experts(config, metadata);
  if (config.kind->from_gguf)
    config.kind->from_gguf(config, file);
  if (config.experts)
    config.experts->normalize = metadata.flag("expert_weights_norm", config.experts->normalize);
  config.context = reachable_context(config.ropes.front(), config.context);
  check(config, where);
  return config;
}

} // namespace troupe::engine
