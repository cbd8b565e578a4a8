//! ClickHouse's types, as `meta` writes them.
//!
//! `LowCardinality(Nullable(String))` is a string that may be null, wrapped for
//! the engine's own reasons. A [`Type`] keeps the engine's text, so that nothing
//! is lost, and answers what Perch needs to know: which family a chart may draw
//! it as, how a cell is kept in memory, how many digits a second has, in which
//! zone its clock stands. Reading a type never fails: what is unknown keeps its
//! text and its cells stay text.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How deep types may nest before the rest is kept as text alone.
const MAX_DEPTH: usize = 32;

/// One type, for example `DateTime64(3, 'Europe/Madrid')`. A clone is the same
/// in memory: ten thousand columns of `UInt8` share one.
#[derive(Clone, PartialEq, Eq)]
pub struct Type(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    text: Box<str>,
    name_length: usize,
    arguments: Box<[Argument]>,
}

/// One argument of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Another type: `UInt8` in `Array(UInt8)`.
    Type(Type),
    /// A named type: `id UInt8` in `Tuple(id UInt8)`.
    Named(String, Type),
    /// A number or a quoted text: `3`, `'UTC'`.
    Literal(String),
}

impl Argument {
    /// The type, with or without a name before it.
    pub fn as_type(&self) -> Option<&Type> {
        match self {
            Self::Type(kind) | Self::Named(_, kind) => Some(kind),
            Self::Literal(_) => None,
        }
    }
}

/// What a chart needs to know of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Integers of any width, floats, decimals, intervals.
    Number,
    /// Dates and times.
    Time,
    /// Strings, enums, UUIDs, addresses.
    Text,
    /// `Bool`.
    Boolean,
    /// Arrays, tuples, maps, JSON and what Perch does not know.
    Other,
}

/// How the cells of a type are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Bool,
    Int,
    UInt,
    Float,
    Time(Unit),
    /// A number too wide or too exact for a machine word: its digits.
    Digits,
    Text,
    /// Whatever has parts or is unknown: its JSON.
    Json,
}

/// What one tick of a time column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    /// A second divided by ten to this power, 0 to 9.
    Second(u8),
}

impl Type {
    /// Reads the engine's text. Never fails: see the module's paragraph.
    pub fn parse(text: &str) -> Self {
        Self::nested(text.trim(), 0)
    }

    fn nested(text: &str, depth: usize) -> Self {
        let name_length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let inner = text[name_length..].strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.filter(|_| name_length > 0 && depth < MAX_DEPTH);
        let is_enum = text.starts_with("Enum");
        let mut arguments = Vec::new();
        let keep = |part: &str| {
            if !is_enum {
                arguments.push(argument(part, depth + 1));
            }
        };
        let (name_length, arguments) = match inner.and_then(|inner| split(inner, keep)) {
            Some(()) => (name_length, arguments.into()),
            None => (text.len(), Box::default()),
        };
        Self(Arc::new(Parts { text: text.into(), name_length, arguments }))
    }

    /// The name before the parenthesis. The whole text of what is no type.
    pub fn name(&self) -> &str {
        &self.0.text[..self.0.name_length]
    }

    /// What stands between the parentheses. Nothing for an enum, whose members
    /// can be thousands and are texts wherever they stand.
    pub fn arguments(&self) -> &[Argument] {
        &self.0.arguments
    }

    /// The type without `Nullable`, `LowCardinality` and
    /// `SimpleAggregateFunction` around it.
    pub fn plain(&self) -> &Type {
        match self.wrapped() {
            Some(inner) => inner.plain(),
            None => self,
        }
    }

    fn wrapped(&self) -> Option<&Type> {
        match self.name() {
            "Nullable" | "LowCardinality" => self.0.arguments.first().and_then(Argument::as_type),
            // The first argument is the function's name.
            "SimpleAggregateFunction" => self.0.arguments.get(1).and_then(Argument::as_type),
            _ => None,
        }
    }

    /// Whether the type says that a cell may be null.
    pub fn is_nullable(&self) -> bool {
        self.name() == "Nullable" || self.wrapped().is_some_and(Type::is_nullable)
    }

    /// What a chart may draw a column of this type as.
    pub fn family(&self) -> Family {
        match self.storage() {
            Storage::Bool => Family::Boolean,
            Storage::Int | Storage::UInt | Storage::Float | Storage::Digits => Family::Number,
            Storage::Time(_) => Family::Time,
            Storage::Text => Family::Text,
            Storage::Json => Family::Other,
        }
    }

    /// The time zone that the type names, without its quotes.
    pub fn zone(&self) -> Option<&str> {
        let plain = self.plain();
        let position = match plain.name() {
            "DateTime" => 0,
            "DateTime64" => 1,
            _ => return None,
        };
        match plain.0.arguments.get(position) {
            Some(Argument::Literal(text)) => text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')),
            _ => None,
        }
    }

    pub(crate) fn storage(&self) -> Storage {
        let plain = self.plain();
        match plain.name() {
            "Bool" => Storage::Bool,
            "Int8" | "Int16" | "Int32" | "Int64" => Storage::Int,
            "UInt8" | "UInt16" | "UInt32" | "UInt64" => Storage::UInt,
            "Float32" | "Float64" | "BFloat16" => Storage::Float,
            "Date" | "Date32" => Storage::Time(Unit::Day),
            "DateTime" => Storage::Time(Unit::Second(0)),
            "DateTime64" => Storage::Time(Unit::Second(plain.fraction_digits())),
            "Int128" | "Int256" | "UInt128" | "UInt256" => Storage::Digits,
            "Decimal" | "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => Storage::Digits,
            "String" | "FixedString" | "Enum8" | "Enum16" | "Enum" | "UUID" | "IPv4" | "IPv6" => Storage::Text,
            name if name.starts_with("Interval") => Storage::Int,
            _ => Storage::Json,
        }
    }

    fn fraction_digits(&self) -> u8 {
        match self.0.arguments.first() {
            Some(Argument::Literal(digits)) => digits.parse().ok().filter(|digits| *digits <= 9).unwrap_or(3),
            _ => 3,
        }
    }
}

fn argument(text: &str, depth: usize) -> Argument {
    let text = text.trim();
    let first = text.bytes().next().unwrap_or(b'0');
    if first == b'\'' || first == b'-' || first.is_ascii_digit() {
        return Argument::Literal(text.to_owned());
    }
    let name_end = if first == b'`' || first == b'"' {
        closing(text, first)
    } else {
        text.find(|character: char| character.is_whitespace() || character == '(')
    };
    match name_end {
        Some(end) if text[end..].starts_with(char::is_whitespace) => {
            let name = text[..end].trim_matches(['`', '"']);
            Argument::Named(name.to_owned(), Type::nested(text[end..].trim_start(), depth))
        }
        _ => Argument::Type(Type::nested(text, depth)),
    }
}

/// Where the quoted text that `text` starts with has ended.
fn closing(text: &str, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            // A quote written twice is a quote within the text.
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Cuts at the commas that stand in no quotes and no parentheses. `None` where
/// those do not match.
fn split<'a>(text: &'a str, mut keep: impl FnMut(&'a str)) -> Option<()> {
    let bytes = text.as_bytes();
    let (mut start, mut at, mut open) = (0, 0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'`' | b'"') => {
                at += closing(&text[at..], quote)?;
                continue;
            }
            b'(' => open += 1,
            b')' => open = open.checked_sub(1)?,
            b',' if open == 0 => {
                keep(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    keep(&text[start..]);
    (open == 0).then_some(())
}

impl FromStr for Type {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.text)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Type({})", self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wrappers_do_not_change_what_a_cell_is() {
        for (text, plain) in [
            ("LowCardinality(Nullable(String))", "String"),
            ("SimpleAggregateFunction(max, DateTime)", "DateTime"),
            ("SimpleAggregateFunction(anyLast, LowCardinality(Nullable(String)))", "String"),
            ("Nullable(Decimal(18, 6))", "Decimal(18, 6)"),
            ("Float64", "Float64"),
        ] {
            assert_eq!(Type::parse(text).plain().to_string(), plain);
        }
        assert!(Type::parse("LowCardinality(Nullable(String))").is_nullable());
        assert!(!Type::parse("Array(Nullable(String))").is_nullable());
    }

    #[test]
    fn a_zone_and_the_digits_of_a_second_are_read_from_the_type() {
        let kind = Type::parse("Nullable(DateTime64(6, 'America/New_York'))");
        assert_eq!(kind.zone(), Some("America/New_York"));
        assert_eq!(kind.storage(), Storage::Time(Unit::Second(6)));
        assert_eq!(Type::parse("DateTime").zone(), None);
        assert_eq!(Type::parse("DateTime('UTC')").zone(), Some("UTC"));
    }

    #[test]
    fn commas_quotes_and_parentheses_inside_an_enum_split_nothing() {
        let kind = Type::parse(r"Enum16('it\'s' = 0, 'b,c' = 1, ')(' = 2, 'two''quotes' = 3)");
        assert_eq!((kind.name(), kind.family()), ("Enum16", Family::Text));
        let tuple = Type::parse(&format!("Tuple({kind}, `a,(b` {kind}, Enum8('a)' = -1))"));
        assert_eq!(tuple.arguments().len(), 3);
    }

    #[test]
    fn a_tuple_knows_the_names_of_its_parts() {
        let kind = Type::parse("Tuple(id UInt8, `odd, name` Array(Tuple(x Int8)), String)");
        let names: Vec<_> = kind
            .arguments()
            .iter()
            .map(|argument| match argument {
                Argument::Named(name, kind) => format!("{name}: {kind}"),
                other => format!("{:?}", other.as_type()),
            })
            .collect();
        assert_eq!(names, ["id: UInt8", "odd, name: Array(Tuple(x Int8))", "Some(Type(String))"]);
    }

    #[test]
    fn what_is_no_type_stays_text() {
        for text in ["", "Array(", "Array)", "Enum8('open", "Quux(1, 2)", "a b c", "(", "ñ(x)"] {
            assert_eq!(Type::parse(text).to_string(), text);
            assert_eq!(Type::parse(text).family(), Family::Other);
        }
        let deep = format!("{}String{}", "Array(".repeat(50_000), ")".repeat(50_000));
        assert_eq!(Type::parse(&deep).family(), Family::Other);
    }

    proptest! {
        #[test]
        fn any_text_reads_and_prints_as_itself(text in "\\PC*") {
            prop_assert_eq!(Type::parse(&text).to_string(), text.trim());
        }
    }
}
