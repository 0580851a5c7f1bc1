//! Whether the options of a `oneOf` exclude each other, so that "exactly one" is "one of them".

use serde_json::Value;

use super::references::Definitions;
use super::{refuse, step, values, Checked, TYPES};

/// How deep properties are compared.
const DEEPEST: usize = 8;
/// Every pair of schemas is compared, and what they are made of; this many times for one `oneOf`. It is enough for a
/// few hundred schemas.
const MOST_COMPARISONS: usize = 200_000;

struct Comparison<'d, 'a> {
    definitions: &'d Definitions<'a>,
    left: usize,
}

/// Refuses options of which two may hold at once, or may for all that is seen here.
pub fn check(definitions: &Definitions, options: &[Value], here: &str) -> Checked<()> {
    let mut comparison = Comparison {
        definitions,
        left: MOST_COMPARISONS,
    };
    for (index, one) in options.iter().enumerate() {
        for (before, other) in options[..index].iter().enumerate() {
            if !comparison.disjoint(one, other, DEEPEST) {
                return refuse(
                    &step(here, &index.to_string()),
                    format!(
                        "oneOf cannot be enforced: a value may match its schemas {before} and {index} at once; tell \
                         them apart by type or by a required property with different constants, or write anyOf"
                    ),
                );
            }
        }
    }
    Ok(())
}

impl Comparison<'_, '_> {
    /// Whether no value matches both. False too where that is not seen.
    fn disjoint(&mut self, one: &Value, other: &Value, depth: usize) -> bool {
        if depth == 0 || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let (Some(one), Some(other)) = (self.definitions.resolve(one), self.definitions.resolve(other)) else {
            return false;
        };
        if *one == Value::Bool(false) || *other == Value::Bool(false) {
            return true;
        }
        for (whole, rest) in [(one, other), (other, one)] {
            for keyword in ["anyOf", "oneOf", "allOf"] {
                if let Some(Value::Array(options)) = whole.get(keyword) {
                    return options.iter().all(|option| self.disjoint(option, rest, depth - 1));
                }
            }
        }
        match (listed_values(one), listed_values(other)) {
            (Some(ours), Some(theirs)) => self.values_apart(&ours, &theirs),
            (Some(values), None) => values.iter().all(|value| !has_type(value, other)),
            (None, Some(values)) => values.iter().all(|value| !has_type(value, one)),
            (None, None) => types_apart(one, other) || self.objects_apart(one, other, depth),
        }
    }

    fn values_apart(&mut self, ours: &[&Value], theirs: &[&Value]) -> bool {
        let pairs = ours.len() * theirs.len();
        self.left = self.left.saturating_sub(pairs);
        self.left != 0 && ours.iter().all(|a| theirs.iter().all(|b| !equal(a, b)))
    }

    /// Objects only, with a property that one of them requires and whose schemas exclude each other.
    fn objects_apart(&mut self, one: &Value, other: &Value, depth: usize) -> bool {
        if types(one) != ["object"] || types(other) != ["object"] {
            return false;
        }
        [one, other].iter().any(|schema| {
            let required = schema.get("required").and_then(Value::as_array);
            required.into_iter().flatten().filter_map(Value::as_str).any(|name| {
                match (property(one, name), property(other, name)) {
                    (Some(a), Some(b)) => self.disjoint(a, b, depth - 1),
                    _ => false,
                }
            })
        })
    }
}

fn listed_values(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

/// Equal as JSON Schema has it: 1 and 1.0 are one number. Lists and objects count as equal.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => true,
        _ => one == other,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => TYPES.to_vec(),
    }
}

fn has_type(value: &Value, schema: &Value) -> bool {
    types(schema).iter().any(|name| values::is_a(value, name))
}

fn types_apart(one: &Value, other: &Value) -> bool {
    let number = |name: &str| matches!(name, "integer" | "number");
    types(one)
        .iter()
        .all(|a| types(other).iter().all(|b| a != b && !(number(a) && number(b))))
}

fn property<'v>(schema: &'v Value, name: &str) -> Option<&'v Value> {
    schema.get("properties")?.get(name)
}
