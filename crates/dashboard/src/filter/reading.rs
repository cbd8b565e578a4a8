//! Reading the `[[filter]]` tables of a dashboard's file: each by itself, then
//! what they say of each other.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use perch_chart::{Kind, Spec};
use perch_tinybird::PipeName;
use toml::de::{DeTable, DeValue};

use super::{Choice, Choices, Filter, FilterKind, LONGEST_VALUE, OPTIONS, Options};
use crate::file::{Places, capitalized, check_parameter_name, list, read_parameters, read_refresh, required};
use crate::keys;
use crate::section::{Page, Placed, Section, scalar};
use crate::{Comparison, Parameter, Tile, TimeFilter};

/// How long options are fresh where the file does not say: what can be chosen
/// changes less often than what is counted of it.
const OPTIONS_REFRESH: Duration = Duration::from_secs(60 * 60);
/// More filters than anyone finds their way among.
pub(crate) const MOST_FILTERS: usize = 50;
/// More values than anyone writes into a file.
const MOST_LISTED: usize = 1_000;

const FILTER: &str = "[[filter]] on a line of its own, and name = \"device\" below it";
const KINDS: &str = "kind = \"click\", \"select\", \"multi-select\", \"text\", \"number\" or \"toggle\"";
const VALUES: &str = "values = [\"desktop\", { value = \"mobile\", label = \"Phones\" }]";
const OPTIONS_TABLE: &str = "[filter.options] on a line of its own, and pipe and value below it";

/// The keys that only some kinds have.
const OF_SOME: [(&str, &[&str]); 7] = [
    ("values", &["select", "multi-select"]),
    ("options", &["select", "multi-select"]),
    ("min", &["number"]),
    ("max", &["number"]),
    ("step", &["number"]),
    ("on", &["toggle"]),
    ("off", &["toggle"]),
];

/// A filter, and where its options name others.
struct Draft {
    filter: Filter,
    /// Each of the others, and the place where it is named.
    needs: Vec<(String, usize)>,
}

/// Reads the dashboard's filters.
pub(crate) fn read_filters(
    top: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeFilter>,
) -> Vec<Filter> {
    let mut drafts: Vec<Draft> = Vec::new();
    let tables = top.tables(page, "filter", FILTER).unwrap_or_default();
    if let Some((_, span)) = tables.get(MOST_FILTERS) {
        let message = format!("a dashboard has at most {MOST_FILTERS} filters, and this is one of {}", tables.len());
        page.report(span.start, format!("{message}; remove those that nobody uses"));
    }
    for (table, span) in tables.into_iter().take(MOST_FILTERS) {
        drafts.extend(read_filter(page, places, time, &drafts, (table, span)));
    }
    bind_options(page, &mut drafts);
    refuse_cycles(page, &mut drafts);
    drafts.into_iter().map(|draft| draft.filter).collect()
}

fn read_filter(
    page: &mut Page<'_>,
    places: &mut Places,
    time: Option<&TimeFilter>,
    others: &[Draft],
    (table, span): (&DeTable<'_>, Range<usize>),
) -> Option<Draft> {
    let section = Section::new(page, table, span, keys::FILTER);
    let Placed { value: name, offset } = required(&section, page, "name", 60, "name = \"device\"")?;
    if others.iter().any(|other| other.filter.name == name) {
        page.report(offset, format!("another filter has the name `{name}`; write one of its own"));
        return None;
    }
    let text = |page: &mut Page<'_>, key, example: &str| section.text(page, key, 100, example);
    let label = text(page, "label", "label = \"Device\"").map(|label| label.value.to_owned());
    let column = text(page, "column", "column = \"device\"").map(|column| column.value.to_owned());
    let parameter = text(page, "parameter", "parameter = \"device\"");
    let at = parameter.as_ref().map_or(offset, |parameter| parameter.offset);
    let parameter = parameter.map_or(name, |parameter| parameter.value).to_owned();
    check_parameter_name(page, &parameter, at);
    let is_times = time.is_some_and(|time| time.parameters.from == parameter || time.parameters.to == parameter);
    if is_times || others.iter().any(|other| other.filter.parameter == parameter) {
        page.report(at, format!("`{parameter}` is another filter's parameter already; name one of its own"));
    }
    places.parameters.push((parameter.clone(), at));
    let (kind, needs) = read_kind(&section, page, places, name);
    let mut filter = Filter {
        name: name.to_owned(),
        label: label.unwrap_or_else(|| capitalized(name)),
        column: column.unwrap_or_else(|| name.to_owned()),
        parameter,
        kind,
        default: Vec::new(),
    };
    filter.default = read_default(&section, page, &filter);
    Some(Draft { filter, needs })
}

/// One whose kind cannot be read is set by clicks: it takes nothing from the
/// rest of the file.
fn read_kind(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    name: &str,
) -> (FilterKind, Vec<(String, usize)>) {
    let written = section.text(page, "kind", 20, KINDS);
    let kind = written.as_ref().map_or("click", |kind| kind.value);
    for (key, kinds) in OF_SOME.iter().filter(|(_, kinds)| !kinds.contains(&kind)) {
        if let Some(value) = section.get(key) {
            let kinds: Vec<String> = kinds.iter().map(|kind| format!("kind = \"{kind}\"")).collect();
            page.report(
                value.span().start,
                format!("`{key}` is for {}; write that or remove `{key}`", kinds.join(" or ")),
            );
        }
    }
    let choices =
        |page: &mut Page<'_>, places: &mut Places| read_choices(section, page, places, name, kind == "multi-select");
    match kind {
        "click" => (FilterKind::Click, Vec::new()),
        "select" => choices(page, places).map_or_else(none, |(choices, needs)| (FilterKind::Select(choices), needs)),
        "multi-select" => {
            choices(page, places).map_or_else(none, |(choices, needs)| (FilterKind::MultiSelect(choices), needs))
        }
        "text" => (FilterKind::Text, Vec::new()),
        "number" => (read_number(section, page), Vec::new()),
        "toggle" => (read_toggle(section, page), Vec::new()),
        other => {
            let offset = written.as_ref().map_or(0, |kind| kind.offset);
            page.report(offset, format!("`{other}` is no kind of filter; write {KINDS}"));
            none()
        }
    }
}

fn none() -> (FilterKind, Vec<(String, usize)>) {
    (FilterKind::Click, Vec::new())
}

fn read_choices(
    section: &Section<'_, '_>,
    page: &mut Page<'_>,
    places: &mut Places,
    name: &str,
    several: bool,
) -> Option<(Choices, Vec<(String, usize)>)> {
    match (section.get("values"), section.table(page, "options", OPTIONS_TABLE)) {
        (Some(values), Some(_)) => {
            page.report(
                values.span().start,
                "`values` and `options` both say what can be chosen; remove one of the two",
            );
            None
        }
        (Some(_), None) => read_listed(section, page, several).map(|listed| (Choices::Listed(listed), Vec::new())),
        (None, Some(options)) => {
            let (options, needs) = read_options(page, places, name, options)?;
            Some((Choices::Asked(Box::new(options)), needs))
        }
        (None, None) => {
            if section.get("options").is_none() {
                section.missing(page, "values", &format!("{VALUES}, or {OPTIONS_TABLE}"));
            }
            None
        }
    }
}

fn read_listed(section: &Section<'_, '_>, page: &mut Page<'_>, several: bool) -> Option<Vec<Choice>> {
    let value = section.get("values")?;
    let Some(array) = value.get_ref().as_array().filter(|array| !array.is_empty() && array.len() <= MOST_LISTED) else {
        page.report(
            value.span().start,
            format!("`values` is a list of 1 to {MOST_LISTED} values; write {VALUES}, or ask a pipe for them with [filter.options]"),
        );
        return None;
    };
    let mut choices: Vec<Choice> = Vec::with_capacity(array.len());
    for item in array.iter() {
        let choice = match item.get_ref() {
            DeValue::Table(table) => {
                let section = Section::new(page, table, item.span(), keys::CHOICE);
                let value = section.get("value").and_then(scalar);
                let label = section.text(page, "label", 200, "label = \"Phones\"").map(|label| label.value.to_owned());
                value.map(|value| Choice { label: label.unwrap_or_else(|| value.clone()), value })
            }
            _ => scalar(item).map(|value| Choice { label: value.clone(), value }),
        };
        match choice {
            Some(choice) if choice.value.chars().count() > LONGEST_VALUE => {
                page.report(item.span().start, format!("a value has at most {LONGEST_VALUE} characters; shorten it"));
            }
            Some(choice) if several && choice.value.contains(',') => {
                let message = format!("`{}` has a comma, and commas part the values", choice.value);
                page.report(item.span().start, format!("{message}; write kind = \"select\" or another value"));
            }
            Some(choice) if choices.iter().any(|other| other.value == choice.value) => {
                page.report(item.span().start, format!("`{}` is listed already; remove it", choice.value));
            }
            Some(choice) => choices.push(choice),
            None => page.report(item.span().start, format!("this is no value; write {VALUES}")),
        }
    }
    Some(choices)
}

fn read_options(
    page: &mut Page<'_>,
    places: &mut Places,
    name: &str,
    (table, span): (&DeTable<'_>, Range<usize>),
) -> Option<(Options, Vec<(String, usize)>)> {
    let section = Section::new(page, table, span, keys::OPTIONS);
    let pipe = required(&section, page, "pipe", 200, "pipe = \"devices\"");
    let value = required(&section, page, "value", 200, "value = \"device\"").map(|value| value.value.to_owned());
    let label = section.text(page, "label", 200, "label = \"name\"").map(|label| label.value.to_owned());
    let refresh = read_refresh(&section, page, OPTIONS_REFRESH);
    let parameters = read_parameters(&section, page, places, None);
    let named = section.names(page, "filters", "filters = [\"country\"]").unwrap_or_default();
    let mut needs: Vec<_> = named.into_iter().map(|name| (name.value.to_owned(), name.offset)).collect();
    needs.extend(parameters.values().filter_map(|parameter| match &parameter.value {
        Parameter::Filter(name) => Some((name.clone(), parameter.offset)),
        Parameter::Constant(_) | Parameter::Tenant(_) => None,
    }));
    let pipe = pipe.and_then(|pipe| {
        places.pipes.push((pipe.value.to_owned(), pipe.offset));
        PipeName::parse(pipe.value).map_err(|error| page.report(pipe.offset, error.to_string())).ok()
    });
    let tile = Tile {
        id: format!("{OPTIONS}{name}"),
        title: name.to_owned(),
        pipe: Some(pipe?),
        chart: Spec::new(Kind::Table),
        parameters: parameters.into_iter().map(|(name, parameter)| (name, parameter.value)).collect(),
        width: 12,
        height: 1,
        tab: None,
        section: None,
        refresh,
        compare: Comparison::Off,
        time: None,
        filters: BTreeMap::new(),
        public: places.public.is_some(),
    };
    Some((Options { tile, value: value?, label }, needs))
}

fn read_number(section: &Section<'_, '_>, page: &mut Page<'_>) -> FilterKind {
    let min = section.number(page, "min", "min = 0");
    let max = section.number(page, "max", "max = 100");
    let step = section.number(page, "step", "step = 1");
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value >= max.value
    {
        page.report(max.offset, "`max` must be greater than `min`; write min = 0 and max = 100");
    }
    if let Some(step) = step.as_ref().filter(|step| step.value <= 0.0) {
        page.report(step.offset, "`step` must be greater than 0; write step = 1");
    }
    let value = |number: Option<Placed<f64>>| number.map(|number| number.value);
    FilterKind::Number { min: value(min), max: value(max), step: value(step) }
}

fn read_toggle(section: &Section<'_, '_>, page: &mut Page<'_>) -> FilterKind {
    let mut said = |key: &str, example: &str| {
        let value = section.get(key)?;
        let text = scalar(value).filter(|text| !text.is_empty());
        if text.is_none() {
            page.report(value.span().start, format!("`{key}` is what pipes get; write {example}"));
        }
        text
    };
    let (on, off) = (said("on", "on = \"1\""), said("off", "off = \"0\""));
    if let (Some(on), Some(value)) = (&on, section.get("off"))
        && off.as_ref() == Some(on)
    {
        page.report(value.span().start, "`on` and `off` say the same; write two values, or remove `off`");
    }
    FilterKind::Toggle { on: on.unwrap_or_else(|| "true".to_owned()), off }
}

fn read_default(section: &Section<'_, '_>, page: &mut Page<'_>, filter: &Filter) -> Vec<String> {
    let Some(value) = section.get("default") else { return Vec::new() };
    let at = value.span().start;
    let wanted = match &filter.kind {
        FilterKind::Toggle { .. } => "default = true",
        FilterKind::Number { .. } => "default = 10",
        FilterKind::MultiSelect(_) => "default = [\"desktop\", \"mobile\"]",
        FilterKind::Click | FilterKind::Select(_) | FilterKind::Text => "default = \"desktop\"",
    };
    let values = match (&filter.kind, value.get_ref()) {
        (FilterKind::Toggle { on, off }, DeValue::Boolean(is_on)) => {
            Some(if *is_on { Some(on.clone()) } else { off.clone() }.into_iter().collect())
        }
        (FilterKind::Toggle { .. }, _) => None,
        (FilterKind::MultiSelect(_), DeValue::Array(items)) => items.iter().map(scalar).collect(),
        (_, DeValue::Array(_)) => None,
        _ => scalar(value).map(|value| vec![value]),
    };
    let Some(values): Option<Vec<String>> = values else {
        page.report(at, format!("this is no `default` of kind = \"{}\"; write {wanted}", filter.kind.name()));
        return Vec::new();
    };
    if let Some(Choices::Listed(listed)) = filter.kind.choices()
        && let Some(other) = values.iter().find(|value| listed.iter().all(|choice| choice.value != **value))
    {
        let there: Vec<&str> = listed.iter().map(|choice| choice.value.as_str()).collect();
        page.report(at, format!("`{other}` is not among the filter's values, which are {}", list(&there)));
    }
    filter.accept(&values).unwrap_or_else(|error| {
        page.report(at, format!("{error}; write {wanted}"));
        Vec::new()
    })
}

/// Gives the options the parameters of the filters that they heed.
fn bind_options(page: &mut Page<'_>, drafts: &mut [Draft]) {
    let parameters: BTreeMap<String, String> =
        drafts.iter().map(|draft| (draft.filter.name.clone(), draft.filter.parameter.clone())).collect();
    for draft in drafts {
        let bound = bound_filters(&draft.filter);
        draft.needs.retain(|(name, offset)| {
            let is_there = parameters.contains_key(name);
            if !is_there {
                let there: Vec<&str> = parameters.keys().map(String::as_str).collect();
                page.report(*offset, format!("this dashboard has no filter `{name}`; it has {}", list(&there)));
            }
            is_there
        });
        let Some(tile) = options_of(&mut draft.filter) else { continue };
        let heeded = draft.needs.iter().filter(|(name, _)| !bound.contains(name));
        tile.filters = heeded.filter_map(|(name, _)| Some((name.clone(), parameters.get(name)?.clone()))).collect();
    }
}

/// The filters that the options' parameters name.
fn bound_filters(filter: &Filter) -> Vec<String> {
    let parameters = filter.options().map(|options| options.tile.parameters.values());
    let bound = parameters.into_iter().flatten().filter_map(|parameter| match parameter {
        Parameter::Filter(name) => Some(name.clone()),
        Parameter::Constant(_) | Parameter::Tenant(_) => None,
    });
    bound.collect()
}

fn options_of(filter: &mut Filter) -> Option<&mut Tile> {
    match &mut filter.kind {
        FilterKind::Select(Choices::Asked(options)) | FilterKind::MultiSelect(Choices::Asked(options)) => {
            Some(&mut options.tile)
        }
        _ => None,
    }
}

/// Reports where a filter's values depend, by way of others, on themselves.
fn refuse_cycles(page: &mut Page<'_>, drafts: &mut [Draft]) {
    for index in 0..drafts.len() {
        let name = drafts[index].filter.name.clone();
        // Those named before this one were looked at as the first of their cycle.
        let Some((way, offset)) = way_back(drafts, index) else { continue };
        let cycle = match way.as_slice() {
            [] => format!("the values of `{name}` depend on `{name}` itself"),
            way => {
                let through: Vec<String> = way.iter().map(|name| format!("`{name}`")).collect();
                format!("the values of `{name}` depend on {}, and so on `{name}` again", through.join(", then "))
            }
        };
        page.report(offset, format!("{cycle}; remove one of them from `filters`"));
        // One break is told once.
        drafts[index].needs.retain(|(_, at)| *at != offset);
    }
}

/// The names on a way from a filter back to itself, and where its first step is
/// written.
fn way_back(drafts: &[Draft], from: usize) -> Option<(Vec<String>, usize)> {
    let start = &drafts[from].filter.name;
    for (first, offset) in &drafts[from].needs {
        let mut ways = vec![vec![first.clone()]];
        let mut seen = vec![first.clone()];
        while let Some(way) = ways.pop() {
            let last = way.last()?;
            if last == start {
                return Some((way[..way.len() - 1].to_vec(), *offset));
            }
            let needs = drafts.iter().find(|draft| draft.filter.name == *last).map(|draft| draft.needs.iter());
            for (next, _) in needs.into_iter().flatten() {
                if !seen.contains(next) {
                    seen.push(next.clone());
                    ways.push(way.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
    }
    None
}
