//! `$ref`, within the one document.

use std::collections::HashMap;

use serde_json::Value;

use super::{refuse, Checked};

/// A chain of references is followed this far where a schema's kind is asked.
const LONGEST_CHAIN: usize = 64;

/// The parts of a schema that `$ref` names. Each is written once, however many name it, so that a schema does not grow
/// by its references and may refer to itself.
pub struct Definitions<'a> {
    root: &'a Value,
    names: HashMap<String, String>,
    open: Vec<(String, String, &'a Value)>,
}

impl<'a> Definitions<'a> {
    pub fn new(root: &'a Value) -> Definitions<'a> {
        Definitions {
            root,
            names: HashMap::new(),
            open: Vec::new(),
        }
    }

    /// A definition that has a name but was not taken yet: its new name, where it stands, and what stands there.
    pub fn next(&mut self) -> Option<(String, String, &'a Value)> {
        self.open.pop()
    }

    /// The new name of what a reference refers to.
    pub fn name_of(&mut self, reference: &Value, here: &str) -> Checked<String> {
        let (pointer, target) = self.find(reference, here)?;
        if let Some(name) = self.names.get(&pointer) {
            return Ok(name.clone());
        }
        if self.resolve(target).is_none() {
            return refuse(here, "the $ref leads to itself, or through too many others");
        }
        let name = format!("d{}", self.names.len());
        self.names.insert(pointer.clone(), name.clone());
        self.open.push((name.clone(), pointer, target));
        Ok(name)
    }

    /// The schema that stands at the end of a chain of bare references; nothing where the chain is a circle. A
    /// reference that leads nowhere ends it.
    pub fn resolve<'s>(&self, schema: &'s Value) -> Option<&'s Value>
    where
        'a: 's,
    {
        let mut schema = schema;
        for _ in 0..LONGEST_CHAIN {
            match schema.get("$ref") {
                None => return Some(schema),
                Some(reference) => match self.find(reference, "") {
                    Ok((_, target)) => schema = target,
                    Err(_) => return Some(schema),
                },
            }
        }
        None
    }

    /// The JSON Pointer of a reference, and what it points to.
    fn find(&self, reference: &Value, here: &str) -> Checked<(String, &'a Value)> {
        let Some(text) = reference.as_str() else {
            return refuse(here, format!("$ref must be a text, got {reference}"));
        };
        let Some(fragment) = text.strip_prefix('#') else {
            return refuse(
                here,
                format!("$ref must begin with '#', within the same document, got '{text}'"),
            );
        };
        let Some(pointer) = percent_decoded(fragment) else {
            return refuse(here, format!("$ref has a wrong escape, got '{text}'"));
        };
        match self.root.pointer(&pointer) {
            // Two ways to write one pointer are one definition.
            Some(target) => Ok((pointer, target)),
            None => refuse(
                here,
                format!("$ref must be a JSON Pointer to a part of the schema, got '{text}'"),
            ),
        }
    }
}

/// RFC 6901, section 6: a pointer in a URI fragment.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}
