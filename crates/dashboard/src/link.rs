//! A link to a dashboard as somebody looks at it: `perch://open/` and what is
//! chosen of it. It names the organization and not the person, so that every
//! member of it can follow it, and holds nothing that opens anything.
//!
//! Any web page and any program on this computer can send Perch a link. An
//! [`OpenLink`] therefore says only what it may: what it means on this machine,
//! and whether it means anything, is for whoever follows it to find out.

use std::collections::BTreeMap;
use std::fmt;

use url::form_urlencoded;

use crate::{Comparison, TimeRange};

/// Longer than what chat programs make a link of.
const LONGEST: usize = 8 * 1024;
/// More filters than a dashboard has.
const MOST_FILTERS: usize = 50;
/// More values than one filter takes.
const MOST_VALUES: usize = 100;

/// What a link to a dashboard says. [`OpenLink::parse`] and [`OpenLink::new`] are
/// its only doors, and `Display` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLink {
    connection: String,
    whose: Whose,
    dashboard: String,
    range: Option<TimeRange>,
    comparison: Option<Comparison>,
    filters: BTreeMap<String, Vec<String>>,
}

/// Whose dashboard a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The organization's of this id, as Clerk names it.
    Organization(String),
    /// That of a person without an organization: of whoever follows it.
    Person,
    /// Everyone's.
    Anyone,
}

/// Why a text is no link to a dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// More than 8 KiB.
    #[error("the link is too long")]
    TooLong,
    /// Characters that no address has (RFC 3986 §2), or control characters behind a `%`.
    #[error("the link has characters that none of Perch's has")]
    Characters,
    /// Not `perch://open/` and a query.
    #[error("the link does not lead to a dashboard")]
    Address,
    /// It names no connection or no dashboard.
    #[error("the link does not say which dashboard it leads to")]
    Missing,
    /// Something that can stand once stands twice.
    #[error("the link says the same thing twice")]
    Twice,
    /// Something that no link to a dashboard says.
    #[error("the link says something that this Perch does not know")]
    Unknown,
    /// No name as Perch writes them.
    #[error("the link has a name that none of Perch's has")]
    Name,
    /// A time range that is none.
    #[error("the link has a time range that is none")]
    Range,
    /// More filters than a dashboard has, or more values than a filter takes.
    #[error("the link has too many values")]
    TooMany,
}

impl LinkError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "link-too-long",
            Self::Characters => "link-characters",
            Self::Address => "link-address",
            Self::Missing => "link-missing",
            Self::Twice => "link-twice",
            Self::Unknown => "link-unknown",
            Self::Name => "link-name",
            Self::Range => "link-range",
            Self::TooMany => "link-too-many",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::TooLong | Self::TooMany => "Choose fewer values before you copy the link.",
            Self::Unknown => "Install a newer Perch, or ask for the link again.",
            _ => "Ask whoever sent it to copy it again, whole.",
        }
    }
}

impl OpenLink {
    /// A link to a dashboard of a connection.
    ///
    /// # Errors
    ///
    /// What [`OpenLink::parse`] would not read back.
    pub fn new(
        connection: &str,
        whose: Whose,
        dashboard: &str,
        range: Option<TimeRange>,
        comparison: Option<Comparison>,
        filters: BTreeMap<String, Vec<String>>,
    ) -> Result<Self, LinkError> {
        let (connection, dashboard) = (connection.to_owned(), dashboard.to_owned());
        let link = Self { connection, whose, dashboard, range, comparison, filters };
        Self::parse(&link.to_string())
    }

    /// Whether a link asks for a dashboard, whatever it says of it.
    pub fn is_meant_by(link: &str) -> bool {
        query(link).is_some()
    }

    /// Reads a link. What comes before the query is compared as it is written but
    /// for the scheme, which may be in capitals (RFC 3986 §3.1).
    ///
    /// # Errors
    ///
    /// All of [`LinkError`].
    pub fn parse(link: &str) -> Result<Self, LinkError> {
        if link.len() > LONGEST {
            return Err(LinkError::TooLong);
        }
        if !link.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LinkError::Characters);
        }
        let query = query(link).filter(|query| !query.contains('#')).ok_or(LinkError::Address)?;
        let mut said = Said::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // A text that is not UTF-8 has become one with this character.
            if name.chars().chain(value.chars()).any(|letter| letter.is_control() || letter == '\u{fffd}') {
                return Err(LinkError::Characters);
            }
            said.hear(&name, value.into_owned())?;
        }
        said.whole()
    }

    /// The connection's id.
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// Whose the dashboard is.
    pub fn whose(&self) -> &Whose {
        &self.whose
    }

    /// The dashboard's id.
    pub fn dashboard(&self) -> &str {
        &self.dashboard
    }

    /// The time range, where the dashboard has one.
    pub fn range(&self) -> Option<TimeRange> {
        self.range
    }

    /// What the viewer compares with; `None` for what each tile says.
    pub fn comparison(&self) -> Option<Comparison> {
        self.comparison
    }

    /// The values of the filters: an empty list where one is taken away, and
    /// nothing of those that are to be as the dashboard begins.
    pub fn filters(&self) -> &BTreeMap<String, Vec<String>> {
        &self.filters
    }
}

/// What follows `perch://open/?`, if that is how the link begins.
fn query(link: &str) -> Option<&str> {
    let (scheme, rest) = link.split_once(':')?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    (scheme.eq_ignore_ascii_case("perch") && matches!(address, "//open" | "//open/")).then_some(query)
}

/// What a link has said so far.
#[derive(Default)]
struct Said {
    connection: Option<String>,
    organization: Option<String>,
    public: Option<String>,
    dashboard: Option<String>,
    range: Option<String>,
    comparison: Option<String>,
    filters: BTreeMap<String, Vec<String>>,
}

impl Said {
    fn hear(&mut self, name: &str, value: String) -> Result<(), LinkError> {
        let place = match name {
            "connection" => &mut self.connection,
            "organization" => &mut self.organization,
            "public" => &mut self.public,
            "dashboard" => &mut self.dashboard,
            "range" => &mut self.range,
            "compare" => &mut self.comparison,
            "none" => return self.hear_filter(&value, None),
            name => {
                let filter = name.strip_prefix("filter.").ok_or(LinkError::Unknown)?;
                return self.hear_filter(filter, Some(value));
            }
        };
        match place.replace(value) {
            Some(_) => Err(LinkError::Twice),
            None => Ok(()),
        }
    }

    fn hear_filter(&mut self, filter: &str, value: Option<String>) -> Result<(), LinkError> {
        if !(1..=60).contains(&filter.chars().count()) {
            return Err(LinkError::Name);
        }
        let known = self.filters.contains_key(filter);
        if !known && self.filters.len() == MOST_FILTERS {
            return Err(LinkError::TooMany);
        }
        let values = self.filters.entry(filter.to_owned()).or_default();
        match value {
            // Both `none` and a value, or twice `none`, or a value twice.
            None if known => Err(LinkError::Twice),
            Some(_) if known && values.is_empty() => Err(LinkError::Twice),
            Some(value) if values.contains(&value) => Err(LinkError::Twice),
            Some(_) if values.len() == MOST_VALUES => Err(LinkError::TooMany),
            value => {
                values.extend(value);
                Ok(())
            }
        }
    }

    fn whole(self) -> Result<OpenLink, LinkError> {
        let connection = self.connection.ok_or(LinkError::Missing)?;
        let dashboard = self.dashboard.ok_or(LinkError::Missing)?;
        let is_id = |text: &str| {
            (1..=100).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let is_file = (1..=200).contains(&dashboard.chars().count()) && !dashboard.contains(['/', '\\']);
        if !is_id(&connection) || !is_file || !self.organization.as_deref().is_none_or(is_id) {
            return Err(LinkError::Name);
        }
        let whose = match (self.organization, self.public.as_deref()) {
            (Some(id), None) => Whose::Organization(id),
            (None, None) => Whose::Person,
            (None, Some("true")) => Whose::Anyone,
            _ => return Err(LinkError::Unknown),
        };
        let range = self.range.map(|text| text.parse().map_err(|_| LinkError::Range)).transpose()?;
        let comparison = |text: String| Comparison::parse(&text).ok_or(LinkError::Unknown);
        let comparison = self.comparison.map(comparison).transpose()?;
        Ok(OpenLink { connection, whose, dashboard, range, comparison, filters: self.filters })
    }
}

impl fmt::Display for OpenLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("connection", &self.connection);
        match &self.whose {
            Whose::Organization(id) => drop(query.append_pair("organization", id)),
            Whose::Person => {}
            Whose::Anyone => drop(query.append_pair("public", "true")),
        }
        query.append_pair("dashboard", &self.dashboard);
        if let Some(range) = &self.range {
            query.append_pair("range", &range.to_string());
        }
        if let Some(comparison) = self.comparison {
            query.append_pair("compare", comparison.as_str());
        }
        for (filter, values) in &self.filters {
            if values.is_empty() {
                query.append_pair("none", filter);
            }
            for value in values {
                query.append_pair(&format!("filter.{filter}"), value);
            }
        }
        write!(formatter, "perch://open/?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: &str = "perch://open/?connection=0123456789abcdef&dashboard=web-traffic";

    fn filters(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        pairs.iter().map(|(name, chosen)| ((*name).to_owned(), values(chosen))).collect()
    }

    #[test]
    fn a_link_says_whose_dashboard_over_which_time_and_filtered_by_what() {
        let whose = Whose::Organization("org_1".to_owned());
        let chosen = filters(&[("device", &["mobile", "a b&c=d"]), ("source", &[]), ("page", &[""])]);
        let range = "7d".parse().ok();
        let link = OpenLink::new(
            "0123456789abcdef",
            whose.clone(),
            "web traffic ü",
            range,
            Some(Comparison::Year),
            chosen.clone(),
        );
        let link = link.expect("a link");
        assert_eq!(
            link.to_string(),
            "perch://open/?connection=0123456789abcdef&organization=org_1&dashboard=web+traffic+%C3%BC&range=7d\
             &compare=year&filter.device=mobile&filter.device=a+b%26c%3Dd&filter.page=&none=source"
        );
        let read = OpenLink::parse(&link.to_string()).expect("the same");
        assert_eq!(read, link);
        assert_eq!(
            (read.whose(), read.dashboard(), read.range(), read.filters()),
            (&whose, "web traffic ü", range, &chosen)
        );
        for (more, whose) in [("", Whose::Person), ("&public=true", Whose::Anyone)] {
            assert_eq!(OpenLink::parse(&format!("{START}{more}")).expect("a link").whose(), &whose);
        }
        for same in ["PERCH://open/?", "perch://open?"] {
            assert!(OpenLink::parse(&START.replace("perch://open/?", same)).is_ok(), "{same}");
        }
    }

    #[test]
    fn what_no_dashboard_is_behind_is_refused() {
        let many = |filter: &dyn Fn(usize) -> String, count| {
            (0..count).map(|n| format!("&{}=x{n}", filter(n))).collect::<String>()
        };
        for (link, error) in [
            (String::new(), LinkError::Address),
            ("https://open/?dashboard=a".to_owned(), LinkError::Address),
            ("perch://callback?state=a".to_owned(), LinkError::Address),
            ("perch://open.example/?dashboard=a".to_owned(), LinkError::Address),
            ("perch://open:80/?dashboard=a".to_owned(), LinkError::Address),
            ("perch://ada@open/?dashboard=a".to_owned(), LinkError::Address),
            ("perch://open/../?dashboard=a".to_owned(), LinkError::Address),
            ("perch:open/?dashboard=a".to_owned(), LinkError::Address),
            (format!("{START}#top"), LinkError::Address),
            ("perch://open/".to_owned(), LinkError::Missing),
            ("perch://open/?dashboard=a".to_owned(), LinkError::Missing),
            ("perch://open/?connection=a".to_owned(), LinkError::Missing),
            (format!("{START}&dashboard=b"), LinkError::Twice),
            (format!("{START}&filter.a=1&filter.a=1"), LinkError::Twice),
            (format!("{START}&filter.a=1&none=a"), LinkError::Twice),
            (format!("{START}&none=a&filter.a=1"), LinkError::Twice),
            (format!("{START}&none=a&none=a"), LinkError::Twice),
            (format!("{START}&token=p.eyJ"), LinkError::Unknown),
            (format!("{START}&public=yes"), LinkError::Unknown),
            (format!("{START}&public=true&organization=org_1"), LinkError::Unknown),
            (format!("{START}&organization=../x"), LinkError::Name),
            (format!("{START}&organization="), LinkError::Name),
            (format!("{START}&filter.=x"), LinkError::Name),
            (START.replace("web-traffic", "..%2F..%2Fetc%2Fpasswd"), LinkError::Name),
            (START.replace("web-traffic", ""), LinkError::Name),
            (format!("{START}&range=forever"), LinkError::Range),
            (format!("{START}&compare=yesterday"), LinkError::Unknown),
            (format!("{START}&filter.a=%00"), LinkError::Characters),
            (format!("{START}&filter.a=%ff"), LinkError::Characters),
            (format!("{START}&filter.a=ü"), LinkError::Characters),
            (format!("{START} "), LinkError::Characters),
            (format!("{START}{}", many(&|_| "filter.a".to_owned(), MOST_VALUES + 1)), LinkError::TooMany),
            (format!("{START}{}", many(&|n| format!("filter.a{n}"), MOST_FILTERS + 1)), LinkError::TooMany),
            (format!("{START}&filter.a={}", "x".repeat(LONGEST)), LinkError::TooLong),
        ] {
            assert_eq!(OpenLink::parse(&link).err(), Some(error), "{link}");
        }
        assert!(OpenLink::parse(&format!("{START}{}", many(&|_| "filter.a".to_owned(), MOST_VALUES))).is_ok());
    }

    #[test]
    fn what_a_link_could_not_bring_back_makes_none() {
        let whose = || Whose::Person;
        let long = filters(&[("a", &["x".repeat(LONGEST).as_str()])]);
        assert_eq!(OpenLink::new("c", whose(), "d", None, None, long).err(), Some(LinkError::TooLong));
        assert_eq!(OpenLink::new("c", whose(), "a/b", None, None, BTreeMap::new()).err(), Some(LinkError::Name));
    }

    #[test]
    fn a_link_that_asks_for_a_dashboard_is_known_before_it_is_read() {
        for link in ["perch://open/", "PERCH://open?x", "perch://open/?"] {
            assert!(OpenLink::is_meant_by(link), "{link}");
        }
        for link in ["perch://callback?state=a", "perch://opened/", "perch:open", "https://open/"] {
            assert!(!OpenLink::is_meant_by(link), "{link}");
        }
    }

    proptest! {
        #[test]
        fn any_link_that_is_read_is_written_so_that_it_reads_the_same(link in "perch://open/\\?connection=c&dashboard=d(&(filter\\.[ab]|none|range|compare|organization|public)=[a-z0-9%+=._-]{0,6}){0,5}") {
            if let Ok(read) = OpenLink::parse(&link) {
                prop_assert_eq!(OpenLink::parse(&read.to_string()), Ok(read));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            drop(OpenLink::parse(&text));
            drop(OpenLink::parse(&format!("{START}&{text}")));
        }
    }
}
