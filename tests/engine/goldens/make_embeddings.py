"""Makes embeddings.json, what transformers makes of the goldens' prompts as embeddings.

    python make_embeddings.py ../../../models/SmolLM2-135M-Instruct.Q4_1.gguf

For the three tiny checkpoints beside it and for the default model: the mean of the normed hidden states of a prompt's
tokens, and the last one, each divided by its length (L2); and the logprobs of its third to eighth token, each behind
those before it. Everything computed in float32 on a CPU. Reads the prompts of make_goldens.py; needs torch and
transformers; made with torch 2.11.0.
"""

import json
import pathlib
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
PROMPTS = {"tied": ["short", "unicode", "long"], "untied": ["short", "unicode", "long"],
           "grouped": ["short", "unicode", "long"], "default": ["short", "unicode"]}


@torch.no_grad()
def embeddings(model, tokens):
    ids = torch.tensor([tokens])
    hidden = model.model(ids).last_hidden_state[0].float()
    pooled = {"mean": hidden.mean(0), "last": hidden[-1]}
    out = {name: [round(x, 7) for x in torch.nn.functional.normalize(state, dim=0).tolist()]
           for name, state in pooled.items()}
    logprobs = model(ids).logits[0].float().log_softmax(-1)
    return {"tokens": tokens, **out,
            "logprobs": [round(logprobs[i - 1, tokens[i]].item(), 6) for i in range(2, min(8, len(tokens)))]}


def main():
    torch.set_num_threads(2)
    path = pathlib.Path(sys.argv[1]).resolve()
    out = {}
    for name, prompts in PROMPTS.items():
        where = dict(pretrained_model_name_or_path=str(HERE / name))
        if name == "default":
            where = dict(pretrained_model_name_or_path=str(path.parent), gguf_file=path.name)
        model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32,
                                                                  attn_implementation="eager").eval()
        goldens = json.loads((HERE / f"{name}.json").read_text())
        out[name] = {prompt: embeddings(model, goldens[prompt]["tokens"]) for prompt in prompts}
    text = json.dumps(out, separators=(",", ":"))
    (HERE / "embeddings.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
