"""Tokenizers and encodings for tests/text. See make_goldens.py."""

import json

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXTS = [
    "",
    "a",
    "Hello, world! It's 'fine', isn't it? We'll see: they've gone.",
    "spaces:  two   three    four\ttab\t\ttabs\nline\n\nlines \n mixed\r\n end   ",
    "0 12 345 6789 1234567890 3.14 1e10 ٣٤٥ ½ ²",
    "def f(x: int) -> str:\n    return f\"{x!r}\"  # <- comment\n\tif (a && b) { c[i]++; }\n",
    "naïve café ﬁ Ω ß İ ǆ e\u0301 \u00a0nbsp\u200b zero",
    "😀 👩‍👩‍👧‍👦 🇫🇷 👍🏽 ❤️",
    "你好，世界。日本語のテキスト 한국어 ภาษาไทย العربية हिन्दी",
    "\u0000\u0001 nul \u007f \u0085 \ufffd \U0010ffff",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "a<|im_end|>b <|im_end|> <|im_end <|im_end|><|im_end|>",
    "<tool_call>{\"name\": 1}</tool_call>",
    "word" * 300,
    " " * 300 + "x",
]


def random_text(size):
    """Characters of many kinds from a linear congruential generator; the tests make the same text."""
    kinds = [(0x20, 95), (0x20, 95), (0x61, 26), (0x61, 26), (0x30, 10), (0xA0, 0x2E0), (0x4E00, 0x1000), (0x1F300, 0x300)]
    state = 1
    text = []

    def draw(bound):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % bound

    while size > 0:
        first, count = kinds[draw(len(kinds))]
        character = chr(first + draw(count))
        text.append(character)
        size -= len(character.encode())
    return "".join(text)


def digest(tokens):
    """FNV-1a over the tokens as four bytes each."""
    value = 0xCBF29CE484222325
    for token in tokens:
        for byte in token.to_bytes(4, "little"):
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def encode(tokenizer, text, literal):
    tokenizer.encode_special_tokens = literal
    return tokenizer.encode(text, add_special_tokens=False).ids


def cases(tokenizer, texts):
    result = []
    for text in texts:
        parsed = encode(tokenizer, text, False)
        result.append({"text": text, "parsed": parsed, "literal": encode(tokenizer, text, True),
                       "decoded": tokenizer.decode(parsed, skip_special_tokens=True)})
    return result


def random_case(tokenizer):
    tokens = encode(tokenizer, random_text(65536), False)
    return {"count": len(tokens), "digest": digest(tokens)}


def byte_level(vocabulary, merges, special, user_defined):
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in user_defined])
    return tokenizer


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def make_byte_level(here):
    """A tokenizer of 700 tokens like the default model's, trained on the goldens themselves."""
    learner = byte_level({}, [], [], [])
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    corpus = [path.read_text() for path in sorted(here.glob("*.json")) if path.stem in ("conversations", "tools")]
    corpus += [path.read_text() for path in sorted((here / "templates").glob("*.jinja"))] + TEXTS
    learner.train_from_iterator(corpus, trainer)
    learned = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    tokenizer = byte_level(learned["vocab"], merges, SPECIAL, ["<tool_call>"])
    (here / "byte_level.tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")
    write(here / "byte_level.cases.json", {"cases": cases(tokenizer, TEXTS), "random": random_case(tokenizer)})


def make_sentence_piece(here):
    """A SentencePiece vocabulary, and encodings by SentencePiece's own rule written out plainly."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=400, show_progress=False, initial_alphabet=[])
    learner.train_from_iterator([text for text in TEXTS if text.isascii()] * 3, trainer)
    learned = json.loads(learner.to_str())["model"]
    merged = [left + right for left, right in learned["merges"]]
    letters = [piece for piece in learned["vocab"] if len(piece) == 1]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    types = [2, 3, 3] + [6] * 256
    scores = [0.0] * len(tokens)
    for rank, piece in enumerate(dict.fromkeys(merged + letters)):
        tokens.append(piece)
        types.append(1)
        scores.append(-float(rank))
    ids = {piece: index for index, piece in enumerate(tokens)}

    def plain(text):
        pieces = list("▁" + text.replace(" ", "▁")) if text else []
        while True:
            best = None
            for index in range(len(pieces) - 1):
                joined = ids.get(pieces[index] + pieces[index + 1])
                if joined is not None and (best is None or scores[joined] > scores[best[0]]):
                    best = (joined, index)
            if best is None:
                break
            pieces[best[1]:best[1] + 2] = [tokens[best[0]]]
        result = []
        for piece in pieces:
            result += [ids[piece]] if piece in ids else [3 + byte for byte in piece.encode()]
        return result

    texts = [text for text in TEXTS if not any(control in text for control in ("<s>", "</s>"))]
    write(here / "sentence_piece.json", {"tokens": tokens, "types": types, "scores": scores,
                                         "cases": [{"text": text, "tokens": plain(text)} for text in texts]})


def make_default_model(here, model):
    """Encodings by the vocabulary in the GGUF file, behind the model's published pre-tokenizer."""
    def field(name):
        return model.fields[f"tokenizer.ggml.{name}"].contents()

    tokens = field("tokens")
    merges = [tuple(merge.split(" ")) for merge in field("merges")]
    special = [token for token, kind in zip(tokens, field("token_type")) if kind == 3]
    tokenizer = byte_level({token: index for index, token in enumerate(tokens)}, merges, special, [])
    write(here / "default_model.cases.json", {"cases": cases(tokenizer, TEXTS), "random": random_case(tokenizer)})


def make(here, model):
    make_byte_level(here)
    make_sentence_piece(here)
    make_default_model(here, model)
