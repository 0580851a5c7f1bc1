"""Writes a tiny model as GGUF: metadata, names and layout as llama.cpp's converter writes them, weights in F16.

Tensors' names come from the gguf package's own map. Tokenizer and template are left out: the tests feed tokens.
"""

import math
import re

import gguf
import numpy as np

ARCHITECTURES = {"llama": "llama", "mistral": "llama", "mixtral": "llama", "qwen2": "qwen2", "qwen3": "qwen3",
                 "qwen2_moe": "qwen2moe", "qwen3_moe": "qwen3moe", "olmoe": "olmoe", "gemma3_text": "gemma3",
                 "phi3": "phi3", "smollm3": "smollm3"}
INTERLEAVED = ("llama", "smollm3")


def permute(weights, heads):
    """A head's halves become pairs that lie side by side."""
    shape = weights.shape
    return weights.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def stack_experts(state):
    stacked, experts = {}, {}
    for name, weights in state.items():
        if found := re.fullmatch(r"(.*\.experts\.)(\d+)\.(.*)", name):
            experts.setdefault((found[1], found[3]), {})[int(found[2])] = weights
        else:
            stacked[name] = weights
    for (before, after), parts in experts.items():
        name = f"{before}{after}".replace("model.layers.", "layers.").replace(".block_sparse_moe.", ".feed_forward.") \
            if "block_sparse_moe" in before else f"{before}{after}"
        stacked[name] = np.stack([parts[i] for i in range(len(parts))])
    return stacked


def add_rope(writer, config, head_dim):
    scaling = config.get("rope_scaling") or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(head_dim)
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR if kind == "linear" else gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(scaling["factor"])
        if kind == "yarn":
            writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
    if kind == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(config, scaling, head_dim))
    if config["model_type"] == "phi3":
        original = config.get("original_max_position_embeddings", config["max_position_embeddings"])
        writer.add_rope_scaling_orig_ctx_len(original)
        if kind == "longrope":
            scale = config["max_position_embeddings"] / original
            writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)))
            for length in ("long", "short"):
                writer.add_tensor(f"rope_factors_{length}.weight",
                                  np.array(scaling[f"{length}_factor"], dtype=np.float32))


def llama3_divisors(config, scaling, head_dim):
    divisors = []
    for i in range(0, head_dim, 2):
        wavelength = 2 * math.pi * config["rope_theta"] ** (i / head_dim)
        turns = scaling["original_max_position_embeddings"] / wavelength
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        smooth = min(1.0, max(0.0, (turns - low) / (high - low)))
        divisors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


def add_metadata(writer, config, head_dim):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if config.get("head_dim"):
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    if config["model_type"] in ("gemma3_text", "phi3"):
        writer.add_sliding_window(config.get("sliding_window") or 0)
    if experts := config.get("num_experts", config.get("num_local_experts")):
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
    if "moe_intermediate_size" in config:
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    if "shared_expert_intermediate_size" in config:
        writer.add_expert_shared_feed_forward_length(config["shared_expert_intermediate_size"])
    add_rope(writer, config, head_dim)


def write_gguf(path, config, state):
    architecture = ARCHITECTURES[config["model_type"]]
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    writer = gguf.GGUFWriter(path, architecture)
    add_metadata(writer, config, head_dim)
    known = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(known[architecture], config["num_hidden_layers"])
    for name, weights in stack_experts({k: v.numpy() for k, v in state.items()}).items():
        if architecture in INTERLEAVED and (found := re.search(r"\.([qk])_proj\.(weight|bias)$", name)):
            weights = permute(weights, config["num_attention_heads" if found[1] == "q" else "num_key_value_heads"])
        if architecture == "gemma3" and name.endswith("norm.weight"):
            weights = weights + 1
        if name.endswith("shared_expert_gate.weight"):
            weights = weights.squeeze(0)
        new_name = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert new_name, f"the gguf package has no name for {name}"
        narrow = weights.ndim > 1 and ".ffn_gate_inp" not in new_name
        writer.add_tensor(new_name, np.ascontiguousarray(weights.astype(np.float16 if narrow else np.float32)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
