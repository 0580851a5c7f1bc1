//! A tokenizer: text to tokens and back.

use aho_corasick::AhoCorasick;
use tokenizers::{AddedVocabulary, Model, OffsetType, PreTokenizer, Tokenizer as HfTokenizer};

use crate::assembler::{Assembler, Spelling};
use crate::Result;

/// Most tokens that a vocabulary may have room for: every number below its greatest takes some, whether it is there or
/// not.
const MAX_SIZE: usize = 1 << 24;

/// How control tokens that stand in a text are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// As control tokens.
    Parse,
    /// As the characters they are written with.
    Literal,
}

/// Tokens put around every prompt where the caller asks for special tokens, beside what a tokenizer.json has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    pub first: Option<u32>,
    pub last: Option<u32>,
}

/// A tokenizer with what streaming and templates need beside it. Immutable.
pub struct Tokenizer {
    inner: HfTokenizer,
    /// The added tokens, with the control tokens among them switched off.
    literal: AddedVocabulary,
    ends: Ends,
    spelling: Spelling,
    /// Every token's bytes, one after the other; token i ends at `piece_ends[i]`.
    pieces: Vec<u8>,
    piece_ends: Vec<usize>,
    special: Vec<bool>,
    control_texts: Vec<String>,
    control_finder: Option<AhoCorasick>,
}

impl Tokenizer {
    /// From the bytes of a tokenizer.json.
    pub fn from_json(json: &[u8]) -> Result<Tokenizer> {
        let inner = HfTokenizer::from_bytes(json).map_err(|e| format!("tokenizer.json: {e}"))?;
        let vocabulary = inner.get_vocab(true);
        let size = vocabulary.values().max().map_or(0, |id| *id as usize + 1);
        if size > MAX_SIZE {
            return Err(format!(
                "tokenizer.json: its greatest token must be below {MAX_SIZE}, got {}",
                size - 1
            ));
        }
        Tokenizer::new(inner, size, Ends::default())
    }

    /// From a ready pipeline. `size` is one more than the greatest token.
    pub fn new(mut inner: HfTokenizer, size: usize, ends: Ends) -> Result<Tokenizer> {
        // A request's length is the scheduler's business: never cut or fill here.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| e.to_string())?;
        // Threads belong to the workers. Only batches would use more than the caller's; this makes sure of it.
        tokenizers::parallelism::set_parallelism(false);

        let decoder = serde_json::to_value(inner.get_decoder()).map_err(|e| e.to_string())?;
        let spelling = Spelling::of_decoder(&decoder);
        let mut literal = inner.get_added_vocabulary().clone();
        literal.set_encode_special_tokens(true);

        let mut pieces = Vec::new();
        let mut piece_ends = Vec::with_capacity(size);
        for id in 0..size as u32 {
            if let Some(token) = inner.id_to_token(id) {
                pieces.extend(spelling.bytes_of(&token));
            }
            piece_ends.push(pieces.len());
        }
        let mut special = vec![false; size];
        let mut control_texts = Vec::new();
        for (id, token) in inner.get_added_tokens_decoder() {
            if token.special {
                special[id as usize] = true;
                control_texts.push(token.content);
            }
        }
        control_texts.sort();
        let control_finder = if control_texts.is_empty() {
            None
        } else {
            Some(AhoCorasick::new(&control_texts).map_err(|e| e.to_string())?)
        };
        Ok(Tokenizer {
            inner,
            literal,
            ends,
            spelling,
            pieces,
            piece_ends,
            special,
            control_texts,
            control_finder,
        })
    }

    /// Text to tokens. Runs on the caller's thread alone.
    pub fn encode(&self, text: &str, control: Control, add_special: bool) -> Result<Vec<i32>> {
        let added = match control {
            Control::Parse => self.inner.get_added_vocabulary(),
            Control::Literal => &self.literal,
        };
        self.run(added, text, None, add_special)
    }

    /// Text to tokens, control tokens parsed, where `mark` breaks up those that are to stay text: it is taken out
    /// once the control tokens have been found, so that what follows sees the text as it was.
    pub fn encode_marked(&self, text: &str, mark: char) -> Result<Vec<i32>> {
        self.run(self.inner.get_added_vocabulary(), text, Some(mark), false)
    }

    /// The steps of `tokenizers::Tokenizer::encode_fast`, with the mark taken out in between.
    fn run(&self, added: &AddedVocabulary, text: &str, mark: Option<char>, add_special: bool) -> Result<Vec<i32>> {
        let tokens = || -> tokenizers::Result<Vec<u32>> {
            let mut split = added.extract_and_normalize(self.inner.get_normalizer(), text);
            if let Some(mark) = mark {
                split.normalize(|piece| piece.replace(mark, ""))?;
            }
            if let Some(pre_tokenizer) = self.inner.get_pre_tokenizer() {
                pre_tokenizer.pre_tokenize(&mut split)?;
            }
            self.inner.get_model().tokenize_in_pretokenized(&mut split, None)?;
            let encoding = split.into_encoding(None, 0, OffsetType::None)?;
            let encoding = self.inner.post_process(encoding, None, add_special)?;
            Ok(encoding.get_ids().to_vec())
        }()
        .map_err(|e| format!("text of {} bytes cannot be tokenized: {e}", text.len()))?;
        let ends = if add_special { self.ends } else { Ends::default() };
        Ok(ends
            .first
            .into_iter()
            .chain(tokens)
            .chain(ends.last)
            .map(|id| id as i32)
            .collect())
    }

    /// Tokens to text. Tokens that the vocabulary does not have give nothing.
    pub fn decode(&self, tokens: &[i32], skip_special: bool) -> Result<String> {
        if self.spelling == Spelling::Whole {
            let known: Vec<u32> = tokens.iter().filter_map(|id| u32::try_from(*id).ok()).collect();
            return self.inner.decode(&known, skip_special).map_err(|e| e.to_string());
        }
        let mut assembler = Assembler::new(self.spelling);
        let mut text = String::new();
        for id in tokens {
            if !(skip_special && self.is_special(*id)) {
                assembler.push(self.token_bytes(*id), &mut text);
            }
        }
        assembler.finish(&mut text);
        Ok(text)
    }

    /// One token's bytes; none for a token that the vocabulary does not have.
    pub fn token_bytes(&self, token: i32) -> &[u8] {
        let Ok(index) = usize::try_from(token) else {
            return &[];
        };
        let Some(end) = self.piece_ends.get(index) else {
            return &[];
        };
        let begin = if index == 0 { 0 } else { self.piece_ends[index - 1] };
        &self.pieces[begin..*end]
    }

    pub fn is_special(&self, token: i32) -> bool {
        usize::try_from(token).is_ok_and(|index| self.special.get(index).copied().unwrap_or(false))
    }

    pub fn vocabulary_size(&self) -> usize {
        self.piece_ends.len()
    }

    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The control tokens' texts, sorted.
    pub fn control_texts(&self) -> &[String] {
        &self.control_texts
    }

    /// Finds `control_texts` in a text; nothing where there are none.
    pub fn control_finder(&self) -> Option<&AhoCorasick> {
        self.control_finder.as_ref()
    }
}
