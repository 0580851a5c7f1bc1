//! A model's chat template.

use std::error::Error as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use minijinja::{Environment, Error, Value};
use serde_json::Value as Json;

use crate::bounded::{self, Failure};
use crate::marks::{unused_character, Quoted};
use crate::python::{environment, strftime_at, Refusal};
use crate::tokenizer::{Control, Tokenizer};
use crate::Result;

const NAME: &str = "chat_template";
/// The longest prompt that a template may write, in bytes.
const LONGEST: usize = 64 << 20;
/// The longest template, in bytes: several times what models have.
const LONGEST_SOURCE: usize = 256 << 10;
/// A conversation that quotes control tokens which the template looks for is rendered once more for each of them.
const MOST_INSPECTED: usize = 16;

/// What a template is rendered with.
pub struct Input {
    /// Array of messages.
    pub messages: Json,
    /// Array of tools, or null.
    pub tools: Json,
    pub add_generation_prompt: bool,
    /// Unix seconds that `strftime_now` shows.
    pub now: i64,
}

/// A compiled chat template. Immutable, but for having been given up.
pub struct Template {
    env: Arc<Environment<'static>>,
    /// Set once a render had to be given up, which left a thread behind: there is no second one.
    given_up: AtomicBool,
    source: String,
    bos: String,
    eos: String,
}

impl Template {
    pub fn new(source: &str, bos: &str, eos: &str) -> Result<Template> {
        if source.len() > LONGEST_SOURCE {
            return Err(format!(
                "chat template: must be at most {LONGEST_SOURCE} bytes, got {}",
                source.len()
            ));
        }
        // As Jinja reads a file: every line ends in one newline.
        let lines = source.replace("\r\n", "\n").replace('\r', "\n");
        let lines = without_generation_tags(&lines);
        // Compiling recurses once for each operator of a chain, and reckons out what is constant.
        let compiled = bounded::run(move || {
            let mut env = environment()?;
            env.add_template_owned(NAME, lines).map(|()| env)
        })
        .map_err(|failure| failure.describe("chat template"))?;
        Ok(Template {
            env: Arc::new(compiled.map_err(describe)?),
            given_up: AtomicBool::new(false),
            source: source.to_string(),
            bos: bos.to_string(),
            eos: eos.to_string(),
        })
    }

    /// The prompt.
    pub fn render(&self, input: &Input) -> Result<String> {
        self.render_with(&input.messages, &input.tools, input)
    }

    /// The prompt's tokens. Control tokens that messages and tools quote are text.
    pub fn encode(&self, input: &Input, tokenizer: &Tokenizer) -> Result<Vec<i32>> {
        let prompt = self.render(input)?;
        let inputs = [&input.messages, &input.tools];
        let quoted = tokenizer
            .control_finder()
            .and_then(|finder| Quoted::find(finder, tokenizer.control_texts(), &inputs));
        let Some(quoted) = quoted else {
            return tokenizer.encode(&prompt, Control::Parse, false);
        };
        let mark =
            unused_character(&self.source, &inputs).ok_or("messages use every character that is for private use")?;
        let marked = self.render_marked(input, &prompt, &quoted, mark)?;
        tokenizer.encode_marked(&marked, mark)
    }

    /// The prompt with what the conversation quotes broken up, and equal to `prompt` but for the marks.
    fn render_marked(&self, input: &Input, prompt: &str, quoted: &Quoted, mark: char) -> Result<String> {
        let render = |which: &[usize]| {
            let messages = quoted.break_up(&input.messages, which, mark);
            let tools = quoted.break_up(&input.tools, which, mark);
            self.render_with(&messages, &tools, input)
        };
        let equal = |marked: &Result<String>| {
            marked
                .as_ref()
                .is_ok_and(|m| m.chars().filter(|c| *c != mark).eq(prompt.chars()))
        };
        let all = render(&quoted.found);
        if equal(&all) {
            return all;
        }
        // The template looks for a control token in the messages and acts on it (it may cut out a `<think>` part).
        // Those it looks for have to stay as they are; then none of them may have reached the prompt.
        let all = all?;
        if quoted.found.len() > MOST_INSPECTED {
            return Err(format!(
                "messages quote {} different control tokens, and the chat template looks for some of them; at most \
                 {MOST_INSPECTED} can be told apart",
                quoted.found.len()
            ));
        }
        let mut kept = Vec::new();
        for which in &quoted.found {
            kept.push(*which);
            if !equal(&render(&kept)) {
                kept.pop();
            }
        }
        let marked = render(&kept)?;
        for which in quoted.found.iter().filter(|which| !kept.contains(which)) {
            if quoted.count(&marked, *which) != quoted.count(&all, *which) {
                return Err(format!(
                    "a message holds '{}', which the chat template reads as a part of its own",
                    quoted.name(*which)
                ));
            }
        }
        Ok(marked)
    }

    fn render_with(&self, messages: &Json, tools: &Json, input: &Input) -> Result<String> {
        let mut context = vec![
            ("messages", to_value(messages)),
            ("tools", to_value(tools)),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(input.add_generation_prompt)),
            ("strftime_now", strftime_at(input.now)),
        ];
        for (name, token) in [("bos_token", &self.bos), ("eos_token", &self.eos)] {
            if !token.is_empty() {
                context.push((name, Value::from(token.as_str())));
            }
        }
        let prompt = self.render_bounded(Value::from_pairs(context))?;
        if prompt.len() > LONGEST {
            return Err(format!(
                "chat template: the prompt must be at most {LONGEST} bytes, got {}",
                prompt.len()
            ));
        }
        Ok(prompt)
    }

    fn render_bounded(&self, context: Value) -> Result<String> {
        if self.given_up.load(Ordering::Relaxed) {
            return Err("chat template: it was given up before, since it takes too much time or memory".to_string());
        }
        let env = self.env.clone();
        let rendered = bounded::run(move || {
            let template = env.get_template(NAME).map_err(describe)?;
            template.render(context).map_err(describe)
        });
        rendered.unwrap_or_else(|failure| {
            if matches!(failure, Failure::GivenUp(_)) {
                self.given_up.store(true, Ordering::Relaxed);
            }
            Err(failure.describe("chat template"))
        })
    }
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::from(integer),
            (None, Some(integer)) => Value::from(integer),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(to_value).collect(),
        Json::Object(fields) => Value::from_pairs(fields.iter().map(|(key, value)| (key.as_str(), to_value(value)))),
    }
}

/// `{% generation %}` only says which parts an assistant wrote. Its body is rendered in a scope of its own.
fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let end = tag.find("%}").map_or(tag.len(), |end| end + 2);
        let (tag, after) = tag.split_at(end);
        let word = tag.trim_matches(|c: char| "{}%-+".contains(c) || c.is_whitespace());
        match word {
            "generation" => out.push_str(&tag.replace("generation", "with")),
            "endgeneration" => out.push_str(&tag.replace("endgeneration", "endwith")),
            _ => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A refusal in the template's own words; anything else with its line.
fn describe(error: Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Refusal(words)) = inner.downcast_ref() {
            return words.clone();
        }
        cause = inner.source();
    }
    let line = error.line().map_or(String::new(), |line| format!(", line {line}"));
    match error.detail() {
        Some(detail) => format!("chat template{line}: {}: {detail}", error.kind()),
        None => format!("chat template{line}: {}", error.kind()),
    }
}
