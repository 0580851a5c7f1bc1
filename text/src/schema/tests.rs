use serde_json::{json, Value};

use super::prepare;

/// Where a schema is refused.
fn place(schema: Value) -> String {
    match prepare(&schema) {
        Err(refusal) => refusal.pointer.expect("a place"),
        Ok(prepared) => panic!("{schema} was taken as {prepared}"),
    }
}

#[test]
fn keywords_that_would_be_weakened_are_refused_with_their_place() {
    for (schema, expected) in [
        (json!({"not": {}}), "/not"),
        (
            json!({"type": "object", "properties": {"a/b~c": {"uniqueItems": true}}}),
            "/properties/a~1b~0c/uniqueItems",
        ),
        (json!({"items": {"contains": {}}}), "/items/contains"),
        (json!({"if": {}, "then": {}}), "/if"),
        (json!({"propertyNames": {}}), "/propertyNames"),
        (json!({"dependentRequired": {}}), "/dependentRequired"),
        (json!({"unevaluatedProperties": false}), "/unevaluatedProperties"),
        (json!({"x-guidance": {"lenient": true}}), "/x-guidance"),
        (json!({"anyOf": [{}, {"nullable": true}]}), "/anyOf/1/nullable"),
        (json!({"prefixItems": [{}, {"$anchor": "a"}]}), "/prefixItems/1/$anchor"),
        (json!({"items": {"$id": "x"}}), "/items/$id"),
        (json!({"items": [{}]}), "/items"),
        (json!({"format": "uri"}), "/format"),
        (json!({"format": "unknown"}), "/format"),
        (json!({"pattern": "(?=a)b"}), "/pattern"),
        (
            json!({"$defs": {"a": {"not": {}}}, "items": {"$ref": "#/$defs/a"}}),
            "/$defs/a/not",
        ),
        (
            json!({"additionalProperties": {"contentEncoding": "base64"}}),
            "/additionalProperties/contentEncoding",
        ),
        (json!({"patternProperties": {"^a": {}}}), "/patternProperties"),
        (
            json!({"properties": {"ab": {}}, "patternProperties": {"^a": {}}, "additionalProperties": false}),
            "/patternProperties",
        ),
        (json!({"allOf": [{"type": "object"}, {"required": ["a"]}]}), "/allOf"),
        (json!({"properties": {}, "anyOf": [{}]}), "/properties"),
        (
            json!({"$ref": "#/$defs/a", "minLength": 1, "$defs": {"a": {}}}),
            "/minLength",
        ),
    ] {
        assert_eq!(place(schema.clone()), expected, "{schema}");
    }
}

#[test]
fn values_that_are_wrong_are_refused_with_their_place() {
    for (schema, expected) in [
        (json!(3), ""),
        (json!({"type": "text"}), "/type"),
        (json!({"minLength": -1}), "/minLength"),
        (json!({"maxItems": 1_000_000}), "/maxItems"),
        (json!({"maximum": "3"}), "/maximum"),
        (json!({"minimum": 1e30}), "/minimum"),
        (json!({"exclusiveMinimum": true}), "/exclusiveMinimum"),
        (json!({"multipleOf": 3}), "/multipleOf"),
        (json!({"minimum": 0, "multipleOf": 0.07}), "/multipleOf"),
        (json!({"minimum": 0, "multipleOf": 0}), "/multipleOf"),
        (json!({"enum": [1, {"a": [1e300]}]}), "/enum/1/a/0"),
        (json!({"enum": ["a"], "type": "integer"}), "/enum"),
        (json!({"required": ["a", 1]}), "/required/1"),
        (json!({"anyOf": []}), "/anyOf"),
        (json!({"minProperties": 2}), "/minProperties"),
        (json!({"properties": {"a": {}}, "maxProperties": 3}), "/maxProperties"),
    ] {
        assert_eq!(place(schema.clone()), expected, "{schema}");
    }
}

#[test]
fn references_stay_within_the_document() {
    for reference in [
        json!("http://example.com/a.json"),
        json!("other.json#/a"),
        json!("#/$defs/none"),
        json!("#name"),
        json!("#/%2"),
        json!(7),
    ] {
        assert_eq!(place(json!({"items": {"$ref": reference}})), "/items/$ref");
    }
    assert_eq!(place(json!({"$ref": "#"})), "/$ref");
    let circle =
        json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "items": {"$ref": "#/$defs/a"}});
    assert_eq!(place(circle), "/items/$ref");
    let odd = json!({"$defs": {"a/b %": {"type": "null"}}, "items": {"$ref": "#/$defs/a~1b%20%25"}});
    assert_eq!(
        prepare(&odd).expect("an escaped pointer"),
        json!({"items": {"$ref": "#/$defs/d0"}, "$defs": {"d0": {"type": ["null"]}}})
    );
}

#[test]
fn a_definition_is_written_once_and_only_where_it_is_named() {
    let tree = json!({
        "$defs": {"unused": {"not": {}}},
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
        "additionalProperties": false,
    });
    let prepared = prepare(&tree).expect("a recursive schema");
    assert_eq!(prepared["$defs"].as_object().expect("definitions").len(), 1);
    assert_eq!(prepared["properties"]["left"], prepared["properties"]["right"]);
}

#[test]
fn one_of_is_taken_where_its_schemas_exclude_each_other() {
    let kind = |name: &str| json!({"type": "object", "properties": {"kind": {"const": name}}, "required": ["kind"]});
    let defs = json!({"a": kind("a"), "b": kind("b")});
    let tagged = json!({"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": defs});
    assert!(prepare(&tagged).is_ok());
    assert!(prepare(&json!({"oneOf": [{"type": "string"}, {"type": ["null", "integer"]}, {"const": true}]})).is_ok());
    for overlapping in [
        json!([{"type": "integer"}, {"type": "number"}]),
        json!([{"type": "string"}, {}]),
        json!([{"const": 1}, {"enum": [2, 1.0]}]),
        json!([{"const": "a"}, {"type": "string"}]),
        json!([kind("a"), kind("a")]),
        json!([{"type": "object"}, kind("a")]),
    ] {
        assert_eq!(place(json!({"oneOf": overlapping})), "/oneOf/1");
    }
}

#[test]
fn annotations_assert_nothing() {
    let annotated = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/a", "$comment": "c",
        "title": "t", "description": "d", "default": 1, "examples": [2], "deprecated": true, "readOnly": true,
        "writeOnly": true, "strict": true, "type": "integer",
    });
    assert_eq!(prepare(&annotated).expect("annotations"), json!({"type": ["integer"]}));
}

#[test]
fn other_properties_are_all_names_but_those_that_have_a_schema() {
    let prepared = prepare(&json!({"properties": {"a": {"type": "null"}}, "required": ["b"]})).expect("an open object");
    assert_eq!(prepared["additionalProperties"], json!(false));
    assert_eq!(prepared["properties"]["b"], json!(true));
    let patterns = prepared["patternProperties"].as_object().expect("a pattern");
    assert_eq!(patterns.len(), 1);
    assert_eq!(patterns.values().next(), Some(&json!(true)));
}

#[test]
fn counts_of_properties_are_taken_where_they_are_exact() {
    let closed = |extra: Value| {
        let mut schema =
            json!({"properties": {"a": {}, "b": {}, "c": {}}, "required": ["a"], "additionalProperties": false});
        for (key, value) in extra.as_object().expect("keywords") {
            schema[key] = value.clone();
        }
        prepare(&schema)
    };
    let plain = closed(json!({})).expect("a closed object");
    assert_eq!(
        closed(json!({"minProperties": 1, "maxProperties": 3})).expect("nothing new"),
        plain
    );
    assert_eq!(
        closed(json!({"minProperties": 2})).expect("one more")["minProperties"],
        json!(2)
    );
    assert_eq!(
        closed(json!({"maxProperties": 1})).expect("none more")["properties"]["b"],
        json!(false)
    );
    assert!(closed(json!({"minProperties": 3})).is_err());
    assert!(closed(json!({"maxProperties": 0})).is_err());
    assert!(prepare(&json!({"required": ["a"], "maxProperties": 4})).is_ok());
}
