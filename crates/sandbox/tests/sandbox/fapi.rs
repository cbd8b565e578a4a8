//! Clerk's specification of its Frontend API, read so that a JSON Schema
//! validator can judge answers by it.
//!
//! OpenAPI 3.0 has a dialect of its own for schemas. What differs is turned
//! into JSON Schema here: `nullable`, what stands beside a `$ref`, and the
//! keywords that are for readers only. A keyword that is not known here is a
//! panic, so that nothing is left out unseen.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Keywords that mean in JSON Schema what they mean here.
const SAME: [&str; 7] = ["type", "required", "enum", "pattern", "minimum", "maximum", "minLength"];
/// Keywords that tell readers something, and validators nothing.
const FOR_READERS: [&str; 6] = ["description", "example", "deprecated", "default", "format", "discriminator"];

/// The specification.
pub struct Specification {
    document: Value,
    /// Its schemas in JSON Schema's words.
    schemas: Value,
    /// Those that were asked for already, by their text.
    validators: RefCell<HashMap<String, Rc<Validator>>>,
}

impl Specification {
    /// Reads `tests/clerk/fapi.yml`.
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clerk/fapi.yml");
        let text = std::fs::read_to_string(path).expect("the specification");
        // In YAML 1.1 the name of a key's coordinate, `y`, is a boolean.
        let options = serde_saphyr::options! { strict_booleans: true };
        let document: Value = serde_saphyr::from_str_with_options(&text, options).expect("YAML");
        let schemas = document["components"]["schemas"].as_object().expect("schemas").iter();
        let schemas = schemas.map(|(name, schema)| (name.clone(), translate(schema, &document))).collect();
        Self { document, schemas, validators: RefCell::default() }
    }

    /// Every status of every operation: `("GET /v1/me", 200)`.
    pub fn answers(&self) -> Vec<(String, u16)> {
        let mut answers = Vec::new();
        for (path, operations) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                for status in operation["responses"].as_object().expect("responses").keys() {
                    let status = status.parse().expect("a status");
                    answers.push((format!("{} {path}", method.to_uppercase()), status));
                }
            }
        }
        answers
    }

    /// Judges an answer of an operation, `GET /v1/me`.
    ///
    /// # Errors
    /// What is wrong with it, for a reader of the test's output.
    pub fn check(&self, operation: &str, status: u16, kind: Option<&str>, body: &str) -> Result<(), String> {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let responses = &self.document["paths"][path][method.to_lowercase()]["responses"];
        let Some(response) = responses.get(status.to_string()) else {
            return Err(format!("{operation} answers {status}, which is not in the specification"));
        };
        match resolve(response, &self.document).get("content") {
            // The specification says nothing of the body.
            None => Ok(()),
            Some(content) => self
                .check_body(&content["application/json"]["schema"], kind, body)
                .map_err(|problem| format!("{operation} {status}: {problem}")),
        }
    }

    /// Judges the body of an error by the shape that all of Clerk's have.
    ///
    /// # Errors
    /// As for [`Specification::check`].
    pub fn check_error(&self, kind: Option<&str>, body: &str) -> Result<(), String> {
        self.check_body(&json!({"$ref": "#/components/schemas/ClerkErrors"}), kind, body)
    }

    fn check_body(&self, schema: &Value, kind: Option<&str>, body: &str) -> Result<(), String> {
        if kind != Some("application/json") {
            return Err(format!("the content type is {kind:?}"));
        }
        let body: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))?;
        let validator = self.validator(schema);
        let problems: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if problems.is_empty() { Ok(()) } else { Err(format!("{}\n{body:#}", problems.join("\n"))) }
    }

    fn validator(&self, schema: &Value) -> Rc<Validator> {
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let root = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": {"schemas": self.schemas},
                "allOf": [translate(schema, &self.document)],
            });
            Rc::new(jsonschema::validator_for(&root).expect("a schema"))
        });
        Rc::clone(validator)
    }
}

/// What a `$ref` leads to, or the value itself.
fn resolve<'v>(value: &'v Value, document: &'v Value) -> &'v Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("a reference into this document");
            resolve(document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")), document)
        }
        None => value,
    }
}

/// A schema in JSON Schema's words.
fn translate(schema: &Value, document: &Value) -> Value {
    let schema = schema.as_object().unwrap_or_else(|| panic!("no schema: {schema}"));
    // OpenAPI ignores what stands beside a reference.
    if let Some(reference) = schema.get("$ref") {
        return json!({"$ref": reference});
    }
    let mut translated = Map::new();
    for (keyword, value) in schema {
        let value = match keyword.as_str() {
            "nullable" => continue,
            reader if FOR_READERS.contains(&reader) || reader.starts_with("x-") => continue,
            same if SAME.contains(&same) => value.clone(),
            "items" => translate(value, document),
            "additionalProperties" if value.is_boolean() => value.clone(),
            "properties" => {
                let properties = value.as_object().expect("properties").iter();
                properties.map(|(name, schema)| (name.clone(), translate(schema, document))).collect()
            }
            "allOf" | "anyOf" | "oneOf" => {
                let branches = value.as_array().expect("schemas");
                if keyword == "allOf" {
                    refuse_closed_branches(schema, branches, document);
                }
                branches.iter().map(|branch| translate(branch, document)).collect()
            }
            unknown => panic!("the keyword {unknown} is not known here"),
        };
        translated.insert(keyword.clone(), value);
    }
    if schema.get("nullable") == Some(&Value::Bool(true)) {
        // Around the whole schema: `null` is allowed even where an `allOf` or
        // an `enum` of it would not.
        return json!({"anyOf": [{"type": "null"}, translated]});
    }
    Value::Object(translated)
}

/// Each branch of an `allOf` judges alone, so one that allows no other members
/// than its own would forbid those of its neighbours. As long as the
/// specification has no such thing, nothing has to be merged.
fn refuse_closed_branches(schema: &Map<String, Value>, branches: &[Value], document: &Value) {
    let has_neighbours = branches.len() > 1 || schema.contains_key("properties");
    let closed = |branch: &&Value| resolve(branch, document).get("additionalProperties") == Some(&Value::Bool(false));
    if let Some(branch) = branches.iter().find(closed).filter(|_| has_neighbours) {
        panic!("{branch} closes an allOf that has more branches");
    }
}
