//! Clerk's JWT template: a JSON object of claims whose texts may hold
//! shortcodes.
//!
//! One template serves three signers, so Perch fills it as Clerk does: a
//! shortcode that is a value's whole text keeps the type of what it names, one
//! inside a longer text is written into it, and `||` falls back. What a
//! shortcode yields is never read for shortcodes again.

use perch_tenant::Place;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::claimant::Claimant;
use crate::scan::{Fault, Scanner};
use crate::shortcode::{Shortcode, Wrong, is_editable};

/// The claims that Clerk adds to every token. A template cannot override them:
/// Clerk refuses to save one that names them.
const RESERVED: [&str; 7] = ["iss", "sub", "iat", "nbf", "exp", "jti", "azp"];

/// The claims that say what a token reads, and how often it may ask.
const POWERS: [&str; 2] = ["scopes", "limits"];

/// A claims template, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    claims: Vec<(String, Node)>,
    reserved: Vec<TemplateError>,
    mentions: Vec<Mention>,
}

/// A place where a template names what is known of a person or an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What is named: `org.id`, `user.public_metadata.plan`.
    pub path: String,
    /// The keys that lead to the text in which it stands, from the claim's name
    /// on; a list's are its indexes: `scopes`, `0`, `resource`.
    pub keys: Vec<String>,
    /// Where the name begins, in bytes from the template's start.
    pub offset: usize,
}

impl Mention {
    /// Whether it stands in the value that these keys lead to.
    pub fn is_within(&self, keys: &[&str]) -> bool {
        self.keys.len() >= keys.len() && self.keys.iter().zip(keys).all(|(own, key)| own == key)
    }
}

/// Why a text is not a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TemplateError {
    /// In bytes, from the template's start.
    pub offset: usize,
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
        Self { offset, line, column, message: message.into() }
    }

    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        "template-malformed"
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        "Mend the claims template; `perchctl check` tells where."
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
        let mut reader = Reader { json, error: None, keys: Vec::new(), mentions: Vec::new() };
        let (mut claims, mut reserved) = (Vec::new(), Vec::new());
        let read = reader.entries(&mut scanner, |name, at, node| {
            if RESERVED.contains(&name.as_str()) {
                let message = format!("`{name}` is set by whoever signs, and no template can override it; remove it");
                reserved.push(TemplateError::at(json, key_before(json, at, &name), message));
            } else {
                claims.push((name, node));
            }
        });
        match read {
            Ok(()) => {
                let mut mentions = reader.mentions;
                mentions.retain(|mention| !RESERVED.iter().any(|claim| mention.is_within(&[claim])));
                Ok(Self { claims, reserved, mentions })
            }
            Err(fault) => Err(reader.error.unwrap_or_else(|| TemplateError::at(json, fault.at, fault.what))),
        }
    }

    /// What its shortcodes name, in the template's order, each as often as it
    /// stands there: `org.id`, `user.public_metadata.plan`. Whoever fills it need
    /// not find out more than this of a person.
    pub fn shortcodes(&self) -> impl Iterator<Item = &str> {
        self.mentions.iter().map(|mention| mention.path.as_str())
    }

    /// The same, each with its place.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// Where the template lets a person say what their own token reads, or how
    /// often it may ask: within `scopes` and `limits`, what is named that the
    /// person can change, in their profile or past all servers from a browser. A
    /// filter by such a value is none.
    pub fn editable(&self) -> impl Iterator<Item = &Mention> {
        let has_power = |mention: &Mention| POWERS.iter().any(|claim| mention.is_within(&[claim]));
        self.mentions.iter().filter(move |mention| has_power(mention) && is_editable(&mention.path))
    }

    /// Each claim that the template names and that only a signer sets: `iss`,
    /// `sub`, `iat`, `nbf`, `exp`, `jti` and `azp`. Clerk refuses to save such a
    /// template; here they are left out.
    pub fn reserved(&self) -> &[TemplateError] {
        &self.reserved
    }

    /// The claims for somebody.
    pub fn fill(&self, claimant: &dyn Claimant) -> Map<String, Value> {
        fill(&self.claims, claimant)
    }

    /// The claims for somebody, one after another, to be written and not kept.
    pub(crate) fn claims<'a>(&'a self, claimant: &'a dyn Claimant) -> impl Iterator<Item = (&'a str, Filling<'a>)> {
        self.claims.iter().map(move |(name, node)| (name.as_str(), Filling { node, claimant }))
    }
}

/// Builds the nodes, and keeps what shortcodes name and the whole sentence of
/// what is wrong.
struct Reader<'a> {
    json: &'a str,
    error: Option<TemplateError>,
    /// Those that lead to where it reads.
    keys: Vec<String>,
    mentions: Vec<Mention>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, scanner: &mut Scanner<'a>) -> Result<Node, Fault> {
        match scanner.peek() {
            b'{' => {
                let mut entries = Vec::new();
                self.entries(scanner, |name, _, node| entries.push((name, node)))?;
                Ok(Node::Object(entries))
            }
            b'[' => {
                let mut nodes = Vec::new();
                scanner.items(|scanner| {
                    nodes.push(self.node_at(nodes.len().to_string(), scanner)?);
                    Ok(())
                })?;
                Ok(Node::Array(nodes))
            }
            b'"' => {
                let start = scanner.at();
                let text = scanner.string()?;
                let offset = |at| start + raw_offset(scanner.since(start), at);
                let node = read_text(&text).map_err(|wrong| {
                    let at = offset(wrong.at);
                    self.error = Some(TemplateError::at(self.json, at, wrong.message));
                    Fault { at, what: "a wrong shortcode" }
                })?;
                let mentions = node.shortcodes().flat_map(Shortcode::paths).map(|(path, at)| Mention {
                    path: path.to_owned(),
                    keys: self.keys.clone(),
                    offset: offset(at),
                });
                self.mentions.extend(mentions);
                Ok(node)
            }
            _ => {
                let fault = scanner.fault("expected a value");
                serde_json::from_str(scanner.value()?).map(Node::Plain).map_err(|_| fault)
            }
        }
    }

    /// The value that `key` leads to from here.
    fn node_at(&mut self, key: String, scanner: &mut Scanner<'a>) -> Result<Node, Fault> {
        self.keys.push(key);
        let node = self.node(scanner);
        self.keys.pop();
        node
    }

    /// Hands each entry of an object to `keep`, with the place of its value.
    fn entries(&mut self, scanner: &mut Scanner<'a>, mut keep: impl FnMut(String, usize, Node)) -> Result<(), Fault> {
        scanner.entries(|key, scanner| {
            let at = scanner.at();
            let key = key.into_owned();
            let node = self.node_at(key.clone(), scanner)?;
            keep(key, at, node);
            Ok(())
        })
    }
}

/// Where the key of the value at `value` begins, or where the value does if the
/// key is written with escapes.
fn key_before(json: &str, value: usize, key: &str) -> usize {
    let before = json.get(..value).unwrap_or_default().trim_end();
    let before = before.strip_suffix(':').unwrap_or(before).trim_end();
    before.strip_suffix(&format!("\"{key}\"")).map_or(value, str::len)
}

/// How far into a JSON string, with its quotes, the byte `at` of its content
/// stands. The string is sound.
fn raw_offset(raw: &str, at: usize) -> usize {
    let (mut offset, mut content) = ("\"".len(), 0);
    while content < at {
        let rest = raw.get(offset..).unwrap_or_default();
        // A pair of surrogates is one character of four bytes.
        let (length, stands_for) = match rest.as_bytes() {
            [b'\\', b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B', ..] => (12, 4),
            [b'\\', b'u', ..] => {
                let code = rest.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                (6, code.and_then(char::from_u32).map_or(1, char::len_utf8))
            }
            [b'\\', ..] => (2, 1),
            _ => rest.chars().next().map_or((1, 1), |character| (character.len_utf8(), character.len_utf8())),
        };
        offset += length;
        content += stands_for;
    }
    offset
}

fn read_text(text: &str) -> Result<Node, Wrong> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    while let Some(opening) = text[at..].find("{{") {
        let start = at + opening;
        if start > at {
            pieces.push(Piece::Plain(text[at..start].to_owned()));
        }
        let (shortcode, end) = Shortcode::read(text, start + "{{".len())?;
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

/// As in Clerk and in serde, the last of one name counts.
fn fill(entries: &[(String, Node)], claimant: &dyn Claimant) -> Map<String, Value> {
    entries.iter().map(|(name, node)| (name.clone(), node.fill(claimant))).collect()
}

impl Node {
    /// The shortcodes of a text.
    fn shortcodes(&self) -> impl Iterator<Item = &Shortcode> {
        let (whole, pieces) = match self {
            Self::Whole(shortcode) => (Some(shortcode), [].as_slice()),
            Self::Text(pieces) => (None, pieces.as_slice()),
            Self::Object(_) | Self::Array(_) | Self::Plain(_) => (None, [].as_slice()),
        };
        let within = pieces.iter().filter_map(|piece| match piece {
            Piece::Plain(_) => None,
            Piece::Shortcode(shortcode) => Some(shortcode),
        });
        whole.into_iter().chain(within)
    }

    fn fill(&self, claimant: &dyn Claimant) -> Value {
        match self {
            Self::Object(entries) => Value::Object(fill(entries, claimant)),
            Self::Array(nodes) => Value::Array(nodes.iter().map(|node| node.fill(claimant)).collect()),
            Self::Plain(value) => value.clone(),
            Self::Whole(shortcode) => shortcode.find(claimant).value(),
            Self::Text(pieces) => text(pieces, claimant).into(),
        }
    }
}

fn text(pieces: &[Piece], claimant: &dyn Claimant) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Shortcode(shortcode) => text.push_str(&shortcode.find(claimant).text()),
        }
    }
    text
}

/// A value of the template, filled while it is written.
#[derive(Clone, Copy)]
pub(crate) struct Filling<'a> {
    node: &'a Node,
    claimant: &'a dyn Claimant,
}

impl Filling<'_> {
    /// The value, whole.
    pub(crate) fn value(self) -> Value {
        self.node.fill(self.claimant)
    }
}

impl Serialize for Filling<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { node, claimant } = *self;
        match node {
            Node::Object(entries) => {
                let mut object = serializer.serialize_map(Some(entries.len()))?;
                for (name, node) in entries {
                    object.serialize_entry(name, &Filling { node, claimant })?;
                }
                object.end()
            }
            Node::Array(nodes) => {
                let mut array = serializer.serialize_seq(Some(nodes.len()))?;
                for node in nodes {
                    array.serialize_element(&Filling { node, claimant })?;
                }
                array.end()
            }
            Node::Plain(value) => value.serialize(serializer),
            Node::Whole(shortcode) => shortcode.find(claimant).serialize(serializer),
            Node::Text(pieces) => serializer.serialize_str(&text(pieces, claimant)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ada() -> Value {
        json!({
            "user": {
                "id": "user_1",
                "full_name": "Ada {{org.id}} Lovelace",
                "email_verified": false,
                "created_at": 1_700_000_000,
                "public_metadata": { "plan": { "name": "pro", "seats": 3, "free": false }, "tags": ["a"], "last-seen": { "2026": 0 } },
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
        assert_eq!(filled("{{user.public_metadata.plan}}"), json!({ "name": "pro", "seats": 3, "free": false }));
        assert_eq!(filled("{{user.public_metadata}}")["tags"], json!(["a"]));
    }

    #[test]
    fn dots_reach_into_metadata_by_any_key_and_not_into_lists() {
        assert_eq!(filled("{{user.public_metadata.plan.seats}}"), json!(3));
        assert_eq!(filled("{{user.public_metadata.last-seen.2026 || 7}}"), json!(0));
        assert_eq!(filled("{{user.public_metadata.plan.free || user.public_metadata.plan.name}}"), json!("pro"));
        assert_eq!(filled("{{user.public_metadata.tags.0}}"), Value::Null);
        assert_eq!(filled("{{user.public_metadata.plan.name.length}}"), Value::Null);
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
        assert_eq!(
            filled("plan {{user.public_metadata.plan}}"),
            json!(r#"plan {"name":"pro","seats":3,"free":false}"#)
        );
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
        assert_eq!(filled("{{\torg.slug\n|| 'a \"b\"' }}"), json!("a \"b\""));
    }

    #[test]
    fn a_literal_alone_is_itself() {
        assert_eq!(filled("{{'text'}}"), json!("text"));
        assert_eq!(filled("{{ -1e2 }}"), json!(-100.0));
        assert_eq!(filled("{{18446744073709551615}}"), json!(u64::MAX));
        assert_eq!(filled("{{false}}!"), json!("false!"));
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
    fn a_template_tells_where_each_name_stands_and_what_it_is_for() {
        let text = r#"{"sub": "{{user.id}}", "a/b": "{{org.id}}", "scopes": [1, {"fixed_params": {"\u0074": "x {{org.id || user.id}}"}}]}"#;
        let template = Template::parse(text).expect("a template");
        let mentions: Vec<_> =
            template.mentions().iter().map(|mention| (&*mention.path, mention.keys.join(" "))).collect();
        let team = "scopes 1 fixed_params t".to_owned();
        assert_eq!(mentions, [("org.id", "a/b".to_owned()), ("org.id", team.clone()), ("user.id", team)]);
        for Mention { path, offset, .. } in template.mentions() {
            assert!(text[*offset..].starts_with(path), "{path} at {offset}");
        }
        let last = &template.mentions()[2];
        assert!(last.is_within(&["scopes", "1"]) && last.is_within(&["scopes", "1", "fixed_params", "t"]));
        assert!(!last.is_within(&["scopes", "0"]) && !last.is_within(&["scopes", "1", "fixed_params", "t", "u"]));
    }

    #[test]
    fn a_template_tells_where_a_person_could_say_what_their_own_token_reads() {
        let editable = |claim: &str, path: &str| {
            let text = json!({ claim: [{ "a": ["", format!("x {{{{org.id || {path}}}}}")] }] }).to_string();
            let template = Template::parse(&text).expect("a template");
            template.editable().map(|mention| (mention.path.clone(), mention.keys.join(" "))).collect::<Vec<_>>()
        };
        for path in ["user.unsafe_metadata", "user.unsafe_metadata.team.name", "user.username", "user.image_url"]
            .into_iter()
            .chain(["user.first_name", "user.last_name", "user.full_name"])
        {
            assert_eq!(editable("scopes", path), [(path.to_owned(), "scopes 0 a 1".to_owned())]);
            assert_eq!(editable("limits", path).len(), 1, "{path}");
            assert_eq!(editable("who", path), [], "{path}");
        }
        for path in ["user.id", "user.public_metadata.unsafe_metadata", "org.role", "org_membership.public_metadata"] {
            assert_eq!(editable("scopes", path), [], "{path}");
        }
    }

    #[test]
    fn keys_and_other_values_stand_as_they_are() {
        let template = r#"{"{{user.id}}": 1, "list": 0, "limits": {"rps": 9, "rps": 10}, "list": ["{{user.id}}", "{{user.id}}", null, true]}"#;
        let filled = Template::parse(template).expect("a template").fill(&ada());
        assert_eq!(
            Value::Object(filled),
            json!({ "{{user.id}}": 1, "list": ["user_1", "user_1", null, true], "limits": { "rps": 10 } })
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
            ("{\"a\": \"{{org.id || 'it\\\\'s'}}\"}", 1, 26, "ends with }}"),
            ("{\"a\": \"{{org.id || \\\"x\\\"}}\"}", 1, 20, "single quotes"),
            ("{\"a\": \"{{org.id || null}}\"}", 1, 20, "no literal"),
            ("{\"a\": \"{{org.id | user.id}}\"}", 1, 17, "||"),
            ("{\"a\": \"{{{user.id}}}\"}", 1, 10, "missing"),
            ("{\"a\": \"{{\"}", 1, 10, "missing"),
            ("{\"a\": \"\\u007b{ \\n\\ud83d\\udc26 {{user.id}}\"}", 1, 18, "`🐦` is no shortcode"),
            ("{\"a\": \"\\ud83d\\udc26 \\u00e9\\t{\\u007b user.ids }}\"}", 1, 37, "did you mean `user.id`?"),
            ("{\"a\": \"{{User.ID}}\"}", 1, 10, "did you mean `user.id`?"),
            ("{\"a\": \"{{org.slugg}}\"}", 1, 10, "did you mean `org.slug`?"),
            ("{\"a\": \"{{user.private_metadata.a}}\"}", 1, 10, "no shortcode"),
            ("{\"a\": \"{{user.id.x}}\"}", 1, 10, "no shortcode"),
            ("{\"a\": \"{{user.public_metadata.}}\"}", 1, 10, "no shortcode"),
            ("{\"a\": 1,\n}", 2, 1, "not JSON"),
            ("{\"ñ\": \"ñ\" x}", 1, 11, "not JSON"),
            ("{\"a\": \"\\ud83d\"}", 1, 8, "surrogate"),
            ("[]", 1, 1, "object"),
        ] {
            let error = Template::parse(template).expect_err(template);
            assert!(error.message.contains(hint), "{template}: {error}");
            assert_eq!((error.line, error.column), (line, column), "{template}: {error}");
        }
    }

    #[test]
    fn what_a_signer_sets_is_left_out_and_told_with_its_place() {
        let template = Template::parse(
            "{\"sid\": \"s\", \"sub\": \"{{org.id}}\",\n  \"exp\" : 9, \"\\u0069at\": 1, \"limits\": {\"exp\": 1}}",
        )
        .expect("a template");
        assert_eq!(Value::Object(template.fill(&ada())), json!({ "sid": "s", "limits": { "exp": 1 } }));
        assert_eq!(template.shortcodes().count(), 0);
        let places: Vec<_> = template.reserved().iter().map(|error| (error.line, error.column)).collect();
        assert_eq!(places, [(1, 14), (2, 3), (2, 26)]);
        assert!(template.reserved()[1].message.contains("`exp`"), "{:?}", template.reserved());
        for claim in RESERVED {
            let template = Template::parse(&json!({ claim: 1 }).to_string()).expect(claim);
            assert_eq!((template.reserved().len(), template.fill(&ada()).len()), (1, 0), "{claim}");
        }
    }

    /// A template with this text, in which any character may be written as an
    /// escape, and where `name` begins in it, in bytes.
    fn written(text: &str, escaped: u64, name: &str) -> (String, usize) {
        let (mut json, mut offset) = ("{\"a\": \"".to_owned(), 0);
        let start = text.rfind(name).expect("a name");
        for (index, (at, character)) in text.char_indices().enumerate() {
            if at == start {
                offset = json.len();
            }
            let plain = serde_json::to_string(&character.to_string()).expect("json");
            if escaped >> (index % 64) & 1 == 1 {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}"));
                json.extend(units);
            } else {
                json.push_str(&plain[1..plain.len() - 1]);
            }
        }
        (json + "\"}", offset)
    }

    proptest! {
        #[test]
        fn a_template_without_shortcodes_fills_as_itself(text in "[^{]*", number in any::<i64>()) {
            let claims = json!({ "a": [text, number, { "b": null }], "c": {} });
            let template = Template::parse(&claims.to_string()).expect("a template");
            prop_assert_eq!(Value::Object(template.fill(&ada())), claims);
        }

        #[test]
        fn a_wrong_name_is_found_where_it_stands_however_the_text_is_escaped(
            before in any::<String>(), escaped in any::<u64>(), after in "[^{]*",
        ) {
            let text = format!("{} {{{{user.idd}}}}{after}", before.replace('{', ""));
            let (json, offset) = written(&text, escaped, "user.idd");
            let place = json[..offset].chars().count() + 1;
            let error = Template::parse(&json).expect_err("no such name");
            let newlines = json.matches('\n').count();
            prop_assert_eq!((error.line, error.column, newlines), (1, place, 0), "{}", json);
        }

        #[test]
        fn a_name_is_told_where_it_stands_however_the_text_is_escaped(
            before in any::<String>(), escaped in any::<u64>(), after in "[^{]*",
        ) {
            let text = format!("{} {{{{'user' || user.created_at}}}}{after}", before.replace('{', ""));
            let (json, offset) = written(&text, escaped, "user.created_at");
            let template = Template::parse(&json).expect("a template");
            let mention = Mention { path: "user.created_at".to_owned(), keys: vec!["a".to_owned()], offset };
            prop_assert_eq!(template.mentions(), [mention], "{}", json);
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
