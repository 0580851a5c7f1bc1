//! The pre-tokenizers that GGUF files name in `tokenizer.ggml.pre`, as the models' own tokenizer.json has them.

use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::normalizer::SplitDelimiterBehavior;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper};

use crate::Result;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What stands before byte-level BPE.
pub struct Preparation {
    pub normalizer: Option<NormalizerWrapper>,
    pub pre_tokenizer: PreTokenizerWrapper,
    /// A word that is a token as it stands is not put together by merges.
    pub ignore_merges: bool,
}

/// Looks a `tokenizer.ggml.pre` up.
pub fn byte_level_preparation(name: &str) -> Result<Preparation> {
    let (normalized, steps, ignore_merges) = match name {
        "gpt-2" | "phi-2" => (false, gpt2(), false),
        "mpt" | "olmo" => (true, gpt2(), false),
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" => (name == "command-r", single_digits(), false),
        "llama-bpe" | "llama3" | "llama-v3" | "smaug-bpe" | "falcon3" | "pixtral" => (false, split(&[LLAMA3])?, true),
        "dbrx" => (false, split(&[LLAMA3])?, false),
        "qwen2" | "deepseek-r1-qwen" => (true, split(&[QWEN2])?, false),
        "tekken" => (false, split(&[TEKKEN])?, true),
        "gpt-4o" | "llama4" => (false, split(&[GPT4O])?, false),
        // Files from before pre-tokenizers had names.
        "" | "default" => (
            false,
            split(&[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"])?,
            false,
        ),
        _ => {
            return Err(format!(
            "tokenizer.ggml.pre is '{name}'; known are codeshell, command-r, dbrx, deepseek-r1-qwen, default, falcon3, \
             gpt-2, gpt-4o, llama-bpe, llama-v3, llama3, llama4, mpt, olmo, phi-2, pixtral, qwen2, refact, smaug-bpe, \
             smollm, starcoder and tekken"
        ))
        }
    };
    Ok(Preparation {
        normalizer: normalized.then(|| NFC.into()),
        pre_tokenizer: Sequence::new(steps).into(),
        ignore_merges,
    })
}

fn gpt2() -> Vec<PreTokenizerWrapper> {
    vec![ByteLevel::new(false, true, true).into()]
}

fn single_digits() -> Vec<PreTokenizerWrapper> {
    vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()]
}

/// Splits by one expression after the other, then maps bytes to their letters.
fn split(expressions: &[&str]) -> Result<Vec<PreTokenizerWrapper>> {
    let mut steps = Vec::new();
    for expression in expressions {
        let pattern = SplitPattern::Regex((*expression).to_string());
        let step = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
            .map_err(|e| format!("pre-tokenizer expression {expression}: {e}"))?;
        steps.push(step.into());
    }
    steps.push(ByteLevel::new(false, true, false).into());
    Ok(steps)
}
