//! Keywords about strings.

use serde_json::{Map, Value};

use super::{formats, pattern, refuse, step, whole_number, Checked, Keywords};

/// The longest string whose length a schema may bound, in characters. Each is a state of the lexer.
const LONGEST: u64 = 16384;

pub fn check(keywords: &Keywords, at: &str, written: &mut Map<String, Value>) -> Checked<()> {
    let mut patterns = Vec::new();
    for (keyword, value) in keywords {
        let here = step(at, keyword);
        match *keyword {
            "minLength" | "maxLength" => {
                let length = whole_number(keyword, value, LONGEST, &here)?;
                written.insert((*keyword).to_string(), length.into());
            }
            "pattern" => {
                let Some(text) = value.as_str() else {
                    return refuse(&here, format!("pattern must be a text, got {value}"));
                };
                match pattern::translate(text) {
                    Ok(translated) => patterns.push(translated),
                    Err(why) => return refuse(&here, format!("the pattern '{text}' {why}")),
                }
            }
            "format" => match value.as_str().and_then(formats::pattern) {
                Some(pattern) => patterns.push(pattern),
                None => return refuse(&here, format!("the format {value} cannot be enforced")),
            },
            _ => {}
        }
    }
    if let Some(second) = patterns.get(1) {
        written.insert("allOf".to_string(), serde_json::json!([{ "pattern": second }]));
    }
    if let Some(first) = patterns.first() {
        written.insert("pattern".to_string(), first.as_str().into());
    }
    Ok(())
}
