//! Random types of ClickHouse, and random values of each.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Zones whose clocks jump, stand between the hours, or skipped a day.
const ZONES: [&str; 6] =
    ["UTC", "Europe/Madrid", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"];

/// A type, as far as its values and their texts differ.
#[derive(Debug, Clone)]
pub enum Kind {
    Bool,
    Integer { signed: bool, bits: u32 },
    Interval,
    Float,
    Decimal { digits: usize, scale: usize },
    String,
    FixedString(usize),
    Enum(Vec<String>),
    Uuid,
    Ipv4,
    Ipv6,
    Date,
    Date32,
    DateTime(Option<&'static str>),
    DateTime64(u8, Option<&'static str>),
    Unknown,
    Nullable(Box<Kind>),
    LowCardinality(Box<Kind>),
    Aggregate(Box<Kind>),
    Array(Box<Kind>),
    Tuple(Vec<Kind>),
    Named(Vec<(String, Kind)>),
    Nested(Vec<(String, Kind)>),
    Map(Box<Kind>, Box<Kind>),
}

/// A value, as what it means.
#[derive(Debug, Clone)]
pub enum Cell {
    Null,
    Bool(bool),
    /// In decimal digits, and whether it has 64 bits or more.
    Integer(String, bool),
    Float(f64),
    Decimal(String),
    Text(String),
    Time(Moment),
    List(Vec<Cell>),
    Tuple(Vec<Cell>),
    Map(Vec<(Cell, Cell)>),
}

/// A date, or a time on the clock of its column.
#[derive(Debug, Clone)]
pub struct Moment {
    /// As the engine writes it.
    pub text: String,
    /// Microseconds since 1970 on that clock.
    pub micros: i64,
    /// The instant that it was made of, in microseconds.
    pub instant: i64,
}

impl Kind {
    /// The engine's text.
    pub fn text(&self) -> String {
        let all = |kinds: &[Kind]| kinds.iter().map(Kind::text).collect::<Vec<_>>().join(", ");
        match self {
            Self::Bool => "Bool".to_owned(),
            Self::Integer { signed, bits } => format!("{}Int{bits}", if *signed { "" } else { "U" }),
            Self::Interval => "IntervalMinute".to_owned(),
            Self::Float => "Float64".to_owned(),
            Self::Decimal { digits, scale } => format!("Decimal({digits}, {scale})"),
            Self::String => "String".to_owned(),
            Self::FixedString(length) => format!("FixedString({length})"),
            Self::Enum(names) => {
                let members = names.iter().enumerate().map(|(index, name)| format!("{} = {index}", quote(name)));
                format!("Enum16({})", members.collect::<Vec<_>>().join(", "))
            }
            Self::Uuid => "UUID".to_owned(),
            Self::Ipv4 => "IPv4".to_owned(),
            Self::Ipv6 => "IPv6".to_owned(),
            Self::Date => "Date".to_owned(),
            Self::Date32 => "Date32".to_owned(),
            Self::DateTime(None) => "DateTime".to_owned(),
            Self::DateTime(Some(zone)) => format!("DateTime('{zone}')"),
            Self::DateTime64(digits, None) => format!("DateTime64({digits})"),
            Self::DateTime64(digits, Some(zone)) => format!("DateTime64({digits}, '{zone}')"),
            Self::Unknown => "AggregateFunction(uniq, UInt64)".to_owned(),
            Self::Nullable(inner) => format!("Nullable({})", inner.text()),
            Self::LowCardinality(inner) => format!("LowCardinality({})", inner.text()),
            Self::Aggregate(inner) => format!("SimpleAggregateFunction(anyLast, {})", inner.text()),
            Self::Array(inner) => format!("Array({})", inner.text()),
            Self::Tuple(parts) => format!("Tuple({})", all(parts)),
            Self::Named(parts) => format!("Tuple({})", named(parts)),
            Self::Nested(parts) => format!("Nested({})", named(parts)),
            Self::Map(key, value) => format!("Map({}, {})", key.text(), value.text()),
        }
    }

    /// Values of this type.
    pub fn cells(&self) -> BoxedStrategy<Cell> {
        match self {
            Self::Bool => any::<bool>().prop_map(Cell::Bool).boxed(),
            Self::Integer { signed, bits } => integers(*signed, *bits),
            Self::Interval => any::<i64>().prop_map(|value| Cell::Integer(value.to_string(), true)).boxed(),
            Self::Float => any::<f64>().prop_map(Cell::Float).boxed(),
            Self::Decimal { digits, scale } => decimals(*digits, *scale),
            Self::String => texts().prop_map(Cell::Text).boxed(),
            Self::Unknown => texts().prop_map(Cell::Text).boxed(),
            Self::FixedString(length) => regex(&format!("[a-z \\\\\"]{{{length}}}")).prop_map(Cell::Text).boxed(),
            Self::Enum(names) => prop::sample::select(names.clone()).prop_map(Cell::Text).boxed(),
            Self::Uuid => {
                "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}".prop_map(Cell::Text).boxed()
            }
            Self::Ipv4 => any::<std::net::Ipv4Addr>().prop_map(|address| Cell::Text(address.to_string())).boxed(),
            Self::Ipv6 => any::<std::net::Ipv6Addr>().prop_map(|address| Cell::Text(address.to_string())).boxed(),
            Self::Date => days(0, 65_535),
            Self::Date32 => days(-25_567, 120_529),
            Self::DateTime(zone) => times(0, i64::from(u32::MAX), 0, *zone),
            Self::DateTime64(digits, zone) => times(-2_208_988_800, 9_000_000_000, *digits, *zone),
            Self::Nullable(inner) => prop_oneof![1 => Just(Cell::Null), 3 => inner.cells()].boxed(),
            Self::LowCardinality(inner) | Self::Aggregate(inner) => inner.cells(),
            Self::Array(inner) => prop::collection::vec(inner.cells(), 0..4).prop_map(Cell::List).boxed(),
            Self::Tuple(parts) => all(parts.iter()).prop_map(Cell::Tuple).boxed(),
            Self::Named(parts) => all(parts.iter().map(|(_, kind)| kind)).prop_map(Cell::Tuple).boxed(),
            Self::Nested(parts) => {
                let rows = all(parts.iter().map(|(_, kind)| kind)).prop_map(Cell::Tuple);
                prop::collection::vec(rows, 0..3).prop_map(Cell::List).boxed()
            }
            Self::Map(key, value) => {
                prop::collection::vec((key.cells(), value.cells()), 0..4).prop_map(Cell::Map).boxed()
            }
        }
    }
}

/// Any type.
pub fn kinds() -> impl Strategy<Value = Kind> {
    let wrapped = scalars().prop_flat_map(|scalar| {
        let nullable = Kind::Nullable(Box::new(scalar.clone()));
        prop::sample::select(vec![
            scalar.clone(),
            nullable.clone(),
            Kind::LowCardinality(Box::new(scalar.clone())),
            Kind::LowCardinality(Box::new(nullable.clone())),
            Kind::Aggregate(Box::new(scalar)),
            Kind::Aggregate(Box::new(Kind::LowCardinality(Box::new(nullable)))),
        ])
    });
    let keys = prop_oneof![
        Just(Kind::String),
        Just(Kind::LowCardinality(Box::new(Kind::String))),
        Just(Kind::Uuid),
        Just(Kind::Date),
        any::<bool>().prop_map(|signed| Kind::Integer { signed, bits: 64 }),
    ];
    let wrapped = prop_oneof![4 => wrapped, 1 => Just(Kind::Unknown)];
    wrapped.prop_recursive(3, 12, 3, move |inner| {
        let names = prop::collection::vec(("[a-z_][a-z0-9_]{0,5}", inner.clone()), 1..3).prop_map(distinct);
        prop_oneof![
            inner.clone().prop_map(|inner| Kind::Array(Box::new(inner))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kind::Tuple),
            names.clone().prop_map(Kind::Named),
            names.prop_map(Kind::Nested),
            (keys.clone(), inner).prop_map(|(key, value)| Kind::Map(Box::new(key), Box::new(value))),
        ]
    })
}

fn scalars() -> BoxedStrategy<Kind> {
    let zone = prop::option::of(prop::sample::select(ZONES.to_vec()));
    prop_oneof![
        Just(Kind::Bool),
        (any::<bool>(), 3..9_u32).prop_map(|(signed, power)| Kind::Integer { signed, bits: 1 << power }),
        Just(Kind::Interval),
        Just(Kind::Float),
        (1..=76_usize)
            .prop_flat_map(|digits| (Just(digits), 0..=digits))
            .prop_map(|(digits, scale)| Kind::Decimal { digits, scale }),
        Just(Kind::String),
        (1..9_usize).prop_map(Kind::FixedString),
        prop::collection::vec(texts(), 1..4).prop_map(Kind::Enum),
        Just(Kind::Uuid),
        Just(Kind::Ipv4),
        Just(Kind::Ipv6),
        Just(Kind::Date),
        Just(Kind::Date32),
        zone.clone().prop_map(Kind::DateTime),
        (0..=9_u8, zone).prop_map(|(digits, zone)| Kind::DateTime64(digits, zone)),
    ]
    .boxed()
}

/// Texts with everything that has to be escaped somewhere.
pub fn texts() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\"", "'", "\\", "/", "\0", "\u{1}", "\u{8}", "\u{c}", "\n", "\r", "\t", "\u{1f}", "\u{7f}", ",", "`", "(",
        ")", "\u{2028}", "\u{202e}", "🐦", "é", "\\N", "NULL", "12", "nan",
    ]);
    let piece = prop_oneof![odd.prop_map(str::to_owned), "[a-z ]{0,9}", any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// A text in the engine's single quotes.
pub fn quote(text: &str) -> String {
    let mut out = "'".to_owned();
    for character in text.chars() {
        match character {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            other => out.push(other),
        }
    }
    out + "'"
}

fn named(parts: &[(String, Kind)]) -> String {
    parts.iter().map(|(name, kind)| format!("{name} {}", kind.text())).collect::<Vec<_>>().join(", ")
}

fn distinct(mut parts: Vec<(String, Kind)>) -> Vec<(String, Kind)> {
    parts.iter_mut().enumerate().for_each(|(index, (name, _))| name.push_str(&index.to_string()));
    parts
}

fn all<'a>(kinds: impl Iterator<Item = &'a Kind>) -> Vec<BoxedStrategy<Cell>> {
    kinds.map(Kind::cells).collect()
}

fn regex(pattern: &str) -> BoxedStrategy<String> {
    prop::string::string_regex(pattern).expect(pattern).boxed()
}

/// Any integer of so many bits, the ends of its range more often.
fn integers(signed: bool, bits: u32) -> BoxedStrategy<Cell> {
    let ends = if signed {
        vec![power(bits - 1, true), format!("-{}", power(bits - 1, false)), "-1".to_owned(), "0".to_owned()]
    } else {
        vec![power(bits, true), "0".to_owned()]
    };
    let middle =
        prop::collection::vec(any::<u8>(), bits as usize / 8).prop_map(move |bytes| signed_digits(bytes, signed));
    prop_oneof![1 => prop::sample::select(ends), 3 => middle]
        .prop_map(move |digits| Cell::Integer(digits, bits >= 64))
        .boxed()
}

/// Two to the power of `bits`, or one less, in decimal digits.
fn power(bits: u32, less_one: bool) -> String {
    let mut bytes = vec![0; bits as usize / 8 + 1];
    bytes[bits as usize / 8] = 1 << (bits % 8);
    let digits = decimal(bytes);
    if !less_one {
        return digits;
    }
    // No power of two ends with a zero, so the last digit alone changes.
    let (head, last) = digits.split_at(digits.len() - 1);
    format!("{head}{}", last.parse::<u8>().expect("a digit") - 1)
}

/// Little-endian bytes as an integer, the top bit being the sign if there is one.
fn signed_digits(mut bytes: Vec<u8>, signed: bool) -> String {
    let last = bytes.len() - 1;
    let negative = signed && bytes[last] & 0x80 != 0;
    if signed {
        bytes[last] &= 0x7f;
    }
    let digits = decimal(bytes);
    if negative && digits != "0" { format!("-{digits}") } else { digits }
}

/// Little-endian bytes in decimal digits, by long division.
fn decimal(mut bytes: Vec<u8>) -> String {
    let mut digits = Vec::new();
    while bytes.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in bytes.iter_mut().rev() {
            let value = rest << 8 | u32::from(*byte);
            (*byte, rest) = ((value / 10) as u8, value % 10);
        }
        digits.push(char::from_digit(rest, 10).expect("a digit"));
    }
    if digits.is_empty() { "0".to_owned() } else { digits.iter().rev().collect() }
}

/// As the engine writes them: no zeros at the end of the fraction.
fn decimals(digits: usize, scale: usize) -> BoxedStrategy<Cell> {
    let whole = match digits - scale {
        0 => regex("0"),
        places => regex(&format!("0|[1-9][0-9]{{0,{}}}", places - 1)),
    };
    let fraction = match scale {
        0 => regex(""),
        places => regex(&format!("([0-9]{{0,{}}}[1-9])?", places - 1)),
    };
    (any::<bool>(), whole, fraction)
        .prop_map(|(negative, whole, fraction)| {
            let point = if fraction.is_empty() { "" } else { "." };
            let zero = whole == "0" && fraction.is_empty();
            Cell::Decimal(format!("{}{whole}{point}{fraction}", if negative && !zero { "-" } else { "" }))
        })
        .boxed()
}

fn days(first: i64, last: i64) -> BoxedStrategy<Cell> {
    (first..=last)
        .prop_map(|day| {
            let clock = civil(day * 86_400, TimeZone::UTC);
            let micros = day * 86_400_000_000;
            Cell::Time(Moment { text: clock.date().to_string(), micros, instant: micros })
        })
        .boxed()
}

/// Instants from `first` to `last`, in seconds, as a clock with so many digits
/// of a second shows them in the zone.
fn times(first: i64, last: i64, digits: u8, zone: Option<&'static str>) -> BoxedStrategy<Cell> {
    (first..=last, 0..1_000_000_000_i32)
        .prop_map(move |(second, nanosecond)| {
            let zone = zone.map_or(TimeZone::UTC, |zone| TimeZone::get(zone).expect(zone));
            let unit = 10_i32.pow(u32::from(9 - digits));
            let nanosecond = nanosecond / unit * unit;
            let clock = civil(second, zone);
            let fraction = format!("{nanosecond:09}");
            let point = if digits > 0 { "." } else { "" };
            let text = format!("{}{point}{}", clock.strftime("%Y-%m-%d %H:%M:%S"), &fraction[..usize::from(digits)]);
            let shown = clock.to_zoned(TimeZone::UTC).expect("a time").timestamp().as_second();
            let micros = |second: i64| second * 1_000_000 + i64::from(nanosecond) / 1_000;
            Cell::Time(Moment { text, micros: micros(shown), instant: micros(second) })
        })
        .boxed()
}

fn civil(second: i64, zone: TimeZone) -> DateTime {
    Timestamp::from_second(second).expect("a time").to_zoned(zone).datetime()
}
