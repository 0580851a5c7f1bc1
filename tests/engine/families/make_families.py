"""Makes what the engine's families are compared with: the one place beside make_goldens.py that uses transformers.

    python make_families.py [NAME ...]

For every family and variation a JSON file: a config.json as people have it, how each tensor of the checkpoint is made
from its name (no file holds them: the test makes the same numbers), prompts shorter and longer than the window, the
logits behind each, how far transformers' own bfloat16 is off, and 48 greedy tokens, computed in float32 on a CPU. For
some, a GGUF file of the same weights in F16, laid out as llama.cpp's converter lays it out. Needs torch, transformers,
safetensors, gguf; made with torch 2.11.0, transformers 5.24.0 and gguf 0.19.0.
"""

import copy
import json
import pathlib
import sys
import tempfile

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from families import FAMILIES
from families_gguf import write_gguf

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY = 160
GREEDY = 48
# Two tokens or experts closer than these could come out in another order by rounding alone.
CLEAR = 2e-3
CLEAR_ROUTE = 1e-5


def fnv(text):
    hashed = 0xCBF29CE484222325
    for byte in text.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 % (1 << 64)
    return hashed


def numbers(name, seed, shape, add, times):
    """add + times * u, u uniform in [-1, 1) by splitmix64 over name, seed and index, rounded to F16."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        start = np.uint64(fnv(f"{seed} {name}"))
        z = start + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)
    values = np.float32(add) + np.float32(times) * unit
    return values.astype(np.float16).astype(np.float32).reshape(shape)


def recipe(name, shape, spec):
    """What a tensor's numbers are spread around, and how far."""
    if spec["config"]["model_type"].startswith("gemma"):
        # Its tied head would have it repeat its last token for ever: a small embedding, and all else wide.
        if "norm" in name:
            return (9.0 if name.endswith("model.norm.weight") else 1.0 if "post_" in name else 0.0), 0.3
        if "embed_tokens" in name:
            return 0.0, 0.15
    if "norm" in name:
        return 1.0, 0.3
    if name.endswith("bias"):
        return 0.0, 0.5
    if "embed_tokens" in name:
        # A tied head reads the embedding: it must be as wide as a head's.
        return 0.0, 0.8
    scale = spec.get("head", 3.0) if "lm_head" in name else 2.6
    return 0.0, round(float(scale / shape[-1] ** 0.5), 4)


def make_model(spec):
    config = transformers.AutoConfig.for_model(**copy.deepcopy(spec["config"]))
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with tempfile.TemporaryDirectory() as folder:
        # transformers knows how its own names differ from those in files: save, look, and load what we made.
        model.save_pretrained(folder)
        folder = pathlib.Path(folder)
        shapes = {}
        with safe_open(folder / "model.safetensors", "pt") as saved:
            for name in saved.keys():
                shapes[name] = list(saved.get_slice(name).get_shape())
        tensors = {name: [shape, *recipe(name, shape, spec)] for name, shape in sorted(shapes.items())}
        state = {name: torch.from_numpy(numbers(name, spec.get("seed", 1), *t)) for name, t in tensors.items()}
        save_file(state, folder / "model.safetensors", {"format": "pt"})
        (folder / "config.json").write_text(json.dumps(spec["config"]))
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                                  attn_implementation="eager").eval()
    if "positions" in spec:
        pin_rope(model, spec["positions"])
    return model, tensors, state


def pin_rope(model, positions):
    """Rotations for sequences of this length, as a server that serves so many has them whatever it is asked for."""
    rope = model.model.rotary_emb
    frequencies, _ = ROPE_INIT_FUNCTIONS[rope.rope_type](model.config, "cpu", seq_len=positions)
    rope.inv_freq = frequencies
    rope.rope_type = "default"


def watch_routers(model, gaps):
    """Notes how close the last chosen expert and the first that was not chosen are."""
    def look(router, _, output):
        logits = output[0].float()
        if router.top_k < logits.shape[-1]:
            top = logits.topk(router.top_k + 1, dim=-1).values
            gaps.append((top[..., -2] - top[..., -1]).min().item())
    for module in model.modules():
        if type(module).__name__.endswith("TopKRouter"):
            module.register_forward_hook(look)


@torch.no_grad()
def golden(model, narrow, tokens, gaps):
    logits = model(torch.tensor([tokens])).logits[0, -1]
    shown = sorted(set(logits.topk(16).indices.tolist()) | set(range(0, VOCABULARY, 10)))
    off = (narrow(torch.tensor([tokens])).logits[0, -1].float() - logits)[shown].abs().max().item()
    greedy, margin, result = [], float("inf"), None
    # Without a cache: what a window leaves out is then transformers' own mask, and nothing else.
    row = list(tokens)
    for _ in range(GREEDY):
        last = model(torch.tensor([row]), use_cache=False).logits[0, -1]
        top = last.topk(2)
        margin = min(margin, (top.values[0] - top.values[1]).item())
        greedy.append(top.indices[0].item())
        row.append(greedy[-1])
    assert margin > CLEAR, f"two tokens are only {margin} apart: choose another seed"
    assert not gaps or min(gaps) > CLEAR_ROUTE, f"two experts are only {min(gaps)} apart: choose another seed"
    return {"tokens": tokens, "indexes": shown, "logits": [round(logits[i].item(), 5) for i in shown],
            "greedy": greedy, "bfloat16_off": round(off, 4)}, margin


def prompts(spec, seed):
    rng = np.random.default_rng(seed)
    lengths = spec.get("prompts", {"short": 7, "long": 75})
    return {name: rng.integers(2, VOCABULARY, n).tolist() for name, n in lengths.items()}


def make(name, spec):
    for seed in range(spec.get("seed", 1), 60):
        spec["seed"] = seed
        model, tensors, state = make_model(spec)
        gaps, made = [], {}
        narrow = copy.deepcopy(model).to(torch.bfloat16)
        watch_routers(model, gaps)
        try:
            margins = []
            for prompt, tokens in prompts(spec, seed).items():
                made[prompt], margin = golden(model, narrow, tokens, gaps)
                margins.append(margin)
            distinct = len({t for p in made.values() for t in p["greedy"]})
            assert distinct > 20, f"only {distinct} different tokens: choose another seed"
        except AssertionError as error:
            print(name, "seed", seed, error)
            continue
        break
    else:
        raise SystemExit(f"{name}: no seed gives clear choices")
    print(f"{name}: seed {seed}, margin {min(margins):.4f}, {distinct} distinct greedy tokens, "
          f"experts {min(gaps) if gaps else 'none'}", flush=True)
    file = {"seed": seed, "positions": spec.get("positions", 0), "shards": spec.get("shards", 1),
            "gguf": bool(spec.get("gguf")), "config": spec["config"]}
    text = json.dumps(file, separators=(",", ":"))[:-1]
    text += ',\n"tensors":{\n' + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}"
                                              for k, v in tensors.items()) + "}"
    text += ',\n"prompts":{\n' + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}"
                                              for k, v in made.items()) + "}}\n"
    (HERE / f"{name}.json").write_text(text)
    if spec.get("gguf"):
        write_gguf(HERE / f"{name}.gguf", spec["config"], state)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for name, spec in FAMILIES.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, copy.deepcopy(spec))


if __name__ == "__main__":
    main()
