//! Grammars that an answer's tokens keep to.

use std::sync::{Arc, Mutex};

use llguidance::api::{ParserLimits, TopLevelGrammar};
use llguidance::Matcher;
use serde_json::Value;

use crate::schema::{self, Refusal};
use crate::vocabulary::Vocabulary;
use crate::Result;

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

impl Limits {
    fn for_parser(&self) -> ParserLimits {
        ParserLimits {
            initial_lexer_fuel: self.compile_fuel,
            step_lexer_fuel: self.step_fuel,
            step_max_items: self.step_items,
            max_lexer_states: self.lexer_states,
            max_grammar_size: self.symbols,
            verbose_errors: false,
            ..ParserLimits::default()
        }
    }
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
            let mut matcher = vocabulary
                .matcher(grammar, limits.for_parser())
                .map_err(|error| refused(&error))?;
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

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// A copy of the start, with a lexer of its own.
    pub fn start(&self) -> Result<Matcher> {
        let start = self.start.lock().map_err(|_| "the grammar's lock is broken")?;
        Ok(start.deep_clone())
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
pub fn short(words: &str) -> &str {
    let end = ["\n<", "\nstack backtrace"]
        .iter()
        .filter_map(|mark| words.find(mark))
        .min();
    let words = &words[..end.unwrap_or(words.len())];
    let cut = words.char_indices().nth(400).map_or(words.len(), |(at, _)| at);
    words[..cut].trim()
}
