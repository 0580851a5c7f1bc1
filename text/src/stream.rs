//! Text out of tokens as they come.

use std::sync::Arc;

use crate::assembler::{Assembler, Spelling};
use crate::tokenizer::Tokenizer;
use crate::Result;

/// Decodes one answer token by token. What it returns, joined, is the whole decode, with or without special tokens; a
/// call costs what its token costs, however long the answer is.
pub struct Stream {
    tokenizer: Arc<Tokenizer>,
    skip_special: bool,
    assembler: Assembler,
    /// Tokens of a vocabulary that can only be decoded as a whole.
    waiting: Vec<i32>,
}

impl Stream {
    pub fn new(tokenizer: Arc<Tokenizer>, skip_special: bool) -> Stream {
        let assembler = Assembler::new(tokenizer.spelling());
        Stream {
            tokenizer,
            skip_special,
            assembler,
            waiting: Vec::new(),
        }
    }

    /// The text that is complete with this token.
    pub fn push(&mut self, token: i32) -> String {
        let mut text = String::new();
        if self.tokenizer.spelling() == Spelling::Whole {
            self.waiting.push(token);
        } else if !(self.skip_special && self.tokenizer.is_special(token)) {
            self.assembler.push(self.tokenizer.token_bytes(token), &mut text);
        }
        text
    }

    /// What is left. The stream can then be used for another answer.
    pub fn finish(&mut self) -> Result<String> {
        if !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            return self.tokenizer.decode(&waiting, self.skip_special);
        }
        let mut text = String::new();
        self.assembler.finish(&mut text);
        Ok(text)
    }
}
