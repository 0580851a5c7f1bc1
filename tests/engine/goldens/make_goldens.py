"""Makes the files that the engine's tests compare with: the one place that uses transformers.

    python make_goldens.py ../../../models/SmolLM2-135M-Instruct.Q4_1.gguf

Writes three tiny seeded random checkpoints (tied, untied, grouped) as Hugging Face folders, and for each of them and
for the default model a JSON file of prompts (token ids), the logits behind the prompt at some vocabulary indexes, and
64 greedy tokens; everything computed in float32 on a CPU. Beside them, how far transformers' own bfloat16 is off at
those indexes: what that rounding comes to in this model. Needs torch, transformers, gguf and safetensors; made with
torch 2.11.0 and transformers 5.23.0.
"""

import copy
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
GREEDY = 64
LONG = 1000
# Two tokens closer than this could come out in another order by rounding alone.
CLEAR = 1e-3

TINY = {
    # Three heads of their own keys and values, one file, F32.
    "tied": dict(model_type="llama", hidden_size=48, intermediate_size=96, num_hidden_layers=2,
                 num_attention_heads=3, num_key_value_heads=3, head_dim=16, tie_word_embeddings=True,
                 rope_theta=10000.0, dtype=torch.float32, shards=1, seed=1),
    # Two files with an index, BF16, rotations stretched as Llama 3 does.
    "untied": dict(model_type="llama", hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                   num_attention_heads=4, num_key_value_heads=4, head_dim=16, tie_word_embeddings=False,
                   rope_theta=500000.0, dtype=torch.bfloat16, shards=2, seed=5,
                   rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                     original_max_position_embeddings=256)),
    # Eight heads share the keys and values of two; heads wider than hidden / heads; F16.
    "grouped": dict(model_type="mistral", hidden_size=64, intermediate_size=64, num_hidden_layers=3,
                    num_attention_heads=8, num_key_value_heads=2, head_dim=16, tie_word_embeddings=False,
                    rope_theta=10000.0, dtype=torch.float16, shards=1, seed=3, sliding_window=None),
}
VOCABULARY = 320
CONTEXT = 1200


def make_tiny(name, spec):
    spec = dict(spec)
    dtype, shards, seed = spec.pop("dtype"), spec.pop("shards"), spec.pop("seed")
    kind = transformers.MistralConfig if spec["model_type"] == "mistral" else transformers.LlamaConfig
    spec.pop("model_type")
    rope = dict(spec.pop("rope_scaling", {"rope_type": "default"}), rope_theta=spec.pop("rope_theta"))
    config = kind(vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, bos_token_id=0,
                  eos_token_id=1, rope_parameters=rope, **spec)
    config.attention_bias = False
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key:
                weight.copy_(1 + 0.2 * torch.randn_like(weight))
            else:
                # Wide enough for logits that differ clearly between tokens.
                weight.copy_(torch.randn_like(weight) * (0.5 if "embed" in key else 1.5 / weight.shape[1] ** 0.5))
            weight.copy_(weight.to(dtype).float())
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    config.dtype = dtype
    config.save_pretrained(folder)
    state = {k: v.to(dtype).contiguous() for k, v in model.state_dict().items()
             if not (config.tie_word_embeddings and k == "lm_head.weight")}
    if shards == 1:
        save_file(state, folder / "model.safetensors", {"format": "pt"})
    else:
        keys, placed = sorted(state), {}
        for i in range(shards):
            part = f"model-{i + 1:05}-of-{shards:05}.safetensors"
            chosen = {k: state[k] for k in keys[i::shards]}
            placed.update(dict.fromkeys(chosen, part))
            save_file(chosen, folder / part, {"format": "pt"})
        total = sum(v.numel() * v.element_size() for v in state.values())
        index = {"metadata": {"total_size": total}, "weight_map": placed}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    return model


def tiny_prompts():
    rng = torch.Generator().manual_seed(7)
    ids = lambda n: torch.randint(2, VOCABULARY, (n,), generator=rng).tolist()
    return {"short": ids(5), "long": ids(LONG), "unicode": ids(23), "special": [0, 1, 0] + ids(8) + [1, 1, 0]}


def default_prompts(tokenizer):
    def chat(text):
        return tokenizer.apply_chat_template([{"role": "user", "content": text}], add_generation_prompt=True,
                                             tokenize=True, return_dict=False)
    story = " ".join(f"In year {year} the old lighthouse keeper wrote page {year * 7 % 97} of his diary."
                     for year in range(1900, 1990))
    return {
        "short": tokenizer("The capital of France is", add_special_tokens=False).input_ids,
        "long": tokenizer(story, add_special_tokens=False).input_ids[:LONG],
        "unicode": chat("Übersetze „Grüße aus 東京“ – 🦀 naïve café, Ω≈ç√∫ – bitte ins Englische."),
        "special": chat("Say hello.") + tokenizer("Hello!<|im_end|>\n<|im_start|>user\nAgain<|im_end|>\n<|im_start|>"
                                                  "assistant\n", add_special_tokens=False).input_ids,
    }


@torch.no_grad()
def golden(model, narrow, tokens):
    vocabulary = model.config.vocab_size
    result = model(torch.tensor([tokens]), use_cache=True)
    logits = result.logits[0, -1].float()
    shown = sorted(set(logits.topk(48).indices.tolist()) | set(range(0, vocabulary, max(1, vocabulary // 128))))
    off = (narrow(torch.tensor([tokens])).logits[0, -1].float() - logits)[shown].abs().max().item()
    greedy, margin = [], float("inf")
    past, last = result.past_key_values, logits
    for _ in range(GREEDY):
        top = last.topk(2)
        margin = min(margin, (top.values[0] - top.values[1]).item())
        greedy.append(top.indices[0].item())
        result = model(torch.tensor([[greedy[-1]]]), past_key_values=past, use_cache=True)
        past, last = result.past_key_values, result.logits[0, -1].float()
    assert margin > CLEAR, f"two tokens are only {margin} apart: choose another prompt or seed"
    return {"tokens": tokens, "indexes": shown, "logits": [round(logits[i].item(), 5) for i in shown],
            "greedy": greedy, "margin": round(margin, 5), "bfloat16_off": round(off, 4)}


def write(name, model, prompts):
    for prompt, tokens in prompts.items():
        print(name, prompt, len(tokens), "tokens")
    narrow = copy.deepcopy(model).to(torch.bfloat16)
    text = json.dumps({name: golden(model, narrow, tokens) for name, tokens in prompts.items()}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace('},"', '},\n"') + "\n")


def main():
    torch.set_num_threads(2)
    for name, spec in TINY.items():
        write(name, make_tiny(name, spec), tiny_prompts())
    path = pathlib.Path(sys.argv[1]).resolve()
    where = dict(pretrained_model_name_or_path=str(path.parent), gguf_file=path.name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32,
                                                              attn_implementation="eager").eval()
    write("default", model, default_prompts(tokenizer))


if __name__ == "__main__":
    main()
