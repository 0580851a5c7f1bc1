"""The tiny models of make_families.py: a config.json as people have it for every family and variation.

Beside the config, `positions` is the length that rotations are meant for where the scaling depends on it, `shards` the
number of files, `gguf` whether there is a GGUF file too.
"""

WINDOW = 24


def config(model_type, **more):
    common = dict(model_type=model_type, vocab_size=160, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                  num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256, rms_norm_eps=1e-5,
                  rope_theta=10000.0, tie_word_embeddings=False, bos_token_id=0, eos_token_id=1, pad_token_id=None)
    common.update(more)
    return {key: value for key, value in common.items() if value is not ...}


def moe(model_type, **more):
    return config(model_type, **{**dict(num_experts=8, num_experts_per_tok=2, moe_intermediate_size=16), **more})


def scaled(kind, **more):
    return config("llama", rope_scaling=dict(rope_type=kind, **more))


LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
LONGROPE = dict(type="longrope", short_factor=[1.0, 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4],
                long_factor=[1.1, 1.5, 2.0, 3.0, 4.5, 5.5, 6.0, 7.0])
LONG_CONTEXT = dict(original_max_position_embeddings=32, max_position_embeddings=256)
GEMMA = dict(head_dim=16, hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=24, sliding_window=WINDOW,
             tie_word_embeddings=..., rope_theta=1000000.0, rope_local_base_freq=10000.0)

FAMILIES = {
    "llama": dict(config=config("llama"), gguf=True, shards=3),
    "llama_tied_biased": dict(config=config("llama", tie_word_embeddings=True, attention_bias=True,
                                            num_attention_heads=4, num_key_value_heads=4, head_dim=16), gguf=True),
    "llama_rope_linear": dict(config=scaled("linear", factor=4.0), gguf=True),
    "llama_rope_llama3": dict(config=scaled("llama3", **LLAMA3), gguf=True),
    "llama_rope_yarn": dict(config=scaled("yarn", factor=4.0, original_max_position_embeddings=64), gguf=True),
    "llama_rope_yarn_set": dict(config=scaled("yarn", factor=3.0, original_max_position_embeddings=40, beta_fast=8.0,
                                              beta_slow=2.0, attention_factor=1.3, truncate=False)),
    "llama_rope_dynamic": dict(config=config("llama", max_position_embeddings=64,
                                             rope_scaling=dict(type="dynamic", factor=4.0)), positions=256),
    "llama_rope_dynamic_within": dict(config=config("llama", max_position_embeddings=128,
                                                    rope_scaling=dict(type="dynamic", factor=2.0)), positions=128),
    "mistral": dict(config=config("mistral", sliding_window=None)),
    "mistral_window": dict(config=config("mistral", sliding_window=WINDOW, num_attention_heads=4, num_key_value_heads=2,
                                         head_dim=16)),
    "qwen2": dict(config=config("qwen2", use_sliding_window=False, sliding_window=WINDOW, max_window_layers=1),
                  gguf=True),
    "qwen2_window": dict(config=config("qwen2", num_hidden_layers=3, use_sliding_window=True, sliding_window=WINDOW,
                                       max_window_layers=1, tie_word_embeddings=True)),
    "qwen3": dict(config=config("qwen3", num_attention_heads=4, num_key_value_heads=2, head_dim=16), gguf=True),
    "qwen3_window": dict(config=config("qwen3", num_hidden_layers=3, head_dim=16, use_sliding_window=True,
                                       sliding_window=WINDOW, max_window_layers=2, attention_bias=True)),
    "qwen3_yarn": dict(config=config(
        "qwen3", head_dim=16, tie_word_embeddings=True, rope_theta=..., rope_parameters=dict(
            rope_type="yarn", rope_theta=20000.0, factor=4.0, original_max_position_embeddings=32))),
    "mixtral": dict(config=config("mixtral", num_local_experts=4, num_experts_per_tok=2, intermediate_size=32,
                                  sliding_window=None),
                    gguf=True),
    "mixtral_window": dict(config=config("mixtral", num_local_experts=8, num_experts_per_tok=3,
                                         sliding_window=WINDOW, rope_theta=1000000.0)),
    "qwen2_moe": dict(config=moe("qwen2_moe", num_experts=6, shared_expert_intermediate_size=32), gguf=True),
    "qwen2_moe_sparse": dict(config=moe("qwen2_moe", num_hidden_layers=4, shared_expert_intermediate_size=32,
                                        decoder_sparse_step=2, norm_topk_prob=True, use_sliding_window=True,
                                        sliding_window=WINDOW, max_window_layers=3)),
    "qwen3_moe": dict(config=moe("qwen3_moe", head_dim=16, norm_topk_prob=True), gguf=True),
    "qwen3_moe_plain_layers": dict(config=moe("qwen3_moe", num_hidden_layers=3, head_dim=32, mlp_only_layers=[1],
                                              norm_topk_prob=False, use_sliding_window=True,
                                              sliding_window=WINDOW)),
    "olmoe": dict(config=config("olmoe", num_experts=8, num_experts_per_tok=2, num_key_value_heads=2,
                                intermediate_size=16), gguf=True),
    "olmoe_grouped": dict(config=config("olmoe", num_experts=4, num_experts_per_tok=2, norm_topk_prob=True)),
    "gemma3": dict(config=config("gemma3_text", num_hidden_layers=7, intermediate_size=32, **GEMMA)),
    "gemma3_layer_types": dict(config=config(
        "gemma3_text", num_hidden_layers=4, layer_types=["sliding_attention", "full_attention"] * 2,
        rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1000000.0),
            sliding_attention=dict(rope_type="default", rope_theta=20000.0)),
        **{**GEMMA, "rope_theta": ..., "rope_local_base_freq": ...})),
    "gemma3_pattern_of_two": dict(config=config("gemma3_text", num_hidden_layers=4, sliding_window_pattern=2,
                                                rope_scaling=dict(rope_type="linear", factor=8.0), **GEMMA)),
    "gemma3_whole": dict(config=dict(
        model_type="gemma3", eos_token_id=[1, 106], mm_tokens_per_image=4, boi_token_index=150, eoi_token_index=151,
        image_token_index=152, text_config={key: value for key, value in config(
            "gemma3_text", num_attention_heads=..., num_key_value_heads=..., num_hidden_layers=6, rope_theta=...,
            intermediate_size=32, max_position_embeddings=..., rms_norm_eps=..., bos_token_id=..., eos_token_id=...,
            pad_token_id=..., head_dim=16, sliding_window=WINDOW, tie_word_embeddings=...).items()},
        vision_config=dict(model_type="siglip_vision_model", hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                           num_attention_heads=1, image_size=28, patch_size=14))),
    "gemma3_gguf": dict(config=config("gemma3_text", num_hidden_layers=6, intermediate_size=32,
                                      **{**GEMMA, "query_pre_attn_scalar": 16}), gguf=True),
    "phi3": dict(config=config("phi3", sliding_window=None), gguf=True),
    "phi3_window": dict(config=config("phi3", sliding_window=WINDOW)),
    "phi3_longrope_short": dict(config=config("phi3", rope_scaling=LONGROPE, **{**LONG_CONTEXT,
                                "original_max_position_embeddings": 128}), positions=128),
    "phi3_longrope_long": dict(config=config("phi3", rope_scaling=LONGROPE, sliding_window=None, **LONG_CONTEXT),
                               positions=256, gguf=True),
    "phi3_partial": dict(config=config("phi3", hidden_size=64, num_attention_heads=4, num_key_value_heads=2,
                                       partial_rotary_factor=0.75, rope_scaling=dict(
        type="longrope", short_factor=[1.0] * 6, long_factor=[1.0, 1.5, 2.0, 3.0, 5.0, 6.0]), **LONG_CONTEXT),
        positions=256),
    "smollm3": dict(config=config("smollm3", num_hidden_layers=4), gguf=True),
    "smollm3_window": dict(config=config("smollm3", num_hidden_layers=4, no_rope_layers=[1, 0, 1, 0],
                                         tie_word_embeddings=..., use_sliding_window=True, sliding_window=WINDOW)),
}
