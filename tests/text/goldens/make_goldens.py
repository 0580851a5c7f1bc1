"""Makes the expected values of tests/text.

Run with transformers 5, jinja2 and gguf: python make_goldens.py <default model's .gguf>. Writes beside itself:
rendered/*.json (what transformers renders of templates/ and conversations.json), language.json (what its Jinja makes
of small templates), and the tokenizers with their encodings (tokenizer_goldens.py).
"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import gguf
import jinja2
from transformers.utils import chat_template_utils

import language_cases
import tokenizer_goldens

HERE = Path(__file__).parent
NOW = 1721995200  # 26 July 2024, noon UTC
SPECIAL = {
    "llama-3.1": ("<|begin_of_text|>", "<|eot_id|>"),
    "deepseek-r1": ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "gemma-2": ("<bos>", "<eos>"),
    "gemma-3": ("<bos>", "<eos>"),
    "smollm2": ("<|im_start|>", "<|im_end|>"),
    "command-r": ("<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
}


class fixed_time(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(NOW, timezone.utc)


def render(template, conversation, tools, bos, eos):
    """The prompt, or the words of a refusal, or None where rendering fails."""
    try:
        prompts, _ = chat_template_utils.render_jinja_template(
            conversations=[conversation["messages"]],
            tools=tools if "tools" in conversation else None,
            chat_template=template,
            add_generation_prompt=conversation.get("add_generation_prompt", True),
            bos_token=bos,
            eos_token=eos,
        )
        return {"prompt": prompts[0]}
    except jinja2.TemplateError as error:
        return {"refusal": str(error) if type(error) is jinja2.TemplateError else None}
    except TypeError:
        return {"refusal": None}


def write(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def main():
    model = gguf.GGUFReader(sys.argv[1])
    template = model.fields["tokenizer.chat_template"].contents()
    (HERE / "templates" / "smollm2.jinja").write_text(template)
    chat_template_utils.datetime = fixed_time
    conversations = json.loads((HERE / "conversations.json").read_text())
    tools = json.loads((HERE / "tools.json").read_text())
    for path in sorted((HERE / "templates").glob("*.jinja")):
        bos, eos = SPECIAL.get(path.stem, ("<s>", "</s>"))
        cases = []
        for conversation in conversations:
            result = render(path.read_text(), conversation, tools, bos, eos)
            # Where Python trips over a type (text + None, a loop over None), there is nothing to compare with.
            if result != {"refusal": None}:
                cases.append({"conversation": conversation["name"], **result})
        write(HERE / "rendered" / f"{path.stem}.json", {"bos": bos, "eos": eos, "now": NOW, "cases": cases})

    conversation = language_cases.CONVERSATION
    cases = [
        {"template": source, **render(source, {**conversation, "tools": "both"}, tools, "<s>", "</s>")}
        for source in language_cases.TEMPLATES
    ]
    write(HERE / "language.json", {"now": NOW, "messages": conversation["messages"], "cases": cases})

    tokenizer_goldens.make(HERE, model)


if __name__ == "__main__":
    main()
