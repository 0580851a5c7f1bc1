//! A tokenizer out of what a GGUF file says about it.

use ahash::AHashMap;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::byte_level::ByteLevel as ByteLevelDecoder;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as DecoderSequence;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{Merges, BPE};
use tokenizers::normalizers::prepend::Prepend;
use tokenizers::normalizers::replace::Replace;
use tokenizers::normalizers::utils::Sequence as NormalizerSequence;
use tokenizers::{AddedToken, DecoderWrapper, NormalizerWrapper, Tokenizer as HfTokenizer};

use crate::pre_tokenizers::byte_level_preparation;
use crate::tokenizer::{Ends, Tokenizer};
use crate::Result;

/// `tokenizer.ggml.token_type` of the token for what cannot be spelled.
const UNKNOWN: i32 = 2;
/// Of a token that is no text.
const CONTROL: i32 = 3;
/// Of a token that was added to a trained vocabulary, and is found before anything else.
const USER_DEFINED: i32 = 4;
/// Of a token that spells one byte.
const BYTE: i32 = 6;

/// What stands in the file's `tokenizer.ggml.*` fields. A list that the file does not have is empty.
pub struct Vocabulary<'a> {
    pub tokens: Vec<&'a str>,
    pub token_types: &'a [i32],
    pub merges: Vec<&'a str>,
    pub scores: &'a [f32],
    pub model: &'a str,
    pub pre: &'a str,
    /// Tokens put around a prompt, -1 for none.
    pub bos: i32,
    pub eos: i32,
    pub unknown: i32,
    pub add_space_prefix: bool,
}

impl Tokenizer {
    pub fn from_gguf(vocabulary: &Vocabulary) -> Result<Tokenizer> {
        vocabulary.check()?;
        let mut inner = match vocabulary.model {
            "gpt2" => byte_level_bpe(vocabulary)?,
            "llama" => sentence_piece_bpe(vocabulary)?,
            other => return Err(format!("tokenizer.ggml.model is '{other}'; known are gpt2 and llama")),
        };
        inner
            .add_tokens(vocabulary.added_tokens())
            .map_err(|e| format!("tokenizer.ggml.tokens: {e}"))?;
        let ends = Ends {
            first: u32::try_from(vocabulary.bos).ok(),
            last: u32::try_from(vocabulary.eos).ok(),
        };
        Tokenizer::new(inner, vocabulary.tokens.len(), ends)
    }
}

impl Vocabulary<'_> {
    fn check(&self) -> Result<()> {
        let size = self.tokens.len();
        if size == 0 || size > i32::MAX as usize {
            return Err(format!("tokenizer.ggml.tokens has {size} tokens"));
        }
        for (name, length) in [("token_type", self.token_types.len()), ("scores", self.scores.len())] {
            if length != 0 && length != size {
                return Err(format!("tokenizer.ggml.{name} has {length} entries for {size} tokens"));
            }
        }
        for (name, id) in [
            ("bos_token_id", self.bos),
            ("eos_token_id", self.eos),
            ("unknown_token_id", self.unknown),
        ] {
            if id < -1 || id >= size as i32 {
                return Err(format!(
                    "tokenizer.ggml.{name} must be below {size}, the number of tokens, got {id}"
                ));
            }
        }
        Ok(())
    }

    fn ids(&self) -> Result<AHashMap<String, u32>> {
        let mut ids = AHashMap::with_capacity(self.tokens.len());
        for (id, token) in self.tokens.iter().enumerate() {
            if let Some(before) = ids.insert((*token).to_string(), id as u32) {
                return Err(format!(
                    "tokenizer.ggml.tokens has '{token}' twice, at {before} and {id}"
                ));
            }
        }
        Ok(ids)
    }

    fn added_tokens(&self) -> Vec<AddedToken> {
        self.tokens
            .iter()
            .zip(self.token_types)
            .filter(|(token, kind)| !token.is_empty() && matches!(**kind, CONTROL | USER_DEFINED))
            .map(|(token, kind)| AddedToken::from(*token, *kind == CONTROL).normalized(false))
            .collect()
    }
}

fn byte_level_bpe(vocabulary: &Vocabulary) -> Result<HfTokenizer> {
    let preparation = byte_level_preparation(vocabulary.pre)?;
    let mut merges = Merges::with_capacity(vocabulary.merges.len());
    for (index, merge) in vocabulary.merges.iter().enumerate() {
        let Some((left, right)) = merge.split_once(' ') else {
            return Err(format!(
                "tokenizer.ggml.merges must be pairs with a space between, got '{merge}' at {index}"
            ));
        };
        merges.push((left.to_string(), right.to_string()));
    }
    let model = BPE::builder()
        .vocab_and_merges(vocabulary.ids()?, merges)
        .ignore_merges(preparation.ignore_merges)
        .build()
        .map_err(|e| format!("tokenizer.ggml.merges: {e}"))?;
    let mut inner = HfTokenizer::new(model);
    inner
        .with_normalizer(preparation.normalizer)
        .map_err(|e| e.to_string())?
        .with_pre_tokenizer(Some(preparation.pre_tokenizer))
        .with_decoder(Some(ByteLevelDecoder::default()));
    Ok(inner)
}

fn sentence_piece_bpe(vocabulary: &Vocabulary) -> Result<HfTokenizer> {
    let ids = vocabulary.ids()?;
    let merges = merges_by_score(vocabulary, &ids);
    let mut builder = BPE::builder()
        .vocab_and_merges(ids, merges)
        .byte_fallback(true)
        .fuse_unk(true);
    if let Some(unknown) = vocabulary.tokens.get(vocabulary.unknown as usize) {
        builder = builder.unk_token((*unknown).to_string());
    }
    let model = builder.build().map_err(|e| format!("tokenizer.ggml.tokens: {e}"))?;

    let space = Replace::new(" ", "\u{2581}").map_err(|e| e.to_string())?;
    let back = Replace::new("\u{2581}", " ").map_err(|e| e.to_string())?;
    let mut normalizers: Vec<NormalizerWrapper> = Vec::new();
    let mut decoders: Vec<DecoderWrapper> = vec![back.into(), ByteFallback::new().into(), Fuse::new().into()];
    if vocabulary.add_space_prefix {
        normalizers.push(Prepend::new("\u{2581}".to_string()).into());
        decoders.push(Strip::new(' ', 1, 0).into());
    }
    normalizers.push(space.into());
    let mut inner = HfTokenizer::new(model);
    inner
        .with_normalizer(Some(NormalizerSequence::new(normalizers)))
        .map_err(|e| e.to_string())?
        .with_decoder(Some(DecoderSequence::new(decoders)));
    Ok(inner)
}

/// SentencePiece joins the pair whose result scores best; BPE joins the pair that stands first in a list. So: every
/// way to cut a token in two tokens, best score first, and among equals the longest left part first. A file without
/// scores has its tokens in that order already. Tokens that are no text are never put together: a text that is to stay
/// text must not become one, whatever it holds.
fn merges_by_score(vocabulary: &Vocabulary, ids: &AHashMap<String, u32>) -> Merges {
    struct Pair<'a> {
        score: f32,
        left: &'a str,
        right: &'a str,
    }
    let is_text = |id: usize| !matches!(vocabulary.token_types.get(id), Some(&(UNKNOWN | CONTROL | BYTE)));
    let is_part = |part: &str| ids.get(part).is_some_and(|id| is_text(*id as usize));
    let mut pairs = Vec::new();
    for (id, token) in vocabulary.tokens.iter().enumerate().filter(|(id, _)| is_text(*id)) {
        let score = vocabulary.scores.get(id).copied();
        let score = score.unwrap_or(-(id as f32));
        for (cut, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(cut);
            if is_part(left) && is_part(right) {
                pairs.push(Pair { score, left, right });
            }
        }
    }
    let length = |text: &str| text.chars().count();
    pairs.sort_by(|a, b| {
        (b.score.total_cmp(&a.score))
            .then_with(|| length(b.left).cmp(&length(a.left)))
            .then_with(|| length(b.right).cmp(&length(a.right)))
    });
    pairs
        .iter()
        .map(|pair| (pair.left.to_string(), pair.right.to_string()))
        .collect()
}
