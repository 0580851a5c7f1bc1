//! JSON Schema, made ready for the grammar compiler or refused.
//!
//! The compiler under the grammars knows part of JSON Schema, passes over keywords that it does not know, and weakens
//! a few that it does (a property may be spelled `\u0061` and so miss its schema; where objects are merged, one
//! side's `additionalProperties` is forgotten). Here a schema is read in full and written anew from what holds
//! exactly: whoever writes by the result writes nothing that the schema forbids. It may be narrower, never wider.
//! Every other schema is refused, with the place.

mod disjoint;
pub mod formats;
mod names;
mod numbers;
mod objects;
pub mod pattern;
mod references;
mod strings;
mod values;

use serde_json::{Map, Value};

use references::Definitions;

/// The longest list a schema may count out, in items: the compiler writes each of them down.
const MOST_ITEMS: u64 = 4096;

/// Say nothing about a value. `strict` belongs to the API around schemas and says what holds here anyway.
const ANNOTATIONS: [&str; 12] = [
    "title",
    "description",
    "default",
    "examples",
    "example",
    "$comment",
    "$schema",
    "deprecated",
    "readOnly",
    "writeOnly",
    "strict",
    "discriminator",
];

/// Holders of schemas that count only where a `$ref` names them.
const HOLDERS: [&str; 2] = ["$defs", "definitions"];

const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

/// A schema that cannot be enforced exactly.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    /// The place in the schema (RFC 6901), where there is one.
    pub pointer: Option<String>,
}

pub type Checked<T> = Result<T, Refusal>;

pub fn refuse<T>(pointer: &str, message: impl Into<String>) -> Checked<T> {
    Err(Refusal {
        message: message.into(),
        pointer: Some(pointer.to_string()),
    })
}

/// `at` with one more step.
pub fn step(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A schema in the words that the grammar compiler takes literally.
pub fn prepare(schema: &Value) -> Checked<Value> {
    let mut checker = Checker {
        definitions: Definitions::new(schema),
    };
    let mut root = checker.schema(schema, "")?;
    let mut definitions = Map::new();
    while let Some((name, pointer, target)) = checker.definitions.next() {
        definitions.insert(name, checker.schema(target, &pointer)?);
    }
    if let (Some(root), false) = (root.as_object_mut(), definitions.is_empty()) {
        root.insert("$defs".to_string(), Value::Object(definitions));
    }
    Ok(root)
}

/// What a schema asserts beside annotations, by keyword.
type Keywords<'a> = Vec<(&'a str, &'a Value)>;

struct Checker<'a> {
    definitions: Definitions<'a>,
}

impl<'a> Checker<'a> {
    fn schema(&mut self, schema: &'a Value, at: &str) -> Checked<Value> {
        let fields = match schema {
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(fields) => fields,
            _ => return refuse(at, "a schema must be an object, true or false"),
        };
        let keywords = asserted(fields, at)?;
        let types = types_of(fields, at)?;
        match sole_applicator(&keywords, at)? {
            Some((keyword @ ("const" | "enum"), value)) => values::allowed(keyword, value, types.as_deref(), at),
            Some((keyword, value)) => self.applicator(keyword, value, at),
            None => self.assertions(&keywords, types, at),
        }
    }

    fn applicator(&mut self, keyword: &str, value: &'a Value, at: &str) -> Checked<Value> {
        let here = step(at, keyword);
        if keyword == "$ref" {
            let name = self.definitions.name_of(value, &here)?;
            return Ok(serde_json::json!({ "$ref": format!("#/$defs/{name}") }));
        }
        let Some(options) = value.as_array().filter(|options| !options.is_empty()) else {
            return refuse(&here, format!("{keyword} must be a list of at least one schema"));
        };
        if keyword == "allOf" && options.len() > 1 {
            return refuse(
                &here,
                "allOf of more than one schema cannot be enforced: write them as one",
            );
        }
        let mut written = Vec::with_capacity(options.len());
        for (index, option) in options.iter().enumerate() {
            written.push(self.schema(option, &step(&here, &index.to_string()))?);
        }
        if keyword == "oneOf" {
            disjoint::check(&self.definitions, options, &here)?;
        }
        Ok(serde_json::json!({ "anyOf": written }))
    }

    fn assertions(&mut self, keywords: &Keywords<'a>, types: Option<Vec<&str>>, at: &str) -> Checked<Value> {
        let mut written = Map::new();
        strings::check(keywords, at, &mut written)?;
        numbers::check(keywords, at, &mut written)?;
        self.arrays(keywords, at, &mut written)?;
        self.objects(keywords, at, &mut written)?;
        if let Some(types) = types {
            written.insert("type".to_string(), types.into());
        }
        Ok(Value::Object(written))
    }

    fn arrays(&mut self, keywords: &Keywords<'a>, at: &str, written: &mut Map<String, Value>) -> Checked<()> {
        for (keyword, value) in keywords {
            let here = step(at, keyword);
            match *keyword {
                "items" if value.is_array() => {
                    return refuse(&here, "items must be one schema; a list of them is called prefixItems");
                }
                "items" => {
                    let items = self.schema(value, &here)?;
                    written.insert("items".to_string(), items);
                }
                "prefixItems" => {
                    let Some(list) = value.as_array() else {
                        return refuse(&here, "prefixItems must be a list of schemas");
                    };
                    let mut items = Vec::with_capacity(list.len());
                    for (index, item) in list.iter().enumerate() {
                        items.push(self.schema(item, &step(&here, &index.to_string()))?);
                    }
                    written.insert("prefixItems".to_string(), items.into());
                }
                "minItems" | "maxItems" => {
                    let count = whole_number(keyword, value, MOST_ITEMS, &here)?;
                    written.insert((*keyword).to_string(), count.into());
                }
                "uniqueItems" if **value != Value::Bool(false) => {
                    return refuse(&here, "uniqueItems cannot be enforced");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The keywords that assert something, in order.
fn asserted<'a>(fields: &'a Map<String, Value>, at: &str) -> Checked<Keywords<'a>> {
    const KNOWN: [&str; 27] = [
        "type",
        "const",
        "enum",
        "allOf",
        "anyOf",
        "oneOf",
        "$ref",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "properties",
        "patternProperties",
        "additionalProperties",
        "required",
        "minProperties",
        "maxProperties",
    ];
    let mut keywords = Keywords::new();
    for (keyword, value) in fields {
        let keyword = keyword.as_str();
        if KNOWN.contains(&keyword) {
            keywords.push((keyword, value));
        } else if !(ANNOTATIONS.contains(&keyword) || HOLDERS.contains(&keyword) || (keyword == "$id" && at.is_empty()))
        {
            let message = format!("the keyword '{keyword}' cannot be enforced");
            return refuse(&step(at, keyword), message);
        }
    }
    Ok(keywords)
}

/// The one keyword that stands for a whole schema. Another assertion beside it would have to be merged with it, which
/// is not done; `type` beside `const` and `enum` only picks among the values.
fn sole_applicator<'a>(keywords: &Keywords<'a>, at: &str) -> Checked<Option<(&'a str, &'a Value)>> {
    const WHOLE: [&str; 6] = ["$ref", "allOf", "anyOf", "oneOf", "const", "enum"];
    let Some((whole, value)) = keywords.iter().find(|(keyword, _)| WHOLE.contains(keyword)) else {
        return Ok(None);
    };
    let lists_values = matches!(*whole, "const" | "enum");
    let other = keywords
        .iter()
        .find(|(keyword, _)| keyword != whole && !(lists_values && *keyword == "type"));
    match other {
        None => Ok(Some((whole, value))),
        Some((other, _)) => refuse(
            &step(at, other),
            format!("'{other}' beside '{whole}' cannot be enforced: write them as one schema"),
        ),
    }
}

fn types_of<'a>(fields: &'a Map<String, Value>, at: &str) -> Checked<Option<Vec<&'a str>>> {
    let Some(value) = fields.get("type") else {
        return Ok(None);
    };
    let names = match value {
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => value.as_str().map(|name| vec![name]),
    };
    match names {
        Some(names) if !names.is_empty() && names.iter().all(|name| TYPES.contains(name)) => Ok(Some(names)),
        _ => refuse(
            &step(at, "type"),
            format!("type must be one or several of {}, got {value}", TYPES.join(", ")),
        ),
    }
}

/// The value of a keyword that counts.
fn whole_number(keyword: &str, value: &Value, most: u64, here: &str) -> Checked<u64> {
    match value.as_u64() {
        Some(count) if count <= most => Ok(count),
        _ => refuse(
            here,
            format!("{keyword} must be a whole number from 0 to {most}, got {value}"),
        ),
    }
}

#[cfg(test)]
mod tests;
