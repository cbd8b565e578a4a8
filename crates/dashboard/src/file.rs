//! A dashboard's file: TOML, one a dashboard, read to the end so that all its
//! problems are told at once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use perch_chart::{Kind, Spec};
use perch_tenant::Attribute;
use perch_tinybird::{ParameterValue, PipeName};
use toml::Spanned;
use toml::de::DeTable;

use crate::audience::{check_organization, check_role};
use crate::filter::{Filter, FilterKind, read_filters};
use crate::keys::{self, NEWEST};
use crate::problem;
use crate::section::{BooleanOrText, Page, Placed, Section};
use crate::{Audience, Comparison, DayZone, Preset, Problem, TimeRange, UnknownZone};

/// The formats that this Perch reads.
const VERSIONS: std::ops::RangeInclusive<i64> = 1..=NEWEST;
/// More tiles than anyone reads on one page.
pub(crate) const MOST_TILES: usize = 200;
/// A file of more bytes is no dashboard.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long an answer is fresh where the file does not say. A free workspace
/// has 1,000 queries a day.
const DEFAULT_REFRESH: Duration = Duration::from_secs(5 * 60);

/// A page of tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// The file's name without `.toml`.
    pub id: String,
    /// The heading.
    pub title: String,
    /// A sentence below the heading.
    pub description: Option<String>,
    /// Whether anyone may see it, also before sign-in: it is asked for with the
    /// connection's public token, and never with a tenant's.
    pub public: bool,
    /// Who is shown it.
    pub audience: Audience,
    /// The time range filter, when the dashboard has one.
    pub time: Option<TimeFilter>,
    /// What else it can be filtered by.
    pub filters: Vec<Filter>,
    /// The tiles in reading order; at least one.
    pub tiles: Vec<Tile>,
}

/// The viewer's choice of time, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFilter {
    /// The range before the viewer picks one.
    pub default: TimeRange,
    /// The pipes' parameters for it.
    pub parameters: TimeParameters,
    /// Which presets the viewer is offered; at least one.
    pub presets: Vec<Preset>,
    /// What a tile compares with that says `compare = true`: never [`Comparison::Off`].
    pub compare: Comparison,
}

/// The pipes' parameters for the first and the last day, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeParameters {
    /// The first day, `date_from` unless the file says otherwise.
    pub from: String,
    /// The last day, `date_to` unless the file says otherwise.
    pub to: String,
    /// Whose days they are.
    pub zone: DayZone,
}

/// One pipe's answer as one chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Names the tile among the dashboard's: what the file says, or the title
    /// in lower-case letters, digits and hyphens.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The pipe that answers. `None` for a text, which asks nothing.
    pub pipe: Option<PipeName>,
    /// How the answer is drawn.
    pub chart: Spec,
    /// What the pipe is asked with besides the time.
    pub parameters: BTreeMap<String, Parameter>,
    /// Columns of 12.
    pub width: u8,
    /// Rows of 80 CSS pixels.
    pub height: u8,
    /// On which of the dashboard's tabs it stands; on all of them, above, where the file names none.
    pub tab: Option<String>,
    /// Below which heading of its tab it stands; before them all where the file names none.
    pub section: Option<String>,
    /// How long an answer is fresh.
    pub refresh: Duration,
    /// With which earlier time it is compared, before the viewer says otherwise.
    pub compare: Comparison,
    /// Where the viewer's time range goes; `None` for a tile that has its own
    /// time, or a dashboard without the filter.
    pub time: Option<TimeParameters>,
    /// The dashboard's filters that it heeds, and the pipe's parameter for each.
    pub filters: BTreeMap<String, String>,
    /// Whether it stands in a dashboard that anyone may see.
    pub public: bool,
}

impl Tile {
    /// Whether what it asks depends on what is chosen of this filter.
    pub fn heeds(&self, filter: &str) -> bool {
        let is_bound = |set: &Parameter| matches!(set, Parameter::Filter(name) if name == filter);
        self.filters.contains_key(filter) || self.parameters.values().any(is_bound)
    }
}

/// What a pipe's parameter is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// The same for everyone.
    Constant(ParameterValue),
    /// What tells the tenant from others.
    Tenant(Attribute),
    /// What the viewer has chosen of this filter of the dashboard; not set while
    /// nothing is chosen.
    Filter(String),
}

/// All that could be read of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The dashboard with those tiles that are whole, when it has a title, at
    /// least one of them, and nothing wrong in `[time]`.
    pub dashboard: Option<Dashboard>,
    /// The other tiles, in the file's order.
    pub wrong: Vec<WrongTile>,
    /// What to put right, in the file's order: in the wrong tiles and around them.
    pub problems: Vec<Problem>,
}

/// A tile with a mistake: where it would stand, and what to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongTile {
    /// How many of [`Dashboard::tiles`] stand before it in the file.
    pub after: usize,
    /// The heading, where it can be read.
    pub title: Option<String>,
    /// As [`Tile::width`]; the usual where it cannot be read.
    pub width: u8,
    /// As [`Tile::height`]; the usual where it cannot be read.
    pub height: u8,
    /// As [`Tile::tab`].
    pub tab: Option<String>,
    /// As [`Tile::section`].
    pub section: Option<String>,
    /// What to put right in it; at least one.
    pub problems: Vec<Problem>,
}

impl Dashboard {
    /// Reads a file of which every word must be right.
    pub fn parse(id: &str, text: &str) -> Result<Self, Vec<Problem>> {
        match Self::read(id, text) {
            Reading { dashboard: Some(dashboard), problems, .. } if problems.is_empty() => Ok(dashboard),
            Reading { problems, .. } => Err(problems),
        }
    }

    /// Reads what can be read, so that one wrong tile does not take the others
    /// from the screen.
    pub fn read(id: &str, text: &str) -> Reading {
        read(id, text.strip_prefix('\u{feff}').unwrap_or(text)).0
    }

    /// The same for a file that may not be text.
    pub fn read_bytes(id: &str, bytes: &[u8]) -> Reading {
        match text(bytes) {
            Ok(text) => read(id, text).0,
            Err(problem) => Reading { dashboard: None, wrong: Vec::new(), problems: vec![problem] },
        }
    }

    /// The tile of this id.
    pub fn tile(&self, id: &str) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.id == id)
    }
}

/// Where parameters and pipes are named in a file: byte offsets, for checks
/// that need more than the file.
#[derive(Default)]
pub(crate) struct Places {
    /// Pipes that tiles ask.
    pub(crate) pipes: Vec<(String, usize)>,
    /// Parameters that tiles or the time filter set.
    pub(crate) parameters: Vec<(String, usize)>,
    /// Where the dashboard is marked as one that anyone may see, if it is.
    pub(crate) public: Option<usize>,
    /// Where it names roles, if it does.
    pub(crate) roles: Option<usize>,
}

/// The text of a file that is small enough, without its byte order mark.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > MOST_BYTES {
        let message = format!(
            "this file is larger than the {} MB that a dashboard may have; move some tiles to another file",
            MOST_BYTES / 1024 / 1024
        );
        return Err(Problem { line: 1, column: 1, message });
    }
    problem::text(bytes)
}

/// Reads `text`, which has no byte order mark.
pub(crate) fn read(id: &str, text: &str) -> (Reading, Places) {
    let mut page = Page::new(text);
    let (mut places, mut wrong) = (Places::default(), Vec::new());
    let (document, errors) = DeTable::parse_recoverable(text);
    // What a half-read document lacks would only distract from the reason.
    let dashboard =
        if errors.is_empty() { read_document(id, &document, &mut page, &mut places, &mut wrong) } else { None };
    for error in errors {
        page.report(error.span().map_or(0, |span| span.start), error.message().trim_end());
    }
    (Reading { dashboard, wrong, problems: page.into_problems() }, places)
}

fn read_document(
    id: &str,
    document: &Spanned<DeTable<'_>>,
    page: &mut Page<'_>,
    places: &mut Places,
    wrong: &mut Vec<WrongTile>,
) -> Option<Dashboard> {
    page.version = version_of(document);
    let top = Section::new(page, document.get_ref(), 0..0, keys::DASHBOARD);
    read_version(&top, page)?;
    let title = top.text(page, "title", 200, "title = \"Web traffic\"");
    if title.is_none() && !document.get_ref().contains_key("title") {
        top.missing(page, "title", "title = \"Web traffic\"");
    }
    let description = top.text(page, "description", 1_000, "description = \"Who came, and from where\"");
    places.public = top.boolean(page, "public").filter(|public| public.value).map(|public| public.offset);
    let audience = read_audience(&top, page, places);
    let before = page.found();
    let time = read_time(&top, page, places);
    let has_time_right = page.found() == before;
    let filters = read_filters(&top, page, places, time.as_ref());
    let tiles = read_tiles(&top, page, places, &Chosen { time: time.as_ref(), filters: &filters }, wrong);
    // Numbers over another time than the screen says are worse than none.
    if tiles.is_empty() || !has_time_right {
        return None;
    }
    Some(Dashboard {
        id: id.to_owned(),
        title: title?.value.trim().to_owned(),
        description: description.map(|text| text.value.trim().to_owned()),
        public: places.public.is_some(),
        audience,
        time,
        filters,
        tiles,
    })
}

/// Who it is for, in Clerk's own words.
fn read_audience(top: &Section<'_, '_>, page: &mut Page<'_>, places: &mut Places) -> Audience {
    let mut named = |key: &str, example: &str, check: fn(&str) -> Result<(), String>| {
        let names = top.names(page, key, example).unwrap_or_default();
        for Placed { value, offset } in &names {
            if let Err(message) = check(value) {
                page.report(*offset, message);
            } else if places.public.is_some() {
                page.report(*offset, format!("anyone may see this dashboard; remove `{key}`, or `public`"));
            }
        }
        names
    };
    let organizations = named("organizations", "organizations = [\"acme\"]", check_organization);
    let roles = named("roles", "roles = [\"org:admin\"]", check_role);
    places.roles = roles.first().map(|role| role.offset);
    let owned = |names: Vec<Placed<&str>>| names.into_iter().map(|name| name.value.to_owned()).collect();
    Audience { organizations: owned(organizations), roles: owned(roles) }
}

/// What tiles can be asked about.
struct Chosen<'a> {
    time: Option<&'a TimeFilter>,
    filters: &'a [Filter],
}

/// The version that the file says it has, as far as that can be read: which keys there are depends on it.
fn version_of(document: &Spanned<DeTable<'_>>) -> i64 {
    let written = document.get_ref().get("version").and_then(|version| version.get_ref().as_integer());
    written.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok()).unwrap_or(NEWEST)
}

/// A file of another version is read no further: its keys may mean other
/// things.
fn read_version(top: &Section<'_, '_>, page: &mut Page<'_>) -> Option<()> {
    match top.integer(page, "version", 1..=i64::from(u32::MAX), &format!("version = {NEWEST}")) {
        Some(Placed { value, .. }) if VERSIONS.contains(&value) => Some(()),
        Some(Placed { value, offset }) => {
            page.start_anew();
            let (first, last) = (VERSIONS.start(), VERSIONS.end());
            page.report(
                offset,
                format!(
                    "this Perch reads dashboards of version {first} to {last}, not {value}; install a newer Perch or write version = {last}"
                ),
            );
            None
        }
        None => {
            if !top.has("version") {
                top.missing(page, "version", &format!("version = {NEWEST} on the first line"));
            }
            Some(())
        }
    }
}

fn read_time(top: &Section<'_, '_>, page: &mut Page<'_>, places: &mut Places) -> Option<TimeFilter> {
    let (table, span) = top.table(page, "time", "[time] on a line of its own, and default = \"7d\" below it")?;
    let section = Section::new(page, table, span, keys::TIME);
    let presets = read_presets(&section, page);
    let default = read_default(&section, page, &presets);
    let from = read_parameter_name(&section, page, places, "from", "date_from");
    let to = read_parameter_name(&section, page, places, "to", "date_to");
    if from == to {
        page.report(section.offset(), "`from` and `to` name one parameter; write two, like from = \"date_from\"");
    }
    let zone = read_zone(&section, page);
    let compare = section.text(page, "compare", 20, COMPARE).and_then(|text| read_comparison(page, &text));
    let parameters = TimeParameters { from, to, zone };
    Some(TimeFilter { default, parameters, presets, compare: compare.unwrap_or(Comparison::Previous) })
}

/// The range before the viewer picks one: what the file says, or the usual one, or the first that is offered.
fn read_default(section: &Section<'_, '_>, page: &mut Page<'_>, presets: &[Preset]) -> TimeRange {
    let offered = |range: &TimeRange| match range {
        TimeRange::Last(preset) => presets.contains(preset),
        TimeRange::Between { .. } => true,
    };
    let usual = Some(Preset::Days7).filter(|usual| presets.contains(usual)).or(presets.first().copied());
    let usual = TimeRange::Last(usual.unwrap_or(Preset::Days7));
    let Some(Placed { value, offset }) = section.text(page, "default", 40, "default = \"7d\"") else { return usual };
    match value.parse() {
        Ok(range) if !offered(&range) => {
            page.report(
                offset,
                format!("`presets` does not offer {value}; add \"{value}\" to it, or write default = \"{usual}\""),
            );
            usual
        }
        Ok(range) => {
            if let TimeRange::Last(preset) = range {
                check_age(page, preset, offset);
            }
            range
        }
        Err(error) => {
            page.report(offset, error.to_string());
            usual
        }
    }
}

/// Which presets the viewer is offered, in the file's order; all where it does not say.
fn read_presets(section: &Section<'_, '_>, page: &mut Page<'_>) -> Vec<Preset> {
    const EXAMPLE: &str = "presets = [\"7d\", \"30d\"]";
    let Some(named) = section.names(page, "presets", EXAMPLE) else { return Preset::ALL.to_vec() };
    let mut presets = Vec::with_capacity(named.len().min(Preset::ALL.len()));
    for Placed { value, offset } in named {
        match Preset::ALL.into_iter().find(|preset| preset.as_str() == value) {
            Some(preset) if presets.contains(&preset) => {
                page.report(offset, format!("\"{value}\" stands here twice; remove one of the two"));
            }
            Some(preset) => presets.push(preset),
            None => {
                let all = Preset::ALL.map(Preset::as_str).join(", ");
                page.report(offset, format!("\"{value}\" is no preset; write some of {all}"));
            }
        }
    }
    if presets.is_empty() {
        page.report(
            section.offset(),
            format!("`presets` must offer at least one; write {EXAMPLE}, or remove it for all"),
        );
        return Preset::ALL.to_vec();
    }
    presets
}

fn check_age(page: &mut Page<'_>, preset: Preset, offset: usize) {
    if page.version < NEWEST && preset.is_new() {
        page.report_newer(offset, &format!("\"{}\"", preset.as_str()));
    }
}

fn read_zone(section: &Section<'_, '_>, page: &mut Page<'_>) -> DayZone {
    let Some(text) = section.text(page, "zone", 60, "zone = \"utc\"") else { return DayZone::default() };
    text.value.parse().unwrap_or_else(|error: UnknownZone| {
        page.report(text.offset, error.to_string());
        DayZone::default()
    })
}

const COMPARE: &str = "compare = \"previous\" or \"year\"";

fn read_comparison(page: &mut Page<'_>, text: &Placed<&str>) -> Option<Comparison> {
    let comparison = Comparison::parse(text.value).filter(|comparison| *comparison != Comparison::Off);
    if comparison.is_none() {
        page.report(text.offset, format!("`compare` is \"{}\"; write {COMPARE}", text.value));
    }
    comparison
}

fn read_parameter_name(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    key: &str,
    default: &str,
) -> String {
    let name = section.text(page, key, 100, &format!("{key} = \"{default}\""));
    let Some(Placed { value, offset }) = name else { return default.to_owned() };
    check_parameter_name(page, value, offset);
    places.parameters.push((value.to_owned(), offset));
    value.to_owned()
}

/// Tinybird's parameters are Python's names. `token` is not one: Tinybird reads
/// it as a credential.
pub(crate) fn check_parameter_name(page: &mut Page<'_>, name: &str, offset: usize) {
    let mut letters = name.chars();
    let valid = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !valid {
        page.report(offset, format!("`{name}` is not a parameter's name; write letters, digits and _, like page_size"));
    } else if name.eq_ignore_ascii_case("token") {
        page.report(offset, format!("`{name}` cannot be set here: Tinybird reads it as a credential; remove it"));
    }
}

/// `page_type` as people read it: `Page type`.
pub(crate) fn capitalized(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const TILE: &str = "[[tile]] on a line of its own, and title, pipe and [tile.chart] below it";

fn read_tiles(
    top: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    chosen: &Chosen<'_>,
    wrong: &mut Vec<WrongTile>,
) -> Vec<Tile> {
    let before = page.found();
    let tables = top.tables(page, "tile", TILE).unwrap_or_default();
    if tables.is_empty() && page.found() == before {
        top.missing(page, "tile", TILE);
    }
    if let Some((_, span)) = tables.get(MOST_TILES) {
        page.report(
            span.start,
            format!(
                "a dashboard has at most {MOST_TILES} tiles, and this is one of {}; move it to another file",
                tables.len()
            ),
        );
    }
    let mut ids = HashSet::new();
    let mut tiles = Vec::with_capacity(tables.len().min(MOST_TILES));
    for (table, span) in tables.into_iter().take(MOST_TILES) {
        let before = page.found();
        let section = Section::new(page, table, span, keys::TILE);
        let frame = read_frame(&section, page);
        let tile = read_tile(&section, page, places, chosen, &mut ids, &frame);
        match tile {
            Some(tile) if page.found() == before => tiles.push(tile),
            _ => {
                let Frame { title, width, height, tab, section } = frame;
                let title = title.map(|title| title.value.trim().to_owned());
                let problems = page.since(before);
                wrong.push(WrongTile { after: tiles.len(), title, width, height, tab, section, problems });
            }
        }
    }
    // Beyond the most problems that are told, nothing can be said of a tile.
    wrong.retain(|tile| !tile.problems.is_empty());
    tiles
}

/// Where a tile stands and what it is called: what can be shown of one that is wrong.
struct Frame<'a> {
    title: Option<Placed<&'a str>>,
    width: u8,
    height: u8,
    tab: Option<String>,
    section: Option<String>,
}

fn read_frame<'a>(section: &Section<'a, '_>, page: &mut Page<'_>) -> Frame<'a> {
    let title = required(section, page, "title", 200, "title = \"Visits\"");
    let mut span = |key, range: std::ops::RangeInclusive<i64>, usual: u8| {
        let read = section.integer(page, key, range, &format!("{key} = {usual}"));
        read.and_then(|read| u8::try_from(read.value).ok()).unwrap_or(usual)
    };
    let (width, height) = (span("width", 1..=12, 6), span("height", 1..=20, 3));
    let mut name = |key, example: &str| section.text(page, key, 60, example).map(|name| name.value.trim().to_owned());
    let (tab, section) = (name("tab", "tab = \"Sources\""), name("section", "section = \"Traffic\""));
    Frame { title, width, height, tab, section }
}

fn read_tile(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    chosen: &Chosen<'_>,
    ids: &mut HashSet<String>,
    frame: &Frame<'_>,
) -> Option<Tile> {
    let title = frame.title.as_ref().map(|title| title.value);
    let id = read_id(section, page, title.unwrap_or("tile"), ids);
    let chart = read_chart(section, page);
    let pipe = read_pipe(section, page, places, chart.as_ref().map(|chart| chart.kind));
    let refresh = read_refresh(section, page, DEFAULT_REFRESH);
    let timed = section.boolean(page, "time");
    let filter = chosen.time;
    let time = filter.filter(|_| timed.as_ref().is_none_or(|timed| timed.value));
    let time = time.map(|filter| filter.parameters.clone());
    if let Some(Placed { offset, .. }) = timed.filter(|timed| timed.value && filter.is_none()) {
        page.report(offset, "this dashboard has no time filter; add [time] at the top or remove `time`");
    }
    let compare = read_compare(section, page, filter, time.is_some());
    let parameters = read_bound(section, page, places, time.as_ref(), chosen.filters);
    let chart = chart?;
    let filters = read_heeded(section, page, chosen.filters, &chart, &parameters);
    Some(Tile {
        id,
        title: title?.trim().to_owned(),
        pipe: pipe?,
        chart,
        parameters,
        width: frame.width,
        height: frame.height,
        tab: frame.tab.clone(),
        section: frame.section.clone(),
        refresh,
        compare,
        time,
        filters,
        public: places.public.is_some(),
    })
}

/// The chart of a tile: a table, or its kind alone. Where nothing is said, one that suits the answer.
fn read_chart(section: &Section<'_, '_>, page: &mut Page<'_>) -> Option<Spec> {
    const EXAMPLE: &str = "[tile.chart] on a line of its own, and kind = \"line\" below it";
    let alone = section.get("chart").map(|value| (value.get_ref().is_str(), value.span().start));
    match alone {
        None if page.version >= NEWEST => Some(Spec::new(Kind::Auto)),
        Some((true, offset)) => {
            if page.version < NEWEST {
                page.report_newer(offset, "a kind alone");
            }
            section.named(page, "chart", "a chart").map(Spec::new)
        }
        _ => section.value(page, "chart", "a chart", EXAMPLE).map(|chart| chart.value),
    }
}

/// With what a tile is compared: `true` is what `[time]` says.
fn read_compare(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    filter: Option<&TimeFilter>,
    is_timed: bool,
) -> Comparison {
    let example = "true or false, without quotes, \"previous\" or \"year\"";
    let Some(Placed { value, offset }) = section.boolean_or_text(page, "compare", example) else {
        return Comparison::Off;
    };
    let comparison = match value {
        BooleanOrText::Boolean(false) => return Comparison::Off,
        BooleanOrText::Boolean(true) => filter.map_or(Comparison::Previous, |filter| filter.compare),
        BooleanOrText::Text("previous") => Comparison::Previous,
        BooleanOrText::Text("year") => Comparison::Year,
        BooleanOrText::Text(text) => {
            page.report(offset, format!("`compare` is \"{text}\"; write {example}"));
            return Comparison::Off;
        }
    };
    if page.version < NEWEST && matches!(value, BooleanOrText::Text(_)) {
        page.report_newer(offset, "a text here");
    }
    if !is_timed {
        page.report(offset, "`compare` needs a time range; add [time] at the top of the file or remove `compare`");
    }
    comparison
}

/// The pipe of a tile: every chart has one, and a text has none.
fn read_pipe(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    kind: Option<Kind>,
) -> Option<Option<PipeName>> {
    const EXAMPLE: &str = "pipe = \"kpis\"";
    if kind == Some(Kind::Text) {
        if let Some(Placed { offset, .. }) = section.text(page, "pipe", 200, EXAMPLE) {
            page.report(offset, "a text asks no pipe; remove `pipe`");
        }
        return Some(None);
    }
    let text = required(section, page, "pipe", 200, EXAMPLE)?;
    places.pipes.push((text.value.to_owned(), text.offset));
    PipeName::parse(text.value).map_err(|error| page.report(text.offset, error.to_string())).ok().map(Some)
}

/// The filters that a tile heeds: those that it names, or all but those that it binds to a parameter itself and the one
/// set by clicks whose values stand along its own axis, which is where the viewer chooses.
fn read_heeded(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    filters: &[Filter],
    chart: &Spec,
    parameters: &BTreeMap<String, Parameter>,
) -> BTreeMap<String, String> {
    let named = section.names(page, "filters", "filters = [\"device\"] or filters = []");
    for Placed { value, offset } in named.iter().flatten() {
        if !filters.iter().any(|filter| filter.name == *value) {
            let there: Vec<&str> = filters.iter().map(|filter| filter.name.as_str()).collect();
            page.report(*offset, format!("this dashboard has no filter `{value}`; it has {}", list(&there)));
        }
    }
    let chooses = |filter: &Filter| filter.kind == FilterKind::Click && chart.x.as_ref() == Some(&filter.column);
    let binds = |filter: &Filter| {
        let bound = |parameter: &Parameter| matches!(parameter, Parameter::Filter(name) if *name == filter.name);
        parameters.contains_key(&filter.parameter) || parameters.values().any(bound)
    };
    let heeds = |filter: &&Filter| match &named {
        Some(named) => named.iter().any(|name| name.value == filter.name),
        None => !chooses(filter) && !binds(filter),
    };
    filters.iter().filter(heeds).map(|filter| (filter.name.clone(), filter.parameter.clone())).collect()
}

/// A tile's parameters, which may name filters of the dashboard.
fn read_bound(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeParameters>,
    filters: &[Filter],
) -> BTreeMap<String, Parameter> {
    let parameters = read_parameters(section, page, places, time);
    for Placed { value, offset } in parameters.values() {
        if let Parameter::Filter(name) = value
            && filters.iter().all(|filter| filter.name != *name)
        {
            let there: Vec<&str> = filters.iter().map(|filter| filter.name.as_str()).collect();
            page.report(*offset, format!("this dashboard has no filter `{name}`; it has {}", list(&there)));
        }
    }
    parameters.into_iter().map(|(name, parameter)| (name, parameter.value)).collect()
}

pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => "none: add [[filter]] at the top of the file".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

pub(crate) fn required<'a>(
    section: &Section<'a, '_>,
    page: &mut Page<'_>,
    key: &str,
    longest: usize,
    example: &str,
) -> Option<Placed<&'a str>> {
    let before = page.found();
    let text = section.text(page, key, longest, example);
    if text.is_none() && page.found() == before {
        section.missing(page, key, example);
    }
    text
}

fn read_id(section: &Section<'_, '_>, page: &mut Page<'_>, title: &str, ids: &mut HashSet<String>) -> String {
    let valid = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if let Some(Placed { value, offset }) = section.text(page, "id", 60, "id = \"visits\"") {
        if !value.chars().all(valid) {
            page.report(offset, "`id` has lower-case letters, digits and hyphens only, like id = \"top-pages\"");
        } else if !ids.insert(value.to_owned()) {
            page.report(offset, format!("another tile has the id `{value}`; write one of its own"));
        }
        return value.to_owned();
    }
    derived_id(title, ids)
}

/// The id of a tile whose file says none.
pub(crate) fn derived_id(title: &str, ids: &mut HashSet<String>) -> String {
    let valid = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let words = title.to_lowercase();
    let words = words.split(|letter: char| !valid(letter) || letter == '-').filter(|word| !word.is_empty());
    let mut id = words.collect::<Vec<_>>().join("-");
    if id.is_empty() {
        "tile".clone_into(&mut id);
    }
    // Titles may repeat: the second `visits` is `visits-2`.
    let plain = id.clone();
    let mut number = 1;
    while !ids.insert(id.clone()) {
        number += 1;
        id = format!("{plain}-{number}");
    }
    id
}

pub(crate) fn read_refresh(section: &Section<'_, '_>, page: &mut Page<'_>, default: Duration) -> Duration {
    let Some(Placed { value, offset }) = section.text(page, "refresh", 20, "refresh = \"60s\"") else {
        return default;
    };
    let seconds = [("s", 1_u64), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, seconds)))
        .and_then(|(number, seconds)| number.trim().parse::<u64>().ok()?.checked_mul(seconds));
    match seconds {
        Some(seconds) if (1..=30 * 86_400).contains(&seconds) => Duration::from_secs(seconds),
        _ => {
            page.report(
                offset,
                format!("`refresh` is \"{value}\"; write how long an answer is fresh, between \"1s\" and \"30d\", like refresh = \"60s\" or \"5m\""),
            );
            default
        }
    }
}

/// Parameters and what they are set to, each at the place of its name. Whether
/// the filters that they name are there is the caller's to say.
pub(crate) fn read_parameters(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeParameters>,
) -> BTreeMap<String, Placed<Parameter>> {
    let parameters = section.parameters(page, "parameters", "parameters = { limit = 10 }");
    for (name, Placed { value, offset }) in &parameters {
        check_parameter_name(page, name, *offset);
        if time.is_some_and(|time| time.from == *name || time.to == *name) {
            page.report(
                *offset,
                format!("`{name}` is set by the time filter; remove it here, or write time = false in this tile"),
            );
        }
        if matches!(value, Parameter::Tenant(_)) && places.public.is_some() {
            page.report(
                *offset,
                format!("anyone may see this dashboard, so `{name}` has no organization to be filled with; remove it or public = true"),
            );
        }
        places.parameters.push((name.clone(), *offset));
    }
    parameters
}
