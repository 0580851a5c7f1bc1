//! A model's vocabulary as grammars see it.

use std::sync::Arc;

use llguidance::api::{GrammarInit, ParserLimits, TopLevelGrammar};
use llguidance::earley::SlicedBiasComputer;
use llguidance::{Logger, Matcher, ParserFactory};
use toktrie::{InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::blanks::Blanks;
use crate::tokenizer::Tokenizer;
use crate::Result;

/// The longest token that a grammar sees, in bytes: well within the trie's limit. Longer ones are runs of one character.
const LONGEST_TOKEN: usize = 255;

/// How a grammar sees a model's tokens. Immutable.
pub struct Vocabulary {
    factory: ParserFactory,
    /// Bits of the tokens that stand for text.
    texts: Vec<u32>,
    /// Bits of the tokens that begin with white space.
    blanks: Vec<u32>,
    ends: Vec<TokenId>,
}

/// The trie as the compiler wants it. Not canonical: no token is forced on the model where several spell the text.
struct Environment {
    trie: TokTrie,
}

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }
    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(bytes)
    }
    fn tokenize_is_canonical(&self) -> bool {
        false
    }
}

impl Vocabulary {
    /// `size` is the number of logits in a row; what the tokenizer has beyond it, and what it lacks below it, is
    /// never allowed. `ends` are the tokens that end an answer.
    pub fn new(tokenizer: &Tokenizer, ends: &[i32], size: usize) -> Result<Vocabulary> {
        if size == 0 || size > i32::MAX as usize {
            return Err(format!(
                "the model's vocabulary must have 1 to {} tokens, got {size}",
                i32::MAX
            ));
        }
        if ends.is_empty() {
            return Err("a grammar needs at least one token that ends an answer, got none".to_string());
        }
        if let Some(end) = ends
            .iter()
            .find(|end| usize::try_from(**end).map_or(true, |end| end >= size))
        {
            return Err(format!(
                "a token that ends an answer must be between 0 and {}, got {end}",
                size - 1
            ));
        }
        let mut words = vec![Vec::new(); size];
        let mut texts = vec![0; size.div_ceil(32)];
        let mut blanks = texts.clone();
        for (id, word) in words.iter_mut().enumerate().take(tokenizer.vocabulary_size()) {
            let token = id as i32;
            let bytes = tokenizer.token_bytes(token);
            // 0xff is no part of UTF-8, and marks special tokens in the trie.
            let text = !bytes.is_empty() && bytes[0] != TokTrie::SPECIAL_TOKEN_MARKER && bytes.len() <= LONGEST_TOKEN;
            if !text || tokenizer.is_special(token) || ends.contains(&token) {
                continue;
            }
            *word = bytes.to_vec();
            texts[id / 32] |= 1 << (id % 32);
            if Blanks::is_blank(bytes[0]) {
                blanks[id / 32] |= 1 << (id % 32);
            }
        }
        let ends: Vec<TokenId> = ends.iter().map(|end| *end as TokenId).collect();
        let trie = TokTrie::from(&TokRxInfo::new(size as u32, ends[0]), &words);
        let environment: TokEnv = Arc::new(Environment { trie });
        let slices = SlicedBiasComputer::json_slices();
        let factory =
            ParserFactory::new(&environment, InferenceCapabilities::default(), &slices).map_err(|e| e.to_string())?;
        Ok(Vocabulary {
            factory,
            texts,
            blanks,
            ends,
        })
    }

    pub fn mask_words(&self) -> usize {
        self.texts.len()
    }

    /// Starts a grammar with limits of its own.
    pub fn matcher(&self, grammar: TopLevelGrammar, limits: ParserLimits) -> Result<Matcher> {
        let parser = self.factory.create_parser_from_init_ext(
            GrammarInit::Serialized(grammar),
            Logger::new(0, 0),
            InferenceCapabilities::default(),
            limits,
        );
        Ok(Matcher::new(Ok(parser.map_err(|error| error.to_string())?)))
    }

    /// Bits of the tokens that stand for text: none of the special tokens.
    pub fn texts(&self) -> &[u32] {
        &self.texts
    }

    /// Bits of the tokens that begin with white space.
    pub fn blanks(&self) -> &[u32] {
        &self.blanks
    }

    /// The tokens that end an answer.
    pub fn ends(&self) -> &[TokenId] {
        &self.ends
    }

    pub fn bytes_of(&self, token: TokenId) -> &[u8] {
        self.factory.tok_env().tok_trie().token(token)
    }
}

/// Whether a token's bit is set.
pub fn has(bits: &[u32], token: TokenId) -> bool {
    let word = bits.get(token as usize / 32);
    word.is_some_and(|word| word & (1 << (token % 32)) != 0)
}
