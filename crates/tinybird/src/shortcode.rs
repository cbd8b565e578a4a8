//! What stands between `{{` and `}}` in a claims template: the names of what
//! Clerk knows of a person and an organization, literals, and `||` between
//! them.

use serde_json::Value;

use crate::claimant::{Claimant, Found};

/// What a shortcode may name, as Clerk documents them.
pub(crate) const NAMES: [&str; 18] = [
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

/// Those that the person whom they are about can change: the profile, and the
/// metadata that a browser may write.
const EDITABLE: [&str; 6] =
    ["user.first_name", "user.last_name", "user.full_name", "user.username", "user.image_url", "user.unsafe_metadata"];

/// `a || b || 'text'`: at least one operand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shortcode(Vec<Operand>);

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// As it is written, with dots between its keys.
    Path {
        path: String,
        /// How many bytes into the text.
        at: usize,
    },
    Literal(Value),
}

/// Why a text is no shortcode.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// How many bytes into the text.
    pub(crate) at: usize,
    /// What is wrong and what to write instead.
    pub(crate) message: String,
}

impl Wrong {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Whether a template may name `path`: one of Clerk's names, or something
/// within metadata, which are the operator's own.
pub fn is_shortcode(path: &str) -> bool {
    NAMES.iter().any(|name| match path.strip_prefix(name) {
        Some("") => true,
        Some(rest) if name.ends_with("_metadata") => {
            rest.strip_prefix('.').is_some_and(|keys| keys.split('.').all(|key| !key.is_empty()))
        }
        _ => false,
    })
}

/// Whether the person whom it is about can change what `path` names.
pub(crate) fn is_editable(path: &str) -> bool {
    let within = |name: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    EDITABLE.into_iter().any(within)
}

impl Shortcode {
    /// Reads from behind the opening braces, which end at `start`; the
    /// shortcode, and where its closing braces end.
    pub(crate) fn read(text: &str, start: usize) -> Result<(Self, usize), Wrong> {
        let skip_space = |at: usize| at + (text[at..].len() - text[at..].trim_start().len());
        let mut operands = Vec::new();
        let mut at = start;
        loop {
            at = skip_space(at);
            let (operand, end) = read_operand(text, at)?;
            operands.push(operand);
            at = skip_space(end);
            if text[at..].starts_with("}}") {
                return Ok((Self(operands), at + "}}".len()));
            }
            if !text[at..].starts_with("||") {
                return Err(Wrong::new(at, "a shortcode ends with }} here, or goes on with ||"));
            }
            at += "||".len();
        }
    }

    /// What it names, each with how many bytes into the text it stands.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().filter_map(|operand| match operand {
            Operand::Path { path, at } => Some((path.as_str(), *at)),
            Operand::Literal(_) => None,
        })
    }

    /// The first operand that is neither null nor false, else the last.
    pub(crate) fn find<'a>(&'a self, claimant: &'a dyn Claimant) -> Found<'a> {
        let mut last = Found::Json(&Value::Null);
        for operand in &self.0 {
            last = match operand {
                Operand::Literal(value) => Found::Json(value),
                Operand::Path { path, .. } => claimant.find(path).unwrap_or(Found::Json(&Value::Null)),
            };
            if !last.is_passed_over() {
                break;
            }
        }
        last
    }
}

/// Reads a name or a literal; also where it ends.
fn read_operand(text: &str, at: usize) -> Result<(Operand, usize), Wrong> {
    let rest = &text[at..];
    if let Some(quoted) = rest.strip_prefix('\'') {
        let length = quoted.find('\'').ok_or(Wrong::new(at, "this text has no closing quote"))?;
        return Ok((Operand::Literal(quoted[..length].into()), at + length + "''".len()));
    }
    if rest.starts_with('"') {
        return Err(Wrong::new(at, "a text within a shortcode stands in single quotes: {{org.slug || 'none'}}"));
    }
    let length = rest
        .find(|character: char| character.is_whitespace() || matches!(character, '|' | '}' | '\'' | '{'))
        .unwrap_or(rest.len());
    let (word, end) = (&rest[..length], at + length);
    let operand = match word {
        "" => {
            let message = "a name or a literal is missing here; write {{user.id}} or {{org.slug || 'none'}}";
            return Err(Wrong::new(at, message));
        }
        "true" => Operand::Literal(true.into()),
        "false" => Operand::Literal(false.into()),
        "null" => {
            let message = "null is no literal: those are texts in single quotes, numbers, true and false";
            return Err(Wrong::new(at, message));
        }
        number if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            match serde_json::from_str(number) {
                Ok(value @ Value::Number(_)) => Operand::Literal(value),
                _ => return Err(Wrong::new(at, format!("`{number}` is no number; put a text in single quotes"))),
            }
        }
        name if is_shortcode(name) => Operand::Path { path: name.to_owned(), at },
        unknown => return Err(Wrong::new(at, told_apart(unknown))),
    };
    Ok((operand, end))
}

/// What to write instead of a name that Clerk has not.
fn told_apart(unknown: &str) -> String {
    let written = unknown.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&written, name);
    let nearest = NAMES.into_iter().min_by_key(|name| distance(name)).unwrap_or_default();
    if distance(nearest) <= 1 + nearest.len() / 4 {
        format!("`{unknown}` is no shortcode; did you mean `{nearest}`?")
    } else {
        format!("`{unknown}` is no shortcode; Clerk has {}", NAMES.join(", "))
    }
}
