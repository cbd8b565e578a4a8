//! A dashboard's file: TOML, one a dashboard, read to the end so that all its
//! problems are told at once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use perch_chart::{Kind, Spec};
use perch_tinybird::{ParameterValue, PipeName};
use toml::Spanned;
use toml::de::DeTable;

use crate::section::{Page, Placed, Section};
use crate::{Preset, Problem, TimeRange};

/// The format that this Perch reads.
const VERSION: i64 = 1;
/// More tiles than anyone reads on one page.
const MOST_TILES: usize = 200;
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
    /// The time range filter, when the dashboard has one.
    pub time: Option<TimeFilter>,
    /// What else it can be filtered by.
    pub filters: Vec<Filter>,
    /// The tiles in reading order; at least one.
    pub tiles: Vec<Tile>,
}

/// A column that the viewer chooses a value of, by a click on a mark that stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Names it among the dashboard's.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The column of the answers whose values can be chosen.
    pub column: String,
    /// The pipes' parameter for it.
    pub parameter: String,
}

/// The viewer's choice of time, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFilter {
    /// The range before the viewer picks one.
    pub default: TimeRange,
    /// The pipes' parameters for it.
    pub parameters: TimeParameters,
}

/// The pipes' parameters for the first and the last day, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeParameters {
    /// The first day, `date_from` unless the file says otherwise.
    pub from: String,
    /// The last day, `date_to` unless the file says otherwise.
    pub to: String,
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
    /// How long an answer is fresh.
    pub refresh: Duration,
    /// Whether the same is asked for the previous period.
    pub compare: bool,
    /// Where the viewer's time range goes; `None` for a tile that has its own
    /// time, or a dashboard without the filter.
    pub time: Option<TimeParameters>,
    /// The dashboard's filters that it heeds, and the pipe's parameter for each.
    pub filters: BTreeMap<String, String>,
    /// Whether it stands in a dashboard that anyone may see.
    pub public: bool,
}

/// What a pipe's parameter is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// The same for everyone.
    Constant(ParameterValue),
}

/// All that could be read of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The dashboard with those tiles that are whole, when it has a title and
    /// at least one of them.
    pub dashboard: Option<Dashboard>,
    /// What to put right, in the file's order.
    pub problems: Vec<Problem>,
}

impl Dashboard {
    /// Reads a file of which every word must be right.
    pub fn parse(id: &str, text: &str) -> Result<Self, Vec<Problem>> {
        match Self::read(id, text) {
            Reading { dashboard: Some(dashboard), problems } if problems.is_empty() => Ok(dashboard),
            Reading { problems, .. } => Err(problems),
        }
    }

    /// Reads what can be read, so that one wrong tile does not take the others
    /// from the screen.
    pub fn read(id: &str, text: &str) -> Reading {
        let (dashboard, problems, _) = read(id, text.strip_prefix('\u{feff}').unwrap_or(text));
        Reading { dashboard, problems }
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
}

/// Reads `text`, which has no byte order mark.
pub(crate) fn read(id: &str, text: &str) -> (Option<Dashboard>, Vec<Problem>, Places) {
    let mut page = Page { text, problems: Vec::new() };
    let mut places = Places::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let dashboard = read_document(id, &document, &mut page, &mut places);
        page.problems.sort();
        return (dashboard, page.problems, places);
    }
    // What a half-read document lacks would only distract from the reason.
    for error in errors {
        page.report(error.span().map_or(0, |span| span.start), error.message().trim_end());
    }
    page.problems.sort();
    (None, page.problems, places)
}

fn read_document(
    id: &str,
    document: &Spanned<DeTable<'_>>,
    page: &mut Page<'_>,
    places: &mut Places,
) -> Option<Dashboard> {
    let known = ["version", "title", "description", "public", "time", "filter", "tile"];
    let top = Section::new(page, document.get_ref(), 0..0, "a dashboard", &known);
    read_version(&top, page)?;
    let title = top.text(page, "title", 200, "title = \"Web traffic\"");
    if title.is_none() && !document.get_ref().contains_key("title") {
        top.missing(page, "title", "title = \"Web traffic\"");
    }
    let description = top.text(page, "description", 1_000, "description = \"Who came, and from where\"");
    places.public = top.boolean(page, "public").filter(|public| public.value).map(|public| public.offset);
    let time = read_time(&top, page, places);
    let filters = read_filters(&top, page, places, time.as_ref());
    let tiles = read_tiles(&top, page, places, &Chosen { time: time.as_ref(), filters: &filters });
    if tiles.is_empty() {
        return None;
    }
    Some(Dashboard {
        id: id.to_owned(),
        title: title?.value.trim().to_owned(),
        description: description.map(|text| text.value.trim().to_owned()),
        public: places.public.is_some(),
        time,
        filters,
        tiles,
    })
}

/// What tiles can be asked about.
struct Chosen<'a> {
    time: Option<&'a TimeFilter>,
    filters: &'a [Filter],
}

/// A file of another version is read no further: its keys may mean other
/// things.
fn read_version(top: &Section<'_, '_>, page: &mut Page<'_>) -> Option<()> {
    let before = page.problems.len();
    match top.integer(page, "version", 1..=i64::from(u32::MAX), "version = 1") {
        Some(Placed { value: VERSION, .. }) => Some(()),
        Some(Placed { value, offset }) => {
            page.problems.clear();
            page.report(
                offset,
                format!(
                    "this Perch reads dashboards of version {VERSION}, not {value}; install a newer Perch or write version = {VERSION}"
                ),
            );
            None
        }
        None => {
            if page.problems.len() == before {
                top.missing(page, "version", "version = 1 on the first line");
            }
            Some(())
        }
    }
}

fn read_time(top: &Section<'_, '_>, page: &mut Page<'_>, places: &mut Places) -> Option<TimeFilter> {
    let (table, span) = top.table(page, "time", "[time] on a line of its own, and default = \"7d\" below it")?;
    let section = Section::new(page, table, span, "[time]", &["default", "from", "to"]);
    let mut default = TimeRange::Last(Preset::Days7);
    if let Some(text) = section.text(page, "default", 40, "default = \"7d\"") {
        match text.value.parse() {
            Ok(range) => default = range,
            Err(error) => page.report(text.offset, error.to_string()),
        }
    }
    let from = read_parameter_name(&section, page, places, "from", "date_from");
    let to = read_parameter_name(&section, page, places, "to", "date_to");
    if from == to {
        page.report(section.offset(), "`from` and `to` name one parameter; write two, like from = \"date_from\"");
    }
    Some(TimeFilter { default, parameters: TimeParameters { from, to } })
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
fn check_parameter_name(page: &mut Page<'_>, name: &str, offset: usize) {
    let mut letters = name.chars();
    let valid = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !valid {
        page.report(offset, format!("`{name}` is not a parameter's name; write letters, digits and _, like page_size"));
    } else if name.eq_ignore_ascii_case("token") {
        page.report(offset, format!("`{name}` cannot be set here: Tinybird reads it as a credential; remove it"));
    }
}

const FILTER: &str = "[[filter]] on a line of its own, and name = \"device\" below it";

fn read_filters(
    top: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeFilter>,
) -> Vec<Filter> {
    let mut filters: Vec<Filter> = Vec::new();
    for (table, span) in top.tables(page, "filter", FILTER).unwrap_or_default() {
        let section = Section::new(page, table, span, "a filter", &["name", "label", "column", "parameter"]);
        let Some(Placed { value: name, offset }) = required(&section, page, "name", 60, "name = \"device\"") else {
            continue;
        };
        if filters.iter().any(|filter| filter.name == name) {
            page.report(offset, format!("another filter has the name `{name}`; write one of its own"));
            continue;
        }
        let text = |page: &mut Page<'_>, key, example: &str| section.text(page, key, 100, example);
        let label = text(page, "label", "label = \"Device\"").map(|label| label.value.to_owned());
        let column = text(page, "column", "column = \"device\"").map(|column| column.value.to_owned());
        let parameter = text(page, "parameter", "parameter = \"device\"");
        let at = parameter.as_ref().map_or(offset, |parameter| parameter.offset);
        let parameter = parameter.map_or(name, |parameter| parameter.value).to_owned();
        check_parameter_name(page, &parameter, at);
        let is_times = time.is_some_and(|time| time.parameters.from == parameter || time.parameters.to == parameter);
        if is_times || filters.iter().any(|filter| filter.parameter == parameter) {
            page.report(at, format!("`{parameter}` is another filter's parameter already; name one of its own"));
        }
        places.parameters.push((parameter.clone(), at));
        filters.push(Filter {
            name: name.to_owned(),
            label: label.unwrap_or_else(|| capitalized(name)),
            column: column.unwrap_or_else(|| name.to_owned()),
            parameter,
        });
    }
    filters
}

/// `page_type` as people read it: `Page type`.
fn capitalized(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const TILE: &str = "[[tile]] on a line of its own, and title, pipe and [tile.chart] below it";

fn read_tiles(top: &Section<'_, '_>, page: &mut Page<'_>, places: &mut Places, chosen: &Chosen<'_>) -> Vec<Tile> {
    let before = page.problems.len();
    let tables = top.tables(page, "tile", TILE).unwrap_or_default();
    if tables.is_empty() && page.problems.len() == before {
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
        let before = page.problems.len();
        let known =
            ["id", "title", "pipe", "chart", "parameters", "width", "height", "refresh", "compare", "time", "filters"];
        let section = Section::new(page, table, span, "a tile", &known);
        let tile = read_tile(&section, page, places, chosen, &mut ids);
        if page.problems.len() == before {
            tiles.extend(tile);
        }
    }
    tiles
}

fn read_tile(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    chosen: &Chosen<'_>,
    ids: &mut HashSet<String>,
) -> Option<Tile> {
    let title = required(section, page, "title", 200, "title = \"Visits\"");
    let id = read_id(section, page, title.as_ref().map_or("tile", |title| title.value), ids);
    let chart =
        section.value(page, "chart", "a chart", "[tile.chart] on a line of its own, and kind = \"line\" below it");
    let pipe = read_pipe(section, page, places, chart.as_ref().map(|chart: &Placed<Spec>| chart.value.kind));
    let width = section.integer(page, "width", 1..=12, "width = 6").map_or(6, |width| width.value);
    let height = section.integer(page, "height", 1..=20, "height = 3").map_or(3, |height| height.value);
    let refresh = read_refresh(section, page);
    let compare = section.boolean(page, "compare");
    let timed = section.boolean(page, "time");
    let filter = chosen.time;
    let time = filter.filter(|_| timed.as_ref().is_none_or(|timed| timed.value));
    let time = time.map(|filter| filter.parameters.clone());

    if let Some(Placed { offset, .. }) = timed.filter(|timed| timed.value && filter.is_none()) {
        page.report(offset, "this dashboard has no time filter; add [time] at the top or remove `time`");
    }
    if let Some(Placed { offset, .. }) = compare.as_ref().filter(|compare| compare.value && time.is_none()) {
        page.report(*offset, "`compare` needs a time range; add [time] at the top of the file or remove `compare`");
    }
    let parameters = read_parameters(section, page, places, time.as_ref());
    let chart = chart?.value;
    let filters = read_heeded(section, page, chosen.filters, &chart, &parameters);
    Some(Tile {
        id,
        title: title?.value.trim().to_owned(),
        pipe: pipe?,
        chart,
        parameters,
        // Both are within a byte by the ranges above.
        width: u8::try_from(width).unwrap_or(12),
        height: u8::try_from(height).unwrap_or(3),
        refresh,
        compare: compare.is_some_and(|compare| compare.value),
        time,
        filters,
        public: places.public.is_some(),
    })
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

/// The filters that a tile heeds: those that it names, or all but the one whose values stand along its own axis, which
/// is where the viewer chooses.
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
    let heeds = |filter: &&Filter| match &named {
        Some(named) => named.iter().any(|name| name.value == filter.name),
        None => chart.x.as_ref() != Some(&filter.column) && !parameters.contains_key(&filter.parameter),
    };
    filters.iter().filter(heeds).map(|filter| (filter.name.clone(), filter.parameter.clone())).collect()
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "none: add [[filter]] at the top of the file".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

fn required<'a>(
    section: &Section<'a, '_>,
    page: &mut Page<'_>,
    key: &str,
    longest: usize,
    example: &str,
) -> Option<Placed<&'a str>> {
    let before = page.problems.len();
    let text = section.text(page, key, longest, example);
    if text.is_none() && page.problems.len() == before {
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

fn read_refresh(section: &Section<'_, '_>, page: &mut Page<'_>) -> Duration {
    let Some(Placed { value, offset }) = section.text(page, "refresh", 20, "refresh = \"60s\"") else {
        return DEFAULT_REFRESH;
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
            DEFAULT_REFRESH
        }
    }
}

fn read_parameters(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeParameters>,
) -> BTreeMap<String, Parameter> {
    let constants = section.constants(page, "parameters", "parameters = { limit = 10 }");
    let mut parameters = BTreeMap::new();
    for (name, Placed { value, offset }) in constants {
        check_parameter_name(page, &name, offset);
        if time.is_some_and(|time| time.from == name || time.to == name) {
            page.report(
                offset,
                format!("`{name}` is set by the time filter; remove it here, or write time = false in this tile"),
            );
        }
        places.parameters.push((name.clone(), offset));
        parameters.insert(name, Parameter::Constant(value));
    }
    parameters
}
