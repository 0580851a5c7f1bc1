//! An answer's place in a grammar.

use std::sync::Arc;

use llguidance::Matcher;
use toktrie::TokenId;

use crate::blanks::Blanks;
use crate::grammar::{short, Grammar};
use crate::vocabulary::has;
use crate::Result;

/// One answer's place in a grammar.
pub struct State {
    grammar: Arc<Grammar>,
    matcher: Matcher,
    /// Where the grammar is JSON's: how much white space there was.
    blanks: Option<Blanks>,
    ended: bool,
}

impl State {
    pub fn new(grammar: Arc<Grammar>) -> Result<State> {
        let matcher = grammar.start()?;
        let blanks = grammar.is_json().then(Blanks::default);
        Ok(State {
            grammar,
            matcher,
            blanks,
            ended: false,
        })
    }

    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Sets the bits of the tokens that may come next and clears all others; `mask` has `mask_words` words.
    pub fn allowed(&mut self, mask: &mut [u32]) -> Result<()> {
        mask.fill(0);
        let may_end = self.may_end()?;
        let vocabulary = self.grammar.vocabulary();
        if !self.ended && !self.matcher.is_stopped() {
            let bits = self.matcher.compute_mask().map_err(|error| stuck(&error.to_string()))?;
            for ((word, bits), text) in mask.iter_mut().zip(bits.as_slice()).zip(vocabulary.texts()) {
                *word = bits & text;
            }
            if self.no_blank(may_end) {
                for (word, blank) in mask.iter_mut().zip(vocabulary.blanks()) {
                    *word &= !blank;
                }
            }
        }
        if may_end {
            for end in vocabulary.ends() {
                mask[*end as usize / 32] |= 1 << (end % 32);
            }
        } else if mask.iter().all(|word| *word == 0) {
            return Err(stuck("no token of the vocabulary goes on from here"));
        }
        Ok(())
    }

    /// Takes one token. False, and nothing is changed, for a token that `allowed` does not have.
    pub fn accept(&mut self, token: i32) -> Result<bool> {
        let Ok(token) = TokenId::try_from(token) else {
            return Ok(false);
        };
        let vocabulary = self.grammar.vocabulary().clone();
        if vocabulary.ends().contains(&token) {
            let may_end = self.may_end()?;
            self.ended |= may_end;
            return Ok(may_end);
        }
        if self.ended || self.matcher.is_stopped() || !has(vocabulary.texts(), token) {
            self.check()?;
            return Ok(false);
        }
        if has(vocabulary.blanks(), token) {
            let may_end = self.may_end()?;
            if self.no_blank(may_end) {
                return Ok(false);
            }
        }
        let taken = self
            .matcher
            .try_consume_tokens(&[token])
            .map_err(|error| stuck(&error.to_string()))?;
        if taken == 1 {
            if let Some(blanks) = &mut self.blanks {
                blanks.push(vocabulary.bytes_of(token));
            }
        }
        Ok(taken == 1)
    }

    /// Whether what was accepted is complete.
    pub fn may_end(&mut self) -> Result<bool> {
        self.check()?;
        if self.ended || self.matcher.is_stopped() {
            return Ok(true);
        }
        self.matcher.is_accepting().map_err(|error| stuck(&error.to_string()))
    }

    /// A matcher that stopped for anything but the grammar's end stays broken.
    fn check(&self) -> Result<()> {
        match self.matcher.get_error() {
            Some(error) => Err(stuck(&error)),
            None if self.matcher.stop_reason().is_ok() => Ok(()),
            None => Err(stuck(&self.matcher.stop_reason().to_string())),
        }
    }

    /// White space is held back where it would be the answer's end, or one more of a long run.
    fn no_blank(&self, may_end: bool) -> bool {
        self.blanks.as_ref().is_some_and(|blanks| may_end || blanks.full())
    }
}

fn stuck(why: &str) -> String {
    format!("the grammar cannot go on: {}", short(why))
}
