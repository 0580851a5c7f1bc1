#!/usr/bin/env python3
"""Makes adapters for the tiny model `tied` with PEFT, and what PEFT makes of its prompts with each of them.

    python tests/engine/goldens/make_adapters.py

Needs torch, transformers and peft; made with peft 0.21.2. Writes adapter_*/ and adapter_*.json beside
itself; the tests need neither.
"""
import json
import pathlib

import peft
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
ADAPTERS = {
    # All matrices, each of a rank that its name says.
    "adapter_all": dict(r=4, lora_alpha=6, target_modules="all-linear",
                        rank_pattern={"down_proj": 2, "layers.0.self_attn.q_proj": 3},
                        alpha_pattern={"mlp.up_proj": 9}),
    "adapter_rslora": dict(r=4, lora_alpha=4, use_rslora=True,
                           target_modules=["q_proj", "v_proj", "gate_proj"]),
}
GREEDY = 24


@torch.no_grad()
def golden(model, tokens):
    logits = model(torch.tensor([tokens])).logits[0, -1]
    shown = sorted(logits.topk(48).indices.tolist())
    greedy, sequence = [], list(tokens)
    for _ in range(GREEDY):
        top = model(torch.tensor([sequence])).logits[0, -1].topk(2)
        assert (top.values[0] - top.values[1]).item() > 5e-3, "two tokens are too near: choose another seed"
        greedy.append(top.indices[0].item())
        sequence.append(greedy[-1])
    return {"tokens": tokens, "indexes": shown, "logits": [round(logits[i].item(), 5) for i in shown], "greedy": greedy}


def main():
    prompts = json.loads((HERE / "tied.json").read_text())
    for seed, (name, spec) in enumerate(ADAPTERS.items()):
        model = transformers.AutoModelForCausalLM.from_pretrained(HERE / "tied", dtype=torch.float32,
                                                                  attn_implementation="eager").eval()
        adapted = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **spec)).eval()
        torch.manual_seed(seed)
        for key, weight in adapted.named_parameters():
            if "lora_" in key:
                weight.data = (0.2 * torch.randn_like(weight)).half().float()
        adapted.save_pretrained(HERE / name)
        config = json.loads((HERE / name / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = "tied"
        for key in ("target_modules", "exclude_modules"):
            if isinstance(config.get(key), list):
                config[key].sort()
        (HERE / name / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
        (HERE / name / "adapter_model.safetensors").chmod(0o644)
        (HERE / name / "README.md").unlink(missing_ok=True)
        given = {prompt: golden(adapted, prompts[prompt]["tokens"]) for prompt in ("short", "unicode")}
        text = json.dumps(given, separators=(",", ":"))
        (HERE / f"{name}.json").write_text(text.replace('},"', '},\n"') + "\n")
        print(name, {prompt: answer["greedy"][:8] for prompt, answer in given.items()})


if __name__ == "__main__":
    main()
