//! From the regular expressions of JSON Schema (ECMA-262) to those that the grammars take.
//!
//! The two dialects agree on most of what people write. Where they differ the difference is silent (`[a&&b]`, `\d`,
//! `.`), so a pattern is read here by ECMA's rules and written anew; what has no equal is refused.

use std::iter::Peekable;
use std::str::Chars;

use llguidance::derivre::{RegexAst, RegexBuilder};

use crate::Result;

/// What ECMA-262 counts as white space and line ends.
const SPACES: &str =
    r"\t\n\x{b}\x{c}\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}";
const WORDS: &str = "0-9A-Za-z_";
const DIGITS: &str = "0-9";

/// The same language in the syntax of the crate `regex`, unanchored unless the pattern has anchors. No class of it
/// matches NUL: the quoting of JSON strings takes a class with every control character for "everything".
pub fn translate(pattern: &str) -> Result<String> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() * 2),
    };
    reader.read()?;
    let mut builder = RegexBuilder::new();
    builder
        .mk(&RegexAst::SearchRegex(reader.out.clone()))
        .map_err(|error| format!("cannot be enforced: {}", first_line(&error.to_string())))?;
    Ok(reader.out)
}

fn first_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim()
}

/// A class without NUL.
pub fn class(inside: &str) -> String {
    format!("[[{inside}]&&[^\\x{{0}}]]")
}

/// A character of a class or the name of a set of them.
enum Item {
    One(char),
    Set(String),
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<()> {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => match self.escape(false)? {
                    Item::One(c) => self.literal(c)?,
                    Item::Set(set) => self.out.push_str(&class(&set)),
                },
                '[' => self.bracket()?,
                '(' => self.group()?,
                '{' => self.count()?,
                '.' => self.out.push_str(&class(r"^\n\r\x{2028}\x{2029}")),
                ')' | '|' | '*' | '+' | '?' | '^' | '$' => self.out.push(c),
                _ => self.literal(c)?,
            }
        }
        Ok(())
    }

    fn literal(&mut self, c: char) -> Result<()> {
        if c == '\0' {
            return Err("cannot be enforced: it names the character U+0000".to_string());
        }
        self.out.push_str(&regex_syntax::escape(c.encode_utf8(&mut [0; 4])));
        Ok(())
    }

    /// Captures mean nothing here, so every group becomes one without.
    fn group(&mut self) -> Result<()> {
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next() {
                Some(':') => {}
                Some('<') if self.rest.peek().is_some_and(|c| c.is_alphabetic() || *c == '_') => {
                    self.rest
                        .by_ref()
                        .find(|c| *c == '>')
                        .ok_or("has a group without an end")?;
                }
                other => {
                    let kind: String = other.into_iter().chain(self.rest.peek().copied()).collect();
                    return Err(format!(
                        "cannot be enforced: it has a group that begins with '(?{kind}'"
                    ));
                }
            }
        }
        self.out.push_str("(?:");
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,5}`.
    fn count(&mut self) -> Result<()> {
        let mut inside = String::new();
        loop {
            match self.rest.next() {
                Some('}') => break,
                Some(c) if c.is_ascii_digit() || (c == ',' && !inside.is_empty() && !inside.contains(',')) => {
                    inside.push(c);
                }
                _ => return Err("has a '{' that begins no count such as {2} or {2,5}".to_string()),
            }
        }
        if inside.is_empty() {
            return Err("has an empty count '{}'".to_string());
        }
        self.out.push_str(&format!("{{{inside}}}"));
        Ok(())
    }

    fn bracket(&mut self) -> Result<()> {
        let mut inside = String::new();
        if self.rest.next_if_eq(&'^').is_some() {
            inside.push('^');
        }
        if self.rest.peek() == Some(&']') {
            return Err("cannot be enforced: it has an empty class".to_string());
        }
        loop {
            match self.class_item()? {
                None => break,
                Some(Item::Set(set)) => {
                    // A set of its own, since some of them are the complement of what they list.
                    inside.push_str(&format!("[{set}]"));
                    self.no_range_after_set()?;
                }
                Some(Item::One(first)) => {
                    let last = self.range_end()?.unwrap_or(first);
                    if last < first {
                        return Err(format!("has a range that runs backwards, '{first}-{last}'"));
                    }
                    inside.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", first as u32, last as u32));
                }
            }
        }
        self.out.push_str(&class(&inside));
        Ok(())
    }

    fn class_item(&mut self) -> Result<Option<Item>> {
        match self.rest.next() {
            None => Err("has a class without an end".to_string()),
            Some(']') => Ok(None),
            Some('\\') => self.escape(true).map(Some),
            Some(c) => Ok(Some(Item::One(c))),
        }
    }

    /// The `z` of `a-z`. A hyphen before the end of the class stands for itself.
    fn range_end(&mut self) -> Result<Option<char>> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || ahead.peek() == Some(&']') {
            return Ok(None);
        }
        self.rest.next();
        match self.class_item()? {
            Some(Item::One(last)) => Ok(Some(last)),
            _ => Err("has a range that ends in a set".to_string()),
        }
    }

    fn no_range_after_set(&self) -> Result<()> {
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('-') && ahead.peek() != Some(&']') {
            return Err("has a range that begins with a set".to_string());
        }
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Result<Item> {
        let c = self.rest.next().ok_or("ends in a lone backslash")?;
        let set = |set: &str| Ok(Item::Set(set.to_string()));
        match c {
            'd' => set(DIGITS),
            'D' => set(&format!("^{DIGITS}")),
            'w' => set(WORDS),
            'W' => set(&format!("^{WORDS}")),
            's' => set(SPACES),
            'S' => set(&format!("^{SPACES}")),
            'p' | 'P' => self.property(c),
            't' => Ok(Item::One('\t')),
            'n' => Ok(Item::One('\n')),
            'r' => Ok(Item::One('\r')),
            'f' => Ok(Item::One('\u{c}')),
            'v' => Ok(Item::One('\u{b}')),
            'b' if in_class => Ok(Item::One('\u{8}')),
            'x' => self.hexadecimal(2),
            'u' if self.rest.next_if_eq(&'{').is_some() => self.braced(),
            'u' => self.hexadecimal(4),
            _ if c.is_ascii_alphanumeric() => Err(format!("cannot be enforced: it has '\\{c}'")),
            _ => Ok(Item::One(c)),
        }
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<Item> {
        let text: String = self.rest.by_ref().take(digits).collect();
        if text.len() != digits {
            return Err(format!("has an escape with fewer than {digits} hexadecimal digits"));
        }
        character(&text)
    }

    fn braced(&mut self) -> Result<Item> {
        let text: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
        character(&text)
    }

    /// A Unicode property, by name.
    fn property(&mut self, letter: char) -> Result<Item> {
        if self.rest.next() != Some('{') {
            return Err(format!("has '\\{letter}' without a property in braces"));
        }
        let name: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '=') {
            return Err(format!("has a property '{name}' that is no name"));
        }
        Ok(Item::Set(format!("\\{letter}{{{name}}}")))
    }
}

fn character(digits: &str) -> Result<Item> {
    let code = u32::from_str_radix(digits, 16).map_err(|_| format!("has '{digits}' for a hexadecimal number"))?;
    match char::from_u32(code) {
        Some(c) => Ok(Item::One(c)),
        None => Err(format!(
            "cannot be enforced: it names U+{code:04X}, which is no character"
        )),
    }
}

#[cfg(test)]
mod tests;
