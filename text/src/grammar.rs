//! Grammars that an answer's tokens keep to.

use std::sync::{Arc, Mutex};

use llguidance::api::{ParserLimits, TopLevelGrammar};
use llguidance::earley::SlicedBiasComputer;
use llguidance::{Matcher, ParserFactory};
use serde_json::Value;
use toktrie::{InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::blanks::Blanks;
use crate::schema::{self, Refusal};
use crate::tokenizer::Tokenizer;
use crate::Result;

/// The longest token that a grammar sees, in bytes: the trie's limit. Longer ones are runs of one character.
const LONGEST_TOKEN: usize = 255;
/// Nested schemas, groups and rules are compiled by descent. Only what is used of it becomes memory.
const COMPILE_STACK: usize = 512 << 20;

/// What stands before a schema inside a Lark grammar.
const SCHEMA_MARK: &str = "%json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    JsonSchema,
    JsonObject,
    Regex,
    Lark,
}

/// What a grammar may cost. Fuel is the compiler's own measure: about 50 units a microsecond when compiling, 14 when
/// stepping.
#[derive(Clone, Debug)]
pub struct Limits {
    pub source_bytes: usize,
    pub symbols: usize,
    pub lexer_states: usize,
    pub compile_fuel: u64,
    pub step_fuel: u64,
    pub step_items: usize,
}

/// How a grammar sees a model's tokens. Immutable.
pub struct Vocabulary {
    environment: TokEnv,
    slices: Vec<String>,
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
        Ok(Vocabulary {
            environment: Arc::new(Environment { trie }),
            slices: SlicedBiasComputer::json_slices(),
            texts,
            blanks,
            ends,
        })
    }

    pub fn mask_words(&self) -> usize {
        self.texts.len()
    }

    fn is_text(&self, token: TokenId) -> bool {
        has(&self.texts, token)
    }

    fn is_end(&self, token: TokenId) -> bool {
        self.ends.contains(&token)
    }
}

fn has(bits: &[u32], token: TokenId) -> bool {
    let word = bits.get(token as usize / 32);
    word.is_some_and(|word| word & (1 << (token % 32)) != 0)
}

/// A compiled grammar. Immutable; the lock is held while a state is copied out of it.
pub struct Grammar {
    vocabulary: Arc<Vocabulary>,
    start: Mutex<Matcher>,
    is_json: bool,
}

impl From<String> for Refusal {
    fn from(message: String) -> Refusal {
        Refusal { message, pointer: None }
    }
}

impl Grammar {
    pub fn compile(
        vocabulary: Arc<Vocabulary>,
        kind: Kind,
        source: &str,
        limits: &Limits,
    ) -> std::result::Result<Grammar, Refusal> {
        if source.len() > limits.source_bytes {
            return Err(format!(
                "the grammar must be at most {} bytes, got {}",
                limits.source_bytes,
                source.len()
            )
            .into());
        }
        let start = on_deep_stack(|| {
            let grammar = read(kind, source)?;
            let mut matcher = matcher(&vocabulary, grammar, limits)?;
            // A grammar that nothing can begin, and one that costs too much to begin, show here.
            matcher
                .compute_mask_or_eos()
                .map_err(|error| refused(&error.to_string()))?;
            Ok(matcher)
        })?;
        Ok(Grammar {
            vocabulary,
            start: Mutex::new(start),
            is_json: match kind {
                Kind::JsonSchema | Kind::JsonObject => true,
                Kind::Regex => false,
                Kind::Lark => source.contains(SCHEMA_MARK),
            },
        })
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

fn on_deep_stack<T: Send>(
    work: impl FnOnce() -> std::result::Result<T, Refusal> + Send,
) -> std::result::Result<T, Refusal> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(COMPILE_STACK)
            .spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(refused("the compiler gave up")),
            Err(error) => Err(format!("cannot start a thread to compile a grammar: {error}").into()),
        }
    })
}

/// The source in the compiler's form.
fn read(kind: Kind, source: &str) -> std::result::Result<TopLevelGrammar, Refusal> {
    match kind {
        Kind::JsonObject => Ok(TopLevelGrammar::from_json_schema(
            serde_json::json!({ "type": "object" }),
        )),
        Kind::JsonSchema => {
            let value: Value =
                serde_json::from_str(source).map_err(|error| format!("the JSON schema is no JSON: {error}"))?;
            Ok(TopLevelGrammar::from_json_schema(schema::prepare(&value)?))
        }
        Kind::Regex => {
            regex_syntax::parse(source)
                .map_err(|error| format!("the regular expression is wrong: {}", last_line(&error)))?;
            Ok(TopLevelGrammar::from_regex(source))
        }
        Kind::Lark => Ok(TopLevelGrammar::from_lark(prepare_schemas(source)?)),
    }
}

/// A Lark grammar with every schema behind a `%json` prepared as one that stands alone.
fn prepare_schemas(source: &str) -> std::result::Result<String, Refusal> {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find(SCHEMA_MARK) {
        let (before, behind) = rest.split_at(at + SCHEMA_MARK.len());
        let mut values = serde_json::Deserializer::from_str(behind).into_iter::<Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                return Err(format!("no JSON stands behind a {SCHEMA_MARK} of the grammar: {error}").into())
            }
            None => return Err(format!("a schema must stand behind {SCHEMA_MARK} in the grammar, got nothing").into()),
        };
        out.push_str(before);
        out.push(' ');
        out.push_str(&schema::prepare(&value)?.to_string());
        rest = &behind[values.byte_offset()..];
    }
    out.push_str(rest);
    Ok(out)
}

fn matcher(
    vocabulary: &Vocabulary,
    grammar: TopLevelGrammar,
    limits: &Limits,
) -> std::result::Result<Matcher, Refusal> {
    let capabilities = InferenceCapabilities::default();
    let mut factory = ParserFactory::new(&vocabulary.environment, capabilities, &vocabulary.slices)
        .map_err(|error| refused(&error.to_string()))?;
    factory.quiet();
    *factory.limits_mut() = ParserLimits {
        initial_lexer_fuel: limits.compile_fuel,
        step_lexer_fuel: limits.step_fuel,
        step_max_items: limits.step_items,
        max_lexer_states: limits.lexer_states,
        max_grammar_size: limits.symbols,
        verbose_errors: false,
        ..ParserLimits::default()
    };
    let parser = factory
        .create_parser(grammar)
        .map_err(|error| refused(&error.to_string()))?;
    Ok(Matcher::new(Ok(parser)))
}

/// What is wrong, without the drawing of where.
fn last_line(error: &regex_syntax::Error) -> String {
    let words = error.to_string();
    let last = words.lines().last().unwrap_or(&words);
    last.trim_start_matches("error: ").to_string()
}

fn refused(why: &str) -> Refusal {
    format!("the grammar cannot be used: {}", short(why)).into()
}

/// The compiler's own words, without what it adds for its makers.
fn short(words: &str) -> &str {
    let end = ["\n<", "\nstack backtrace"]
        .iter()
        .filter_map(|mark| words.find(mark))
        .min();
    let words = &words[..end.unwrap_or(words.len())];
    let cut = words.char_indices().nth(400).map_or(words.len(), |(at, _)| at);
    words[..cut].trim()
}

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
        let matcher = grammar
            .start
            .lock()
            .map_err(|_| "the grammar's lock is broken")?
            .deep_clone();
        let blanks = grammar.is_json.then(Blanks::default);
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
        let vocabulary = &self.grammar.vocabulary;
        if !self.ended && !self.matcher.is_stopped() {
            let bits = self.matcher.compute_mask().map_err(|error| stuck(&error.to_string()))?;
            for ((word, bits), text) in mask.iter_mut().zip(bits.as_slice()).zip(&vocabulary.texts) {
                *word = bits & text;
            }
            if self.no_blank(may_end) {
                for (word, blank) in mask.iter_mut().zip(&vocabulary.blanks) {
                    *word &= !blank;
                }
            }
        }
        if may_end {
            for end in &vocabulary.ends {
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
        let vocabulary = self.grammar.vocabulary.clone();
        if vocabulary.is_end(token) {
            let may_end = self.may_end()?;
            self.ended |= may_end;
            return Ok(may_end);
        }
        if self.ended || self.matcher.is_stopped() || !vocabulary.is_text(token) {
            self.check()?;
            return Ok(false);
        }
        if has(&vocabulary.blanks, token) {
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
                blanks.push(vocabulary.environment.tok_trie().token(token));
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
