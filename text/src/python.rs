//! What Hugging Face's templates expect of Python and of its Jinja: functions, filters and methods.

use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{from_args, Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

use crate::python_json::{dumps, Style};
use crate::python_text;

/// Work that one render may do: instructions, and 64 bytes of text made count as one more. A thousand messages take a
/// hundredth of it. What it does not count is bounded by `crate::bounded`.
const FUEL: u64 = 2_000_000;
/// The longest format of a time, and the longest refusal that is passed on, in bytes.
const LONGEST_TIME: usize = 1024;
const LONGEST_REFUSAL: usize = 4096;
/// How deep macros and loops nest. Well within a thread's stack.
const RECURSION: usize = 200;

/// Why a template refuses a conversation, in its own words.
#[derive(Debug)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// The environment that `transformers` renders chat templates in.
pub fn environment() -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // Chat templates are text, not HTML.
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(RECURSION);
    env.set_unknown_method_callback(method);
    env.set_formatter(|out, state, value| {
        match value.as_str() {
            Some(text) => out.write_str(text)?,
            None => out.write_str(&python_text::text(value, state)?)?,
        }
        Ok(())
    });
    env.add_filter("tojson", tojson);
    env.add_filter("string", |state: &State, value: &Value| python_text::text(value, state));
    env.add_filter("e", escape);
    env.add_filter("escape", escape);
    env.add_filter("int", |value: &Value, default: Option<Value>| {
        let whole = as_float(value)
            .filter(|float| float.is_finite())
            .map(|float| float.trunc() as i64);
        as_integer(value)
            .or(whole)
            .map_or_else(|| default.unwrap_or(Value::from(0)), Value::from)
    });
    env.add_filter("float", |value: &Value, default: Option<Value>| {
        as_float(value).map_or_else(|| default.unwrap_or(Value::from(0.0)), Value::from)
    });
    env.add_test("iterable", has_items);
    env.add_test("sequence", has_items);
    env.add_function("raise_exception", raise_exception);
    Ok(env)
}

fn raise_exception(state: &State, words: &Value) -> Result<Value, Error> {
    let mut words = python_text::text(words, state)?;
    if words.len() > LONGEST_REFUSAL {
        words.truncate(
            (0..=LONGEST_REFUSAL)
                .rev()
                .find(|at| words.is_char_boundary(*at))
                .unwrap_or(0),
        );
    }
    Err(Error::new(ErrorKind::InvalidOperation, words.clone()).with_source(Refusal(words)))
}

/// Texts and dicts have items too, and `none` has not.
fn has_items(value: &Value) -> bool {
    use ValueKind::{Iterable, Map, Seq, String, Undefined};
    matches!(value.kind(), Iterable | Map | Seq | String | Undefined)
}

/// Python's `int` of integers and texts.
fn as_integer(value: &Value) -> Option<i64> {
    match value.kind() {
        ValueKind::String => value.as_str()?.trim().parse().ok(),
        ValueKind::Bool => Some(value.is_true().into()),
        ValueKind::Number if value.is_integer() => i64::try_from(value.clone()).ok(),
        _ => None,
    }
}

/// Python's `float` of numbers and texts.
fn as_float(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::String => value.as_str()?.trim().parse().ok(),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        _ => None,
    }
}

/// As MarkupSafe writes it.
fn escape(state: &State, value: &Value) -> Result<String, Error> {
    let text = python_text::text(value, state)?;
    // Up to six times as long.
    state.consume_fuel(text.len() as u64 / 10)?;
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Ok(escaped)
}

fn tojson(state: &State, value: &Value, indent: Option<Value>, args: Kwargs) -> Result<Value, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => args.get::<Option<Value>>("indent")?,
    };
    let indent = match indent {
        None => None,
        Some(v) if v.is_none() || v.is_undefined() => None,
        Some(v) if v.kind() == ValueKind::String => v.as_str().map(str::to_string),
        Some(v) => {
            let width = i64::try_from(v)?;
            if width > 100 {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!("tojson: indent must be at most 100, got {width}"),
                ));
            }
            Some(" ".repeat(width.max(0) as usize))
        }
    };
    let (item_separator, key_separator) = match args.get::<Option<Vec<String>>>("separators")?.as_deref() {
        None => (if indent.is_some() { "," } else { ", " }.to_string(), ": ".to_string()),
        Some([item, key]) => (item.clone(), key.clone()),
        Some(other) => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("tojson: separators must be two texts, got {}", other.len()),
            ))
        }
    };
    let style = Style {
        ensure_ascii: args.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        indent,
        item_separator,
        key_separator,
        sort_keys: args.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
    };
    args.assert_all_used()?;
    Ok(Value::from(dumps(value, &style, state)?))
}

/// A function for templates that writes the local time `now` (Unix seconds) in C's `strftime` format.
pub fn strftime_at(now: i64) -> Value {
    Value::from_function(move |format: &str| -> Result<String, Error> {
        local_time(now, format).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("strftime_now: cannot write the time as '{format}'"),
            )
        })
    })
}

fn local_time(now: i64, format: &str) -> Option<String> {
    if format.is_empty() {
        return Some(String::new());
    }
    if format.len() > LONGEST_TIME {
        return None;
    }
    let format = std::ffi::CString::new(format).ok()?;
    let now = libc::time_t::try_from(now).ok()?;
    let mut text = vec![0u8; 256 + 16 * format.as_bytes().len()];
    // SAFETY: `tm` is plain data that localtime_r fills in; strftime writes at most `text.len()` bytes, and both
    // strings end in NUL.
    let written = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&now, &mut tm).is_null() {
            return None;
        }
        libc::strftime(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), &tm)
    };
    text.truncate(written);
    String::from_utf8(text).ok().filter(|t| !t.is_empty())
}

/// Python's methods of strings, lists and dicts.
fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if let (ValueKind::String, Some(text)) = (value.kind(), value.as_str()) {
        match name {
            "removeprefix" => {
                let (prefix,): (&str,) = from_args(args)?;
                return Ok(text.strip_prefix(prefix).unwrap_or(text).into());
            }
            "removesuffix" => {
                let (suffix,): (&str,) = from_args(args)?;
                return Ok(text.strip_suffix(suffix).unwrap_or(text).into());
            }
            "rsplit" => {
                let (separator, most): (&str, Option<usize>) = from_args(args)?;
                let most = most.map_or(usize::MAX, |most| most.saturating_add(1));
                // One part for each byte at worst, and a part is some bytes itself.
                state.consume_fuel(text.len() as u64)?;
                let mut parts: Vec<&str> = text.rsplitn(most, separator).collect();
                parts.reverse();
                return Ok(parts.into_iter().map(Value::from).collect());
            }
            _ => {}
        }
    }
    pycompat::unknown_method_callback(state, value, name, args)
}
