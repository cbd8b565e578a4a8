//! Clerk's JWT template: a JSON object of claims whose texts may hold
//! shortcodes.
//!
//! One template serves three signers, so Perch fills it as Clerk does: a
//! shortcode that is a value's whole text keeps the type of what it names, one
//! inside a longer text is written into it, and `||` falls back. What a
//! shortcode yields is never read for shortcodes again.

use perch_tenant::{Place, Tenant};
use serde_json::{Map, Value, json};

use crate::scan::{Fault, Scanner};

/// What a shortcode may name, as Clerk documents them.
const NAMES: [&str; 18] = [
    "user.id",
    "user.first_name",
    "user.last_name",
    "user.full_name",
    "user.username",
    "user.primary_email_address",
    "user.email_verified",
    "user.image_url",
    "user.created_at",
    "user.public_metadata",
    "user.unsafe_metadata",
    "org.id",
    "org.name",
    "org.slug",
    "org.role",
    "org.image_url",
    "org.public_metadata",
    "org_membership.public_metadata",
];

/// A claims template, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Node);

/// Why a text is not a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TemplateError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl TemplateError {
    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let Place { line, column } = Place::of(text, offset);
        Self { line, column, message: message.into() }
    }

    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        "template-malformed"
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        "Mend the claims template in the connection file."
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    /// A number, a truth value, a null, a text without shortcodes.
    Plain(Value),
    /// A shortcode that is the whole text.
    Whole(Shortcode),
    /// A text with shortcodes in it.
    Text(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Plain(String),
    Shortcode(Shortcode),
}

/// `a || b || 'text'`: at least one operand.
#[derive(Debug, Clone, PartialEq)]
struct Shortcode(Vec<Operand>);

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// As it is written, with dots between its keys.
    Path(String),
    Literal(Value),
}

/// A shortcode's fault: how many bytes into the text, and what to write.
type Wrong = (usize, String);

impl Template {
    /// Reads a template and checks every shortcode in it.
    pub fn parse(json: &str) -> Result<Self, TemplateError> {
        // Serde's sentences on broken JSON are for people already.
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(json) {
            let line_start =
                json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let offset = line_start + error.column().saturating_sub(1);
            return Err(TemplateError::at(json, offset, format!("this is not JSON: {message}")));
        }
        let mut scanner = Scanner::new(json);
        if scanner.peek() != b'{' {
            return Err(TemplateError::at(json, scanner.at(), "a template is a JSON object of claims: { … }"));
        }
        let mut reader = Reader { json, error: None };
        match reader.node(&mut scanner) {
            Ok(node) => Ok(Self(node)),
            Err(fault) => Err(reader.error.unwrap_or_else(|| TemplateError::at(json, fault.at, fault.what))),
        }
    }

    /// What its shortcodes name, in the template's order, each as often as it
    /// stands there: `org.id`, `user.public_metadata.plan`. Whoever fills it need
    /// not find out more than this of a person.
    pub fn shortcodes(&self) -> impl Iterator<Item = &str> {
        let mut paths = Vec::new();
        self.0.paths(&mut paths);
        paths.into_iter()
    }

    /// The claims for a claimant, whose shape is that of [`claimant`].
    pub fn fill(&self, claimant: &Value) -> Value {
        self.0.fill(claimant)
    }
}

/// Builds the nodes, and keeps the whole sentence of what is wrong.
struct Reader<'a> {
    json: &'a str,
    error: Option<TemplateError>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, scanner: &mut Scanner<'a>) -> Result<Node, Fault> {
        match scanner.peek() {
            b'{' => {
                let mut entries = Vec::new();
                scanner.entries(|key, scanner| {
                    let node = self.node(scanner)?;
                    // As in Clerk and in serde, the last of one name counts.
                    entries.retain(|(name, _): &(String, Node)| *name != key);
                    entries.push((key.into_owned(), node));
                    Ok(())
                })?;
                Ok(Node::Object(entries))
            }
            b'[' => {
                let mut nodes = Vec::new();
                scanner.items(|scanner| {
                    nodes.push(self.node(scanner)?);
                    Ok(())
                })?;
                Ok(Node::Array(nodes))
            }
            b'"' => {
                let start = scanner.at();
                let text = scanner.string()?;
                read_text(&text).map_err(|(at, message)| {
                    let offset = place_of(scanner.since(start), &text, at);
                    self.error = Some(TemplateError::at(self.json, start + offset, message));
                    Fault { at: start, what: "a wrong shortcode" }
                })
            }
            _ => {
                let fault = scanner.fault("expected a value");
                serde_json::from_str(scanner.value()?).map(Node::Plain).map_err(|_| fault)
            }
        }
    }
}

/// Where a byte of a string's content stands in its JSON: exact unless a brace
/// before it is written as an escape.
fn place_of(raw: &str, text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let openings = before.matches("{{").count();
    let Some(last) = before.rfind("{{") else { return 0 };
    raw.match_indices("{{").nth(openings.saturating_sub(1)).map_or(0, |(place, _)| place + (at - last))
}

fn read_text(text: &str) -> Result<Node, Wrong> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    while let Some(opening) = text[at..].find("{{") {
        let start = at + opening;
        if start > at {
            pieces.push(Piece::Plain(text[at..start].to_owned()));
        }
        let (shortcode, end) = read_shortcode(text, start + 2)?;
        pieces.push(Piece::Shortcode(shortcode));
        at = end;
    }
    if pieces.is_empty() {
        return Ok(Node::Plain(Value::String(text.to_owned())));
    }
    if at < text.len() {
        pieces.push(Piece::Plain(text[at..].to_owned()));
    }
    Ok(match <[Piece; 1]>::try_from(pieces) {
        Ok([Piece::Shortcode(shortcode)]) => Node::Whole(shortcode),
        Ok(plain) => Node::Text(plain.into()),
        Err(pieces) => Node::Text(pieces),
    })
}

/// Reads from behind the opening braces; the shortcode, and where it has ended.
fn read_shortcode(text: &str, start: usize) -> Result<(Shortcode, usize), Wrong> {
    let skip_space = |at: usize| at + (text[at..].len() - text[at..].trim_start().len());
    let mut operands = Vec::new();
    let mut at = start;
    loop {
        at = skip_space(at);
        let (operand, end) = read_operand(text, at)?;
        operands.push(operand);
        at = skip_space(end);
        if text[at..].starts_with("}}") {
            return Ok((Shortcode(operands), at + 2));
        }
        if !text[at..].starts_with("||") {
            return Err((at, "a shortcode ends with }} here, or goes on with ||".to_owned()));
        }
        at += 2;
    }
}

fn read_operand(text: &str, at: usize) -> Result<(Operand, usize), Wrong> {
    let rest = &text[at..];
    if let Some(quoted) = rest.strip_prefix('\'') {
        let length = quoted.find('\'').ok_or((at, "this text has no closing quote".to_owned()))?;
        return Ok((Operand::Literal(Value::String(quoted[..length].to_owned())), at + length + 2));
    }
    let length = rest
        .find(|character: char| character.is_whitespace() || matches!(character, '|' | '}' | '\'' | '{'))
        .unwrap_or(rest.len());
    let (word, end) = (&rest[..length], at + length);
    let literal = match word {
        "" => {
            return Err((
                at,
                "a name or a literal is missing here; write {{user.id}} or {{org.slug || 'none'}}".to_owned(),
            ));
        }
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        number if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            let read = serde_json::from_str(number).ok().filter(Value::is_number);
            Some(read.ok_or((at, format!("`{number}` is no number; put a text in single quotes")))?)
        }
        _ => None,
    };
    if let Some(literal) = literal {
        return Ok((Operand::Literal(literal), end));
    }
    if known(word) {
        return Ok((Operand::Path(word.to_owned()), end));
    }
    Err((at, format!("`{word}` is no shortcode; Clerk has {}", NAMES.join(", "))))
}

/// Metadata are the operator's own, so what lies within them is not known.
fn known(path: &str) -> bool {
    NAMES.iter().any(|name| {
        path.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || (name.ends_with("_metadata")
                    && rest.strip_prefix('.').is_some_and(|keys| keys.split('.').all(|key| !key.is_empty())))
        })
    })
}

impl Node {
    /// Everything that a shortcode names, after what `paths` holds already.
    fn paths<'a>(&'a self, paths: &mut Vec<&'a str>) {
        match self {
            Self::Object(entries) => entries.iter().for_each(|(_, node)| node.paths(paths)),
            Self::Array(nodes) => nodes.iter().for_each(|node| node.paths(paths)),
            Self::Plain(_) => {}
            Self::Whole(shortcode) => paths.extend(shortcode.paths()),
            Self::Text(pieces) => paths.extend(
                pieces
                    .iter()
                    .flat_map(|piece| match piece {
                        Piece::Plain(_) => None,
                        Piece::Shortcode(shortcode) => Some(shortcode.paths()),
                    })
                    .flatten(),
            ),
        }
    }

    fn fill(&self, claimant: &Value) -> Value {
        match self {
            Self::Object(entries) => {
                Value::Object(entries.iter().map(|(name, node)| (name.clone(), node.fill(claimant))).collect())
            }
            Self::Array(nodes) => Value::Array(nodes.iter().map(|node| node.fill(claimant)).collect()),
            Self::Plain(value) => value.clone(),
            Self::Whole(shortcode) => shortcode.value(claimant).clone(),
            Self::Text(pieces) => Value::String(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Plain(text) => text.clone(),
                        Piece::Shortcode(shortcode) => match shortcode.value(claimant) {
                            Value::String(text) => text.clone(),
                            // A missing value becomes the word `null`.
                            other => other.to_string(),
                        },
                    })
                    .collect(),
            ),
        }
    }
}

impl Shortcode {
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|operand| match operand {
            Operand::Path(path) => Some(path.as_str()),
            Operand::Literal(_) => None,
        })
    }

    /// The first operand that is neither null nor false, else the last.
    fn value<'a>(&'a self, claimant: &'a Value) -> &'a Value {
        let mut last = &Value::Null;
        for operand in &self.0 {
            last = match operand {
                Operand::Literal(value) => value,
                Operand::Path(path) => {
                    path.split('.').try_fold(claimant, |value, key| value.get(key)).unwrap_or(&Value::Null)
                }
            };
            if !matches!(last, Value::Null | Value::Bool(false)) {
                break;
            }
        }
        last
    }
}

/// What is known of a tenant, under the names that Clerk's shortcodes have.
/// What an OAuth sign-in does not tell, such as metadata, is missing.
pub fn claimant(tenant: &Tenant) -> Value {
    let mut claimant = Map::new();
    let user = &tenant.user;
    claimant.insert(
        "user".to_owned(),
        json!({ "id": user.id, "full_name": user.name, "primary_email_address": user.email }),
    );
    if let Some(organization) = &tenant.organization {
        claimant.insert(
            "org".to_owned(),
            json!({
                "id": organization.id,
                "name": organization.name,
                "slug": organization.slug,
                "role": organization.role,
            }),
        );
    }
    Value::Object(claimant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ada() -> Value {
        json!({
            "user": {
                "id": "user_1",
                "full_name": "Ada {{org.id}} Lovelace",
                "email_verified": false,
                "created_at": 1_700_000_000,
                "public_metadata": { "plan": { "name": "pro", "seats": 3 }, "tags": ["a"] },
            },
            "org": { "id": "org_1", "slug": null },
        })
    }

    fn filled(text: &str) -> Value {
        let template = Template::parse(&json!({ "claim": text }).to_string()).expect(text);
        template.fill(&ada())["claim"].clone()
    }

    #[test]
    fn a_shortcode_alone_keeps_its_type() {
        assert_eq!(filled("{{user.id}}"), json!("user_1"));
        assert_eq!(filled("{{ user.created_at }}"), json!(1_700_000_000));
        assert_eq!(filled("{{user.email_verified}}"), json!(false));
        assert_eq!(filled("{{user.public_metadata.plan}}"), json!({ "name": "pro", "seats": 3 }));
        assert_eq!(filled("{{user.public_metadata}}")["tags"], json!(["a"]));
    }

    #[test]
    fn what_is_missing_is_null_alone_and_the_word_null_in_a_text() {
        assert_eq!(filled("{{org.name}}"), Value::Null);
        assert_eq!(filled("{{user.public_metadata.none.at.all}}"), Value::Null);
        assert_eq!(filled("{{org_membership.public_metadata}}"), Value::Null);
        assert_eq!(filled("org {{org.name}}"), json!("org null"));
    }

    #[test]
    fn inside_a_longer_text_everything_is_text() {
        assert_eq!(filled("{{org.id}}:{{user.id}}"), json!("org_1:user_1"));
        assert_eq!(filled(" {{user.created_at}}"), json!(" 1700000000"));
        assert_eq!(filled("plan {{user.public_metadata.plan}}"), json!(r#"plan {"name":"pro","seats":3}"#));
        assert_eq!(filled("no shortcode } here {"), json!("no shortcode } here {"));
    }

    #[test]
    fn the_first_operand_that_is_neither_null_nor_false_counts_else_the_last() {
        assert_eq!(filled("{{org.slug || org.id}}"), json!("org_1"));
        assert_eq!(filled("{{org.slug || 'a || }} b' || org.id}}"), json!("a || }} b"));
        assert_eq!(filled("{{org.slug || user.email_verified}}"), json!(false));
        assert_eq!(filled("{{user.email_verified || org.slug}}"), Value::Null);
        assert_eq!(filled("{{org.slug || 12.5}}"), json!(12.5));
        assert_eq!(filled("{{false || true}}"), json!(true));
        assert_eq!(filled("{{org.slug || ''}}"), json!(""));
        assert_eq!(filled("{{org.slug||'x'}}!"), json!("x!"));
    }

    #[test]
    fn a_name_that_looks_like_a_shortcode_is_not_filled_again() {
        assert_eq!(filled("{{user.full_name}}"), json!("Ada {{org.id}} Lovelace"));
    }

    #[test]
    fn a_template_tells_what_its_shortcodes_name_wherever_they_stand() {
        let template = Template::parse(
            r#"{"{{user.id}}": 1, "a": ["{{org.id || 'user.username'}}", {"b": "x {{user.id||org.slug}}:{{user.id}}"}],
                "c": "{{user.public_metadata.plan.name}}", "d": null, "e": "none"}"#,
        );
        let named: Vec<_> = template.as_ref().expect("a template").shortcodes().collect();
        assert_eq!(named, ["org.id", "user.id", "org.slug", "user.id", "user.public_metadata.plan.name"]);
    }

    #[test]
    fn keys_and_other_values_stand_as_they_are() {
        let template =
            r#"{"{{user.id}}": 1, "limits": {"rps": 10}, "list": ["{{user.id}}", "{{user.id}}", null, true]}"#;
        let filled = Template::parse(template).expect("a template").fill(&ada());
        assert_eq!(
            filled,
            json!({ "{{user.id}}": 1, "limits": { "rps": 10 }, "list": ["user_1", "user_1", null, true] })
        );
    }

    #[test]
    fn an_error_names_its_place_and_what_there_is() {
        for (template, line, column, hint) in [
            ("{\n  \"a\": \"ñ {{user.id}} {{user.mail}}\"\n}", 2, 25, "user.primary_email_address"),
            ("{\"a\": [\"{{user.id}}\", \"{{user.id}}\", \"{{org}}\"]}", 1, 41, "`org` is no shortcode"),
            ("{\"a\": \"{{user.id\"}", 1, 17, "ends with }}"),
            ("{\"a\": \"{{}}\"}", 1, 10, "missing"),
            ("{\"a\": \"{{org.id || }}\"}", 1, 20, "missing"),
            ("{\"a\": \"{{org.id || 'x}}\"}", 1, 20, "closing quote"),
            ("{\"a\": \"{{org.id || 1x}}\"}", 1, 20, "single quotes"),
            ("{\"a\": \"{{user.id.x}}\"}", 1, 10, "no shortcode"),
            ("{\"a\": \"{{user.public_metadata.}}\"}", 1, 10, "no shortcode"),
            ("{\"a\": 1,\n}", 2, 1, "not JSON"),
            ("[]", 1, 1, "object"),
        ] {
            let error = Template::parse(template).expect_err(template);
            assert!(error.message.contains(hint), "{template}: {error}");
            assert_eq!((error.line, error.column), (line, column), "{template}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_template_without_shortcodes_fills_as_itself(text in "[^{]*", number in any::<i64>()) {
            let claims = json!({ "a": [text, number, { "b": null }], "c": {} });
            let template = Template::parse(&claims.to_string()).expect("a template");
            prop_assert_eq!(template.fill(&ada()), claims);
        }

        #[test]
        fn no_text_makes_a_panic(text in r"[{}' |a-z.0-9-]{0,30}|\PC*") {
            if let Ok(template) = Template::parse(&json!({ "a": text }).to_string()) {
                template.fill(&ada());
            }
            let _ = Template::parse(&text);
        }
    }
}
