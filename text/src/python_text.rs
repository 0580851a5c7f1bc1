//! Values as Python prints them.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};
use unicode_categories::UnicodeCategories;

/// Values nested deeper than this are refused: a template may nest them, and printing recurses.
pub const DEEPEST: usize = 200;

/// Python's `str`. Printing takes its share of the render's fuel.
pub fn text(value: &Value, state: &State) -> Result<String, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_string());
    }
    let mut out = String::new();
    match value.kind() {
        ValueKind::Undefined => {}
        _ => repr(value, state, 0, &mut out)?,
    }
    Ok(out)
}

/// The items of a list, or the keys of a dict. What a template joins is joined lazily and may be endless in effect, so
/// each item takes fuel.
pub fn items_of(value: &Value, state: &State) -> Result<Vec<Value>, Error> {
    let mut items = Vec::new();
    for item in value.try_iter()? {
        state.consume_fuel(1)?;
        items.push(item);
    }
    Ok(items)
}

/// Takes the fuel for writing `text`.
pub fn charge(text: &str, state: &State) -> Result<(), Error> {
    state.consume_fuel(1 + text.len() as u64 / 64)
}

fn repr(value: &Value, state: &State, depth: usize, out: &mut String) -> Result<(), Error> {
    if depth > DEEPEST {
        let text = format!("a value nested deeper than {DEEPEST} cannot be printed");
        return Err(Error::new(ErrorKind::InvalidOperation, text));
    }
    match value.kind() {
        ValueKind::Undefined => out.push_str("Undefined"),
        ValueKind::Number => out.push_str(&number(value)),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            charge(text, state)?;
            quote(text, out);
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let tuple = value.downcast_object_ref::<Tuple>().is_some();
            let items = items_of(value, state)?;
            out.push(if tuple { '(' } else { '[' });
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                repr(item, state, depth + 1, out)?;
            }
            if tuple && items.len() == 1 {
                out.push(',');
            }
            out.push(if tuple { ')' } else { ']' });
        }
        ValueKind::Map => {
            out.push('{');
            for (index, key) in items_of(value, state)?.iter().enumerate() {
                separate(index, out);
                repr(key, state, depth + 1, out)?;
                out.push_str(": ");
                repr(&value.get_item(key)?, state, depth + 1, out)?;
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
    Ok(())
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

fn quote(text: &str, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&match c as u32 {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push(mark);
}

/// Plane 15 is for private use, which Python would escape; marks on quoted control tokens come from there and must
/// come through.
fn is_printable(c: char) -> bool {
    c == ' '
        || !(c.is_other_control() || c.is_other_format() || c.is_separator() || ('\u{e000}'..='\u{f8ff}').contains(&c))
}

/// A number as Python's `repr` writes it.
pub fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float)
}

/// The shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
fn float(float: f64) -> String {
    if !float.is_finite() {
        return float.to_string().to_lowercase();
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if float != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = float.to_string();
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}
