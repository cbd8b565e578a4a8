//! Reading a TOML table key by key, so that every problem is found at once and
//! each is told at its own place.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use perch_tenant::Attribute;
use perch_tinybird::{ParameterError, ParameterValue};
use serde::de::value::Error as ProbeError;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::keys::{self, Keys, NEWEST};
use crate::problem::nearest;
use crate::{Parameter, Problem};

/// More problems than anyone reads before they put the first ones right.
const MOST_PROBLEMS: usize = 300;

/// A file while it is read, and what was found wrong with it so far.
pub(crate) struct Page<'t> {
    text: &'t str,
    /// Where each line begins, so that a place in a long file is found without counting from its start.
    lines: Vec<usize>,
    /// The version that the file says it has.
    pub(crate) version: i64,
    problems: Vec<Problem>,
    /// How many were found beyond [`MOST_PROBLEMS`].
    more: usize,
}

impl<'t> Page<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(after).collect();
        Self { text, lines, version: NEWEST, problems: Vec::new(), more: 0 }
    }

    /// Reports a problem at a byte offset.
    pub(crate) fn report(&mut self, offset: usize, message: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
            let problem = Problem::at(&self.text[self.lines[line]..], offset - self.lines[line], message);
            self.problems.push(Problem { line: problem.line + line, ..problem });
        } else {
            self.more += 1;
        }
    }

    /// Reports what a file of the version that this one says it has cannot hold.
    pub(crate) fn report_newer(&mut self, offset: usize, what: &str) {
        let message = format!("{what} came with version {NEWEST}; write version = {NEWEST} on the first line");
        self.report(offset, message);
    }

    /// How many problems were found so far.
    pub(crate) fn found(&self) -> usize {
        self.problems.len() + self.more
    }

    /// The problems from the `first` found on, in the file's order.
    pub(crate) fn since(&self, first: usize) -> Vec<Problem> {
        let mut problems = self.problems.get(first..).unwrap_or_default().to_vec();
        problems.sort();
        problems
    }

    /// Forgets all problems: one was found that makes the others none.
    pub(crate) fn start_anew(&mut self) {
        self.problems.clear();
        self.more = 0;
    }

    /// All problems, in the file's order.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort();
        if let (Some(last), true) = (self.problems.last(), self.more > 0) {
            let message = format!("and {} more problems from here on; put these right first", self.more);
            self.problems.push(Problem { message, ..last.clone() });
        }
        self.problems
    }
}

/// A value and where it stands.
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) offset: usize,
}

/// What some keys hold.
pub(crate) enum BooleanOrText<'a> {
    Boolean(bool),
    Text(&'a str),
}

/// One table of the file.
pub(crate) struct Section<'a, 't> {
    table: &'a DeTable<'t>,
    span: Range<usize>,
    /// What the table is, with its article: `a tile`.
    what: &'static str,
    /// Keys that were probably meant by others, which are reported already.
    misspelt: Vec<String>,
}

impl<'a, 't> Section<'a, 't> {
    /// Takes a table that may hold `known` keys, and reports all others, and those that are newer than the file.
    pub(crate) fn new(page: &mut Page<'_>, table: &'a DeTable<'t>, span: Range<usize>, known: Keys) -> Self {
        let mut misspelt = Vec::new();
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.all().any(|known| known == name) {
                let meant = nearest(name, known.all());
                page.report(key.span().start, unknown_key(name, known, meant));
                misspelt.extend(meant.map(str::to_owned));
            } else if page.version < NEWEST && known.second.contains(&name) {
                page.report_newer(key.span().start, &format!("`{name}`"));
            }
        }
        Self { table, span, what: known.what, misspelt }
    }

    /// The value of a key, whatever it is.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Where the table begins.
    pub(crate) fn offset(&self) -> usize {
        self.span.start
    }

    /// Whether the table has the key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Reports a key that must be there and is not. `example` is a whole line.
    pub(crate) fn missing(&self, page: &mut Page<'_>, key: &str, example: &str) {
        if !self.misspelt.iter().any(|name| name == key) {
            page.report(self.span.start, format!("{} needs `{key}`; write {example}", self.what));
        }
    }

    fn wrong(&self, page: &mut Page<'_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = kind(value.get_ref());
        page.report(value.span().start, format!("`{key}` is {found}; write {wanted}"));
    }

    /// A text between 1 and `longest` characters.
    pub(crate) fn text(
        &self,
        page: &mut Page<'_>,
        key: &str,
        longest: usize,
        example: &str,
    ) -> Option<Placed<&'a str>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(page, key, value, example);
            return None;
        };
        let offset = value.span().start;
        if text.trim().is_empty() || text.chars().count() > longest {
            page.report(offset, format!("`{key}` must have between 1 and {longest} characters; write {example}"));
            return None;
        }
        Some(Placed { value: text, offset })
    }

    /// A whole number within `range`.
    pub(crate) fn integer(
        &self,
        page: &mut Page<'_>,
        key: &str,
        range: RangeInclusive<i64>,
        example: &str,
    ) -> Option<Placed<i64>> {
        let value = self.get(key)?;
        let wanted = || format!("a whole number from {} to {}, like {example}", range.start(), range.end());
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong(page, key, value, &wanted());
            return None;
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(Placed { value: number, offset: value.span().start }),
            _ => {
                page.report(value.span().start, format!("`{key}` is {}; write {}", number.as_str(), wanted()));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, page: &mut Page<'_>, key: &str) -> Option<Placed<bool>> {
        let value = self.get(key)?;
        let Some(boolean) = value.get_ref().as_bool() else {
            self.wrong(page, key, value, "true or false, without quotes");
            return None;
        };
        Some(Placed { value: boolean, offset: value.span().start })
    }

    /// `true`, `false` or a text.
    pub(crate) fn boolean_or_text(
        &self,
        page: &mut Page<'_>,
        key: &str,
        example: &str,
    ) -> Option<Placed<BooleanOrText<'a>>> {
        let value = self.get(key)?;
        let read = match value.get_ref() {
            DeValue::Boolean(boolean) => BooleanOrText::Boolean(*boolean),
            DeValue::String(text) => BooleanOrText::Text(text),
            _ => {
                self.wrong(page, key, value, example);
                return None;
            }
        };
        Some(Placed { value: read, offset: value.span().start })
    }

    /// A list of texts; `None` where the key is not there, or is no such list.
    pub(crate) fn names(&self, page: &mut Page<'_>, key: &str, example: &str) -> Option<Vec<Placed<&'a str>>> {
        let value = self.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(page, key, value, example);
            return None;
        };
        let mut names = Vec::with_capacity(array.len());
        for name in array.iter() {
            let Some(text) = name.get_ref().as_str() else {
                let found = kind(name.get_ref());
                page.report(
                    name.span().start,
                    format!("`{key}` is a list of texts, and this is {found}; write {example}"),
                );
                return None;
            };
            names.push(Placed { value: text, offset: name.span().start });
        }
        Some(names)
    }

    /// A table below this one.
    pub(crate) fn table(
        &self,
        page: &mut Page<'_>,
        key: &str,
        example: &str,
    ) -> Option<(&'a DeTable<'t>, Range<usize>)> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(page, key, value, example);
            return None;
        };
        Some((table, value.span()))
    }

    /// The tables of an array of tables.
    pub(crate) fn tables(
        &self,
        page: &mut Page<'_>,
        key: &str,
        example: &str,
    ) -> Option<Vec<(&'a DeTable<'t>, Range<usize>)>> {
        let value = self.get(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(page, key, value, example);
            return None;
        };
        let mut tables = Vec::with_capacity(array.len());
        for value in array.iter() {
            match value.get_ref().as_table() {
                Some(table) => tables.push((table, value.span())),
                None => self.wrong(page, key, value, example),
            }
        }
        Some(tables)
    }

    /// A number, whole or with a fraction.
    pub(crate) fn number(&self, page: &mut Page<'_>, key: &str, example: &str) -> Option<Placed<f64>> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(_) | DeValue::Float(_) => scalar(value).and_then(|text| text.parse().ok()),
            _ => None,
        };
        if number.is_none() {
            self.wrong(page, key, value, &format!("a number, like {example}"));
        }
        Some(Placed { value: number?, offset: value.span().start })
    }

    /// The values of a table whose keys are the writer's own, as parameters.
    pub(crate) fn parameters(
        &self,
        page: &mut Page<'_>,
        key: &str,
        example: &str,
    ) -> BTreeMap<String, Placed<Parameter>> {
        let mut parameters = BTreeMap::new();
        let Some((table, _)) = self.table(page, key, example) else { return parameters };
        for (name, value) in table {
            let parameter = match value.get_ref() {
                DeValue::Table(table) => bound(page, table, value.span()),
                _ => self.constant(page, name.get_ref(), value).map(Parameter::Constant),
            };
            let placed = parameter.map(|value| Placed { value, offset: name.span().start });
            parameters.extend(placed.map(|placed| (name.get_ref().to_string(), placed)));
        }
        parameters
    }

    fn constant(&self, page: &mut Page<'_>, name: &str, value: &Spanned<DeValue<'_>>) -> Option<ParameterValue> {
        match constant(value) {
            Ok(Some(constant)) => return Some(constant),
            Ok(None) => {
                let wanted = "a text, a number, a date, true or false, or a list of them, like [\"DE\", \"FR\"]";
                self.wrong(page, name, value, wanted);
            }
            Err(error) => page.report(value.span().start, format!("`{name}`: {error}; {}", error.next_step())),
        }
        None
    }

    /// A text that another crate's type reads, as one of its names.
    pub(crate) fn named<T: DeserializeOwned>(&self, page: &mut Page<'_>, key: &str, what: &'static str) -> Option<T> {
        let value = self.get(key)?;
        T::deserialize(ValueDeserializer::from(value.clone()))
            .map_err(|error| {
                page.report(value.span().start, format!("in {what}: {}", meant(error.message().trim_end())));
            })
            .ok()
    }

    /// A table that another crate's type reads. Its keys come from the type.
    pub(crate) fn value<T: DeserializeOwned>(
        &self,
        page: &mut Page<'_>,
        key: &str,
        what: &'static str,
        example: &str,
    ) -> Option<Placed<T>> {
        let Some((table, span)) = self.table(page, key, example) else {
            if self.get(key).is_none() {
                self.missing(page, key, example);
            }
            return None;
        };
        let (known, before) = (keys_of::<T>(), page.found());
        Section::new(page, table, span.clone(), Keys { what, first: known, second: &[] });
        let mut table: DeTable<'_> = table
            .iter()
            .filter(|(key, _)| known.contains(&key.get_ref().as_ref()))
            .map(|(key, value)| (key.clone(), undated(value)))
            .collect();
        // Each failure names one key; without it the next one shows itself.
        let mut failed = page.found() > before;
        loop {
            let value = Spanned::new(span.clone(), DeValue::Table(table.clone()));
            match T::deserialize(ValueDeserializer::from(value)) {
                Ok(_) if failed => return None,
                Ok(value) => return Some(Placed { value, offset: span.start }),
                Err(error) => {
                    let at = error.span().map_or(span.start, |span| span.start);
                    let culprit = table.iter().find(|(_, value)| value.span().contains(&at));
                    let culprit = culprit.map(|(key, _)| key.get_ref().to_string());
                    // Once a key was refused, its absence is no news.
                    if culprit.is_some() || !failed {
                        let key = culprit.as_ref().map(|key| format!("`{key}`: ")).unwrap_or_default();
                        page.report(at, format!("in {what}: {key}{}", meant(error.message().trim_end())));
                    }
                    failed = true;
                    match culprit {
                        Some(culprit) => table.remove(culprit.as_str()),
                        None => return None,
                    };
                }
            }
        }
    }
}

/// What serde says of a name that there is not, with the one that was probably meant.
fn meant(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let written = words.next().filter(|_| message.starts_with("unknown variant"));
    match written.and_then(|written| nearest(written, words)) {
        Some(meant) => format!("{message}; did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// The value with its dates as texts, which is what a chart reads them from.
fn undated<'t>(value: &Spanned<DeValue<'t>>) -> Spanned<DeValue<'t>> {
    let plain = match value.get_ref() {
        DeValue::Datetime(moment) => DeValue::String(moment.to_string().into()),
        DeValue::Array(items) => DeValue::Array(items.iter().map(undated).collect()),
        DeValue::Table(table) => {
            DeValue::Table(table.iter().map(|(key, value)| (key.clone(), undated(value))).collect())
        }
        other => other.clone(),
    };
    Spanned::new(value.span(), plain)
}

/// What a parameter can be bound to of a tenant: what a connection's `bind` can name.
const OF_A_TENANT: [Attribute; 3] = [Attribute::OrgId, Attribute::OrgSlug, Attribute::UserId];

/// What a parameter is bound to: `{ tenant = "org.slug" }` or `{ filter = "device" }`.
fn bound(page: &mut Page<'_>, table: &DeTable<'_>, span: Range<usize>) -> Option<Parameter> {
    const EXAMPLES: [&str; 2] = ["{ tenant = \"org.slug\" }", "{ filter = \"device\" }"];
    if page.version < NEWEST {
        page.report_newer(span.start, "a parameter that is bound to something");
    }
    let section = Section::new(page, table, span, keys::BINDING);
    let tenant = section.text(page, "tenant", 40, EXAMPLES[0]);
    let filter = section.text(page, "filter", 60, EXAMPLES[1]);
    match (tenant, filter) {
        (Some(Placed { value, offset }), None) => {
            let named = OF_A_TENANT.into_iter().find(|attribute| attribute.to_string() == value);
            if named.is_none() {
                let all = OF_A_TENANT.map(|attribute| format!("\"{attribute}\"")).join(", ");
                page.report(offset, format!("`{value}` is nothing that a tenant has; write one of {all}"));
            }
            named.map(Parameter::Tenant)
        }
        (None, Some(filter)) => Some(Parameter::Filter(filter.value.to_owned())),
        (tenant, _) => {
            // Of a text that was no text it has been told already.
            if tenant.is_some() || ["tenant", "filter"].iter().all(|key| section.get(key).is_none()) {
                let offset = section.offset();
                page.report(
                    offset,
                    format!("a parameter is bound to one thing; write {} or {}", EXAMPLES[0], EXAMPLES[1]),
                );
            }
            None
        }
    }
}

fn unknown_key(name: &str, known: Keys, meant: Option<&str>) -> String {
    let what = known.what;
    match meant {
        Some(meant) => format!("`{name}` is not a key of {what}; did you mean `{meant}`?"),
        None => {
            let known: Vec<_> = known.all().collect();
            format!("`{name}` is not a key of {what}, which has {}; remove it", known.join(", "))
        }
    }
}

/// A parameter as TOML spells it; `None` for what no pipe can be asked with.
fn constant(value: &Spanned<DeValue<'_>>) -> Result<Option<ParameterValue>, ParameterError> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Into::into),
        DeValue::Float(number) => number.as_str().parse().ok().map(ParameterValue::float).transpose()?,
        DeValue::Boolean(boolean) => Some((*boolean).into()),
        DeValue::Datetime(moment) => moment_of(&moment.to_string()),
        DeValue::Array(items) => {
            let items = items.iter().map(constant).collect::<Result<Option<Vec<_>>, _>>()?;
            items.map(ParameterValue::list).transpose()?
        }
        DeValue::Table(_) => None,
    })
}

/// A single value as a pipe is asked with it; `None` for a list or a table.
pub(crate) fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::Array(_) | DeValue::Table(_) => None,
        _ => constant(value).ok().flatten().map(|value| value.to_string()),
    }
}

/// A day, a day and a time, or a moment with its offset. A time of no day is
/// none of them.
fn moment_of(text: &str) -> Option<ParameterValue> {
    match text.len() {
        10 => text.parse::<Date>().map(Into::into).ok(),
        _ => text.parse::<Timestamp>().map(Into::into).or_else(|_| text.parse::<DateTime>().map(Into::into)).ok(),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The keys that `T` reads, as its own `Deserialize` lists them.
pub(crate) fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // The probe always fails; it has listened by then.
    let _: Result<T, ProbeError> = T::deserialize(KeyProbe(&mut keys));
    keys
}

/// Listens to which keys a struct asks for.
struct KeyProbe<'k>(&'k mut &'static [&'static str]);

impl<'de> serde::Deserializer<'de> for KeyProbe<'_> {
    type Error = ProbeError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ProbeError> {
        Err(ProbeError::custom("a probe holds no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ProbeError> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
