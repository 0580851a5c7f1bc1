//! JSON as Python's `json.dumps` writes it.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};

use crate::python_text::{self, charge, items_of, DEEPEST};

/// The arguments of `json.dumps` that chat templates use.
pub struct Style {
    pub ensure_ascii: bool,
    /// What one level is indented by; `None` writes one line.
    pub indent: Option<String>,
    pub item_separator: String,
    pub key_separator: String,
    pub sort_keys: bool,
}

pub fn dumps(value: &Value, style: &Style, state: &State) -> Result<String, Error> {
    let mut out = String::new();
    let writer = Writer { style, state };
    writer.write(value, 0, &mut out)?;
    Ok(out)
}

struct Writer<'a> {
    style: &'a Style,
    state: &'a State<'a, 'a>,
}

impl Writer<'_> {
    fn write(&self, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(refused(format!("tojson: value is nested deeper than {DEEPEST}")));
        }
        match value.kind() {
            ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => out.push_str(&number(value)),
            ValueKind::String => self.write_string(value.as_str().unwrap_or_default(), out)?,
            ValueKind::Seq | ValueKind::Iterable => {
                out.push('[');
                let items = items_of(value, self.state)?;
                for (index, item) in items.iter().enumerate() {
                    self.begin_item(index, depth, out)?;
                    self.write(item, depth + 1, out)?;
                }
                self.end(']', items.len(), depth, out)?;
            }
            ValueKind::Map => {
                out.push('{');
                let mut keys = items_of(value, self.state)?;
                if self.style.sort_keys {
                    keys.sort();
                }
                for (index, key) in keys.iter().enumerate() {
                    self.begin_item(index, depth, out)?;
                    self.write_string(&key_text(key)?, out)?;
                    out.push_str(&self.style.key_separator);
                    self.write(&value.get_item(key)?, depth + 1, out)?;
                }
                self.end('}', keys.len(), depth, out)?;
            }
            kind => return Err(refused(format!("tojson: {kind} is not JSON serializable"))),
        }
        Ok(())
    }

    fn begin_item(&self, index: usize, depth: usize, out: &mut String) -> Result<(), Error> {
        charge(&self.style.item_separator, self.state)?;
        charge(&self.style.key_separator, self.state)?;
        if index > 0 {
            out.push_str(&self.style.item_separator);
        }
        self.new_line(depth + 1, out)
    }

    fn end(&self, close: char, count: usize, depth: usize, out: &mut String) -> Result<(), Error> {
        if count > 0 {
            self.new_line(depth, out)?;
        }
        out.push(close);
        Ok(())
    }

    fn new_line(&self, depth: usize, out: &mut String) -> Result<(), Error> {
        if let Some(indent) = &self.style.indent {
            self.state.consume_fuel((indent.len() * depth) as u64 / 64)?;
            out.push('\n');
            out.extend(std::iter::repeat_n(indent.as_str(), depth));
        }
        Ok(())
    }

    fn write_string(&self, text: &str, out: &mut String) -> Result<(), Error> {
        charge(text, self.state)?;
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if c < ' ' || (self.style.ensure_ascii && !(' '..='~').contains(&c)) => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
        Ok(())
    }
}

fn key_text(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String => Ok(key.as_str().unwrap_or_default().to_string()),
        ValueKind::None => Ok("null".to_string()),
        ValueKind::Bool => Ok(key.is_true().to_string()),
        ValueKind::Number => Ok(number(key)),
        kind => Err(refused(format!("tojson: keys must be strings, not {kind}"))),
    }
}

/// Python's JSON has words of its own for what JSON cannot say.
fn number(value: &Value) -> String {
    let text = python_text::number(value);
    match text.as_str() {
        "nan" => "NaN".to_string(),
        "inf" => "Infinity".to_string(),
        "-inf" => "-Infinity".to_string(),
        _ => text,
    }
}

fn refused(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}
