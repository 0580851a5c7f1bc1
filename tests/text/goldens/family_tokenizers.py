"""Small tokenizers built as those of the model families are, and what the `tokenizers` package makes of texts.

Run with tokenizers and transformers 5: python family_tokenizers.py. Writes families.json beside itself: for each family
its tokenizer.json, its `tokenizer.ggml.pre` and kind where GGUF knows it, and the cases.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.tokenization_utils_base import generate_merges

from tokenizer_goldens import TEXTS, digest, random_text

HERE = Path(__file__).parent
SPACE = "▁"
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_end|>"]
CUTS = {
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
              r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
             r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
              r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
              r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def corpus():
    texts = [path.read_text() for path in sorted(HERE.glob("*.json")) if path.stem in ("conversations", "tools")]
    return texts + [text for text in TEXTS if len(set(text)) > 3]


def regex_cut(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def digits_cut():
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False)])


def finished(tokenizer, user_defined=("<tool_call>",)):
    """With the added tokens of a chat model, and a beginning of text."""
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in user_defined])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


def byte_level(cut, normalizer=None, ignore_merges=False):
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = cut
    if normalizer:
        learner.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(corpus(), trainer)
    learned = json.loads(learner.to_str())["model"]
    vocabulary = dict(learned["vocab"])
    # A word that no merge makes: found only where whole words are looked up first.
    vocabulary["Ġxyzzy"] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, [tuple(pair) for pair in learned["merges"]],
                                     ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = cut
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    return finished(tokenizer)


def sentence_piece_model(whole_text):
    """Pieces as SentencePiece orders them, every way to join them as transformers converts them."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always" if not whole_text else "never")
    trainer = trainers.BpeTrainer(vocab_size=260, show_progress=False, initial_alphabet=[])
    learner.train_from_iterator([text for text in corpus() if text.isascii()], trainer)
    learned = json.loads(learner.to_str())["model"]
    merged = dict.fromkeys(left + right for left, right in learned["merges"])
    merged = [piece for piece in merged if piece not in SPECIAL]
    letters = sorted(piece for piece in learned["vocab"] if len(piece) == 1)
    pieces = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)] + merged + letters
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    scores = {piece: -float(rank) for rank, piece in enumerate(merged)}
    return models.BPE(vocabulary, [tuple(pair[:2]) for pair in generate_merges(vocabulary, scores)],
                      unk_token="<unk>", fuse_unk=True, byte_fallback=True)


def sentence_piece_decoder(strip):
    steps = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence(steps + [decoders.Strip(" ", 1, 0)] if strip else steps)


def llama2():
    tokenizer = Tokenizer(sentence_piece_model(False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    tokenizer.decoder = sentence_piece_decoder(True)
    return finished(tokenizer)


def mistral():
    """As transformers 5 and newer folders have it: the space stands before the text alone."""
    tokenizer = Tokenizer(sentence_piece_model(False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(SPACE, prepend_scheme="first", split=False)
    tokenizer.decoder = sentence_piece_decoder(True)
    return finished(tokenizer)


def gemma():
    tokenizer = Tokenizer(sentence_piece_model(True))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = sentence_piece_decoder(False)
    return finished(tokenizer, ("<tool_call>", "\n\n"))


def unigram(byte_fallback):
    learner = Tokenizer(models.Unigram())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    extra = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    learner.train_from_iterator(corpus(), trainer)
    learned = [(piece, round(score, 3)) for piece, score in json.loads(learner.to_str())["model"]["vocab"]]
    pieces = learned[:len(SPECIAL)] + [(piece, 0.0) for piece in extra] + learned[len(SPECIAL):]
    tokenizer = Tokenizer(models.Unigram(pieces, 0, byte_fallback))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = sentence_piece_decoder(True) if byte_fallback else decoders.Metaspace()
    return finished(tokenizer)


FAMILIES = [
    # Name, tokenizer, tokenizer.ggml.model and .pre, or None where GGUF has no such kind.
    ("gpt-2", lambda: byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)), ("gpt2", "gpt-2")),
    ("olmo", lambda: byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC()), ("gpt2", "olmo")),
    ("smollm", lambda: byte_level(digits_cut()), ("gpt2", "smollm")),
    ("llama-3", lambda: byte_level(regex_cut(CUTS["llama3"]), ignore_merges=True), ("gpt2", "llama-bpe")),
    ("qwen-2", lambda: byte_level(regex_cut(CUTS["qwen2"]), normalizers.NFC()), ("gpt2", "qwen2")),
    ("tekken", lambda: byte_level(regex_cut(CUTS["tekken"]), ignore_merges=True), ("gpt2", "tekken")),
    ("llama-2", llama2, ("llama", "")),
    ("mistral", mistral, None),
    ("gemma", gemma, ("llama", "")),
    ("unigram", lambda: unigram(False), None),
    ("unigram with bytes", lambda: unigram(True), None),
]
MORE_TEXTS = [
    " leading, and  trailing  ",
    " xyzzy plugh",
    "a<tool_call> b <tool_call>c\n\n\nd",
    "<|im_end|> after a control token",
    "McDonald's IPhone HTTPServer don'T WE'LL /usr/bin//x\n",
]


def cases(tokenizer):
    result = []
    for text in [text for text in TEXTS if len(text) < 300] + MORE_TEXTS:
        tokenizer.encode_special_tokens = True
        literal = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        whole = tokenizer.encode(text).ids
        parsed = tokenizer.encode(text, add_special_tokens=False).ids
        assert whole == [tokenizer.token_to_id("<s>")] + parsed
        result.append({"text": text, "parsed": parsed, "literal": literal, "decoded": tokenizer.decode(whole),
                       "with_special": tokenizer.decode(whole, skip_special_tokens=False)})
    return result


def family(make, gguf):
    tokenizer = make()
    described = {"tokenizer": json.loads(tokenizer.to_str()), "cases": cases(tokenizer)}
    tokens = tokenizer.encode(random_text(65536), add_special_tokens=False).ids
    described["random"] = {"count": len(tokens), "digest": digest(tokens)}
    if gguf:
        described["gguf"] = {"model": gguf[0], "pre": gguf[1]}
    return described


def main():
    described = {name: family(make, gguf) for name, make, gguf in FAMILIES}
    (HERE / "families.json").write_text(json.dumps(described, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
