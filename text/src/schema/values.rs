//! `const` and `enum`.

use serde_json::Value;

use super::{numbers, refuse, step, Checked};

/// The values, written out; `types` picks among them.
pub fn allowed(keyword: &str, value: &Value, types: Option<&[&str]>, at: &str) -> Checked<Value> {
    let here = step(at, keyword);
    let listed: Vec<(String, &Value)> = match (keyword, value) {
        ("const", value) => vec![(here.clone(), value)],
        (_, Value::Array(list)) => {
            let places = list.iter().enumerate();
            places
                .map(|(index, value)| (step(&here, &index.to_string()), value))
                .collect()
        }
        _ => return refuse(&here, format!("enum must be a list of values, got {value}")),
    };
    let mut values = Vec::with_capacity(listed.len());
    for (place, value) in listed {
        if types.is_none_or(|types| types.iter().any(|name| is_a(value, name))) {
            values.push(exact(value, &place)?);
        }
    }
    if values.is_empty() {
        return refuse(
            &here,
            format!("{keyword} has no value of the type that stands beside it"),
        );
    }
    Ok(serde_json::json!({ "enum": values }))
}

/// Whether a value is of a type.
pub fn is_a(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => {
            let whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
            name == "number" || (name == "integer" && whole)
        }
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    }
}

/// A value whose numbers can be written out as they are.
fn exact(value: &Value, at: &str) -> Checked<Value> {
    match value {
        Value::Number(_) => numbers::exact("the value", value, at),
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items
                .map(|(index, item)| exact(item, &step(at, &index.to_string())))
                .collect()
        }
        Value::Object(fields) => {
            let mut written = serde_json::Map::new();
            for (key, field) in fields {
                written.insert(key.clone(), exact(field, &step(at, key))?);
            }
            Ok(Value::Object(written))
        }
        _ => Ok(value.clone()),
    }
}
