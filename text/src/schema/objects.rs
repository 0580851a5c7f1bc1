//! Keywords about objects.

use serde_json::{Map, Value};

use super::{names, pattern, refuse, step, whole_number, Checked, Checker, Keywords, MOST_ITEMS};

/// The most properties an object may name: the compiler descends once for each.
const MOST_PROPERTIES: usize = 2000;

/// What a schema says about objects.
struct Object {
    /// Every named property, those that are only `required` too, in the order they are written.
    properties: Map<String, Value>,
    required: Vec<String>,
    patterns: Map<String, Value>,
    /// The schema of every other property.
    others: Value,
}

impl<'a> Checker<'a> {
    pub(super) fn objects(
        &mut self,
        keywords: &Keywords<'a>,
        at: &str,
        written: &mut Map<String, Value>,
    ) -> Checked<()> {
        const OURS: [&str; 6] = [
            "properties",
            "patternProperties",
            "additionalProperties",
            "required",
            "minProperties",
            "maxProperties",
        ];
        if !keywords.iter().any(|(keyword, _)| OURS.contains(keyword)) {
            return Ok(());
        }
        let mut object = self.read_object(keywords, at)?;
        object.count(keywords, at, written)?;
        object.write(at, written)
    }

    fn read_object(&mut self, keywords: &Keywords<'a>, at: &str) -> Checked<Object> {
        let find = |name: &str| {
            keywords
                .iter()
                .find(|(keyword, _)| *keyword == name)
                .map(|(_, value)| *value)
        };
        let mut object = Object {
            properties: Map::new(),
            required: Vec::new(),
            patterns: Map::new(),
            others: Value::Bool(true),
        };
        if let Some(others) = find("additionalProperties") {
            object.others = self.schema(others, &step(at, "additionalProperties"))?;
        }
        for (keyword, to_patterns) in [("properties", false), ("patternProperties", true)] {
            let here = step(at, keyword);
            let fields = match find(keyword) {
                None => continue,
                Some(Value::Object(fields)) => fields,
                Some(_) => return refuse(&here, format!("{keyword} must be an object of schemas")),
            };
            for (name, schema) in fields {
                let place = step(&here, name);
                let schema = self.schema(schema, &place)?;
                if to_patterns {
                    match pattern::translate(name) {
                        Ok(translated) => object.patterns.insert(translated, schema),
                        Err(why) => return refuse(&place, format!("the pattern '{name}' {why}")),
                    };
                } else {
                    object.properties.insert(name.clone(), schema);
                }
            }
        }
        object.required = required_names(find("required"), at)?;
        for name in &object.required {
            if !object.properties.contains_key(name) {
                object.properties.insert(name.clone(), object.others.clone());
            }
        }
        Ok(object)
    }
}

/// The names of `required`, each once.
fn required_names(value: Option<&Value>, at: &str) -> Checked<Vec<String>> {
    let list = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return refuse(&step(at, "required"), "required must be a list of names"),
    };
    let mut names: Vec<String> = Vec::with_capacity(list.len());
    for (index, name) in list.iter().enumerate() {
        let Some(name) = name.as_str() else {
            let place = step(&step(at, "required"), &index.to_string());
            return refuse(&place, format!("a required name must be a text, got {name}"));
        };
        if !names.iter().any(|known| known == name) {
            names.push(name.to_string());
        }
    }
    Ok(names)
}

impl Object {
    fn closed(&self) -> bool {
        self.others == Value::Bool(false) && self.patterns.is_empty()
    }

    /// `minProperties` and `maxProperties`: left out where the other keywords imply them, refused where the compiler
    /// would only come close.
    fn count(&mut self, keywords: &Keywords, at: &str, written: &mut Map<String, Value>) -> Checked<()> {
        let required = self.required.len() as u64;
        let mut bounds = [None, None];
        for (bound, name) in bounds.iter_mut().zip(["minProperties", "maxProperties"]) {
            if let Some((_, value)) = keywords.iter().find(|(keyword, _)| *keyword == name) {
                *bound = Some(whole_number(name, value, MOST_ITEMS, &step(at, name))?);
            }
        }
        let [least, mut most] = bounds;
        let least = least.filter(|least| *least > required);
        if most == Some(required) {
            self.close();
            most = None;
        }
        if self.closed() && most.is_some_and(|most| most >= self.properties.len() as u64) {
            most = None;
        }
        let all_required = self.properties.len() as u64 == required;
        // Of names that are not known one may come twice, so that more than one cannot be counted on.
        if let Some(least) = least {
            let simple = all_required || (self.closed() && most.is_none_or(|most| most == required + 1));
            if least > required + 1 || !simple {
                return refuse(&step(at, "minProperties"), uncountable("minProperties", least));
            }
            written.insert("minProperties".to_string(), least.into());
        }
        if let Some(most) = most {
            if most < required || !(all_required || (self.closed() && most == required + 1)) {
                return refuse(&step(at, "maxProperties"), uncountable("maxProperties", most));
            }
            written.insert("maxProperties".to_string(), most.into());
        }
        Ok(())
    }

    /// Nothing but the required properties.
    fn close(&mut self) {
        self.others = Value::Bool(false);
        self.patterns.clear();
        for (name, schema) in &mut self.properties {
            if !self.required.contains(name) {
                *schema = Value::Bool(false);
            }
        }
    }

    fn write(self, at: &str, written: &mut Map<String, Value>) -> Checked<()> {
        let count = self.properties.len();
        if count > MOST_PROPERTIES {
            let message = format!("an object must name at most {MOST_PROPERTIES} properties, got {count}");
            return refuse(&step(at, "properties"), message);
        }
        let mut patterns = self.patterns;
        let mut others = self.others;
        if !patterns.is_empty() && (count != 0 || others != Value::Bool(false)) {
            let message = "patternProperties can be enforced only with additionalProperties false and without \
                           properties and required";
            return refuse(&step(at, "patternProperties"), message);
        }
        // The compiler leaves named properties out of the others only as it spells them itself.
        if count != 0 && others != Value::Bool(false) {
            match names::all_but(self.properties.keys().map(String::as_str)) {
                Ok(pattern) => patterns.insert(pattern, others),
                Err(why) => return refuse(&step(at, "properties"), why),
            };
            others = Value::Bool(false);
        }
        written.insert("properties".to_string(), Value::Object(self.properties));
        written.insert("required".to_string(), self.required.into());
        if !patterns.is_empty() {
            written.insert("patternProperties".to_string(), Value::Object(patterns));
        }
        written.insert("additionalProperties".to_string(), others);
        Ok(())
    }
}

fn uncountable(keyword: &str, count: u64) -> String {
    format!("{keyword} {count} cannot be enforced beside the properties that this object has")
}
