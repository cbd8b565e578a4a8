//! Dashboard files: what a good one says, and where a wrong one is told to be.

use std::time::Duration;

use perch_chart::{Input, Kind, Size, Theme, draw};
use perch_dashboard::{
    Change, Choices, Comparison, Dashboard, DayZone, Draft, Filter, FilterKind, MOST_BYTES, Parameter, Preset, Problem,
    Reading, TimeRange,
};
use perch_tenant::Attribute;
use perch_tinybird::{ParameterValue, PipeName, decode};

const GOOD: &str = r##"version = 1
title = "Web traffic"
description = "Who came"

[time]
default = "30d"

[[tile]]
title = "Visits"
pipe = "kpis"
width = 8
height = 4
refresh = "60s"
compare = true
parameters = { limit = 10, country = "DE", exact = true, share = 0.5 }
[tile.chart]
kind = "line"
x = "date"
y = ["visits"]

[[tile]]
title = "Top pages"
pipe = "top_pages"
time = false
[tile.chart]
kind = "bar-list"
"##;

fn parse(text: &str) -> Dashboard {
    Dashboard::parse("web-traffic", text).expect("a dashboard")
}

/// The problems of the good file with `from` replaced.
fn problems(from: &str, to: &str) -> Vec<Problem> {
    assert!(GOOD.contains(from), "{from}");
    Dashboard::parse("web-traffic", &GOOD.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_file_says_which_tiles_ask_which_pipes() {
    let dashboard = parse(GOOD);
    assert_eq!((dashboard.id.as_str(), dashboard.title.as_str()), ("web-traffic", "Web traffic"));
    let time = dashboard.time.as_ref().expect("a filter");
    assert_eq!(time.default, TimeRange::Last(Preset::Days30));
    assert_eq!((time.parameters.from.as_str(), time.parameters.to.as_str()), ("date_from", "date_to"));

    let [visits, pages] = dashboard.tiles.as_slice() else { panic!("two tiles") };
    assert_eq!((visits.id.as_str(), visits.pipe.as_ref().map(PipeName::as_str)), ("visits", Some("kpis")));
    assert_eq!((visits.width, visits.height, visits.compare), (8, 4, Comparison::Previous));
    assert_eq!((visits.refresh, visits.chart.kind), (Duration::from_secs(60), Kind::Line));
    assert_eq!(visits.time.as_ref(), Some(&time.parameters));
    let value = |name: &str| visits.parameters.get(name).cloned();
    let constant = |value: ParameterValue| Some(Parameter::Constant(value));
    assert_eq!(value("limit"), constant(10.into()));
    assert_eq!(value("country"), constant("DE".into()));
    assert_eq!(value("exact"), constant(true.into()));
    assert_eq!(value("share"), ParameterValue::float(0.5).ok().and_then(constant));

    assert_eq!((pages.id.as_str(), pages.width, pages.height), ("top-pages", 6, 3));
    assert_eq!((pages.refresh, pages.time.as_ref()), (Duration::from_secs(300), None));
}

#[test]
fn a_dashboard_is_for_everyone_only_where_it_says_so() {
    let public = |text: &str| {
        let dashboard = parse(text);
        assert!(dashboard.tiles.iter().all(|tile| tile.public == dashboard.public), "a tile is what its dashboard is");
        dashboard.public
    };
    assert!(!public(GOOD));
    assert!(!public(&GOOD.replace("version = 1", "version = 1\npublic = false")));
    assert!(public(&GOOD.replace("version = 1", "version = 1\npublic = true")));
    for (wrong, place) in [("version = 1\npublic = \"yes\"", (2, 10)), ("version = 1\npublik = true", (2, 1))] {
        let problem = &problems("version = 1", wrong)[0];
        assert_eq!((problem.line, problem.column), place);
        assert!(problem.message.contains("public"), "{problem}");
    }
    let in_a_tile = &problems("time = false", "public = true")[0];
    assert!(in_a_tile.message.contains("not a key of a tile"), "{in_a_tile}");
}

/// The good file with these lines before its first tile.
fn with_filters(lines: &str) -> String {
    GOOD.replace("version = 1", "version = 2").replacen("[[tile]]", &format!("{lines}\n[[tile]]"), 1)
}

#[test]
fn a_filter_says_what_a_click_chooses_and_a_tile_which_of_them_it_heeds() {
    let device = "[[filter]]\nname = \"device_type\"\ncolumn = \"device\"";
    let page = "[[filter]]\nname = \"page\"\nlabel = \"Seen page\"\nparameter = \"pathname\"";
    let dashboard = parse(&with_filters(&format!("{device}\n{page}")));
    let [device_filter, page_filter] = dashboard.filters.as_slice() else { panic!("two filters") };
    let parts = |filter: &perch_dashboard::Filter| [&filter.label, &filter.column, &filter.parameter].map(Clone::clone);
    assert_eq!(parts(device_filter), ["Device type", "device", "device_type"]);
    assert_eq!(parts(page_filter), ["Seen page", "page", "pathname"]);
    let heeds = |text: &str| parse(text).tiles[1].filters.keys().cloned().collect::<Vec<_>>();
    let text = with_filters(&format!("{device}\n{page}"));
    assert_eq!(heeds(&text), ["device_type", "page"]);
    let end = "kind = \"bar-list\"";
    assert_eq!(heeds(&text.replace(end, "kind = \"bar-list\"\nx = \"device\"")), ["page"], "there one chooses");
    let pages = "pipe = \"top_pages\"";
    assert_eq!(heeds(&text.replace(pages, "pipe = \"top_pages\"\nfilters = [\"device_type\"]")), ["device_type"]);
    assert!(heeds(&text.replace(pages, "pipe = \"top_pages\"\nfilters = []")).is_empty());
    let fixed = "pipe = \"top_pages\"\nparameters = { pathname = \"/\" }";
    assert_eq!(heeds(&text.replace(pages, fixed)), ["device_type"], "the tile has set it already");
}

#[test]
fn a_filter_that_cannot_be_is_told_at_its_place() {
    let first = "[[filter]]\nname = \"device\"";
    for (lines, told) in [
        ("[[filter]]\nlabel = \"Device\"".to_owned(), "needs `name`"),
        (format!("{first}\n{first}"), "another filter has the name `device`"),
        (format!("{first}\n[[filter]]\nname = \"other\"\nparameter = \"device\""), "another filter's parameter"),
        (format!("{first}\nparameter = \"date_from\""), "another filter's parameter"),
        (format!("{first}\nparameter = \"token\""), "credential"),
        (format!("{first}\ncolum = \"device\""), "did you mean `column`"),
    ] {
        let problems = Dashboard::parse("web-traffic", &with_filters(&lines)).expect_err(&lines);
        assert!(problems.iter().any(|problem| problem.message.contains(told)), "{lines}: {problems:?}");
    }
    let unknown = &problems("pipe = \"top_pages\"", "pipe = \"top_pages\"\nfilters = [\"device\"]")[0];
    assert!(unknown.message.contains("no filter `device`"), "{unknown}");
    let text = &problems("kind = \"bar-list\"", "kind = \"text\"\ntext = \"Hello\"")[0];
    assert!(text.message.contains("asks no pipe"), "{text}");
}

/// A filter of each kind, whose options depend on each other.
const KINDS: &str = r#"
[[filter]]
name = "page"

[[filter]]
name = "country"
kind = "multi-select"
default = ["DE", "AT"]
[filter.options]
pipe = "countries"
value = "code"
label = "name"
refresh = "1d"

[[filter]]
name = "city"
kind = "select"
[filter.options]
pipe = "cities"
value = "city"
filters = ["country"]
parameters = { who = { tenant = "org.slug" }, dev = { filter = "device" }, limit = 100 }

[[filter]]
name = "device"
kind = "select"
default = "mobile"
values = ["desktop", { value = "mobile", label = "Phones" }, 3]

[[filter]]
name = "search"
kind = "text"
default = "shop"

[[filter]]
name = "least"
kind = "number"
min = 0
max = 1.5
step = 0.5
default = 1.50

[[filter]]
name = "buyers"
kind = "toggle"
on = 1
off = "no"
default = true
"#;

fn kinds() -> Dashboard {
    parse(&with_filters(KINDS))
}

fn filter<'a>(dashboard: &'a Dashboard, name: &str) -> &'a Filter {
    dashboard.filter(name).expect(name)
}

#[test]
fn a_filter_is_chosen_as_its_kind_says() {
    let dashboard = kinds();
    let kinds: Vec<_> = dashboard.filters.iter().map(|filter| filter.kind.name()).collect();
    assert_eq!(kinds, ["click", "multi-select", "select", "select", "text", "number", "toggle"]);
    let defaults: Vec<_> = dashboard.filters.iter().map(|filter| filter.default.join(" ")).collect();
    assert_eq!(defaults, ["", "DE AT", "", "mobile", "shop", "1.5", "1"]);
    let number = FilterKind::Number { min: Some(0.0), max: Some(1.5), step: Some(0.5) };
    assert_eq!(filter(&dashboard, "least").kind, number);
    let toggle = FilterKind::Toggle { on: "1".to_owned(), off: Some("no".to_owned()) };
    assert_eq!(filter(&dashboard, "buyers").kind, toggle);
    let Some(Choices::Listed(listed)) = filter(&dashboard, "device").kind.choices() else { panic!("a list") };
    let listed: Vec<_> = listed.iter().map(|choice| (choice.value.as_str(), choice.label.as_str())).collect();
    assert_eq!(listed, [("desktop", "desktop"), ("mobile", "Phones"), ("3", "3")]);
}

#[test]
fn values_of_a_pipe_are_asked_for_as_rows_are() {
    let dashboard = kinds();
    let countries = filter(&dashboard, "country").options().expect("options");
    assert_eq!((countries.value.as_str(), countries.label.as_deref()), ("code", Some("name")));
    assert_eq!(countries.tile.refresh, Duration::from_secs(86_400));
    let cities = &filter(&dashboard, "city").options().expect("options").tile;
    assert_eq!(cities.pipe.as_ref().map(PipeName::as_str), Some("cities"));
    assert_eq!(cities.refresh, Duration::from_secs(3_600), "what can be chosen changes seldom");
    assert_eq!(cities.filters, [("country".to_owned(), "country".to_owned())].into());
    assert_eq!(cities.parameters.get("who"), Some(&Parameter::Tenant(Attribute::OrgSlug)));
    assert_eq!(cities.parameters.get("dev"), Some(&Parameter::Filter("device".to_owned())));
    assert!(cities.time.is_none() && !cities.public);
    let asked: Vec<_> = dashboard.asks().map(|tile| tile.id.as_str()).collect();
    assert_eq!(asked, ["visits", "top-pages", "filter:country", "filter:city"]);
}

#[test]
fn what_can_be_chosen_is_chosen_on_all_tiles_and_what_a_click_chooses_on_all_others() {
    let dashboard = parse(&with_filters(KINDS).replace("kind = \"bar-list\"", "kind = \"bar-list\"\nx = \"device\""));
    assert!(dashboard.tiles[1].filters.contains_key("device"), "chosen from a list, not from the tile");
    let dashboard = parse(&with_filters(KINDS).replace("kind = \"bar-list\"", "kind = \"bar-list\"\nx = \"page\""));
    assert!(!dashboard.tiles[1].filters.contains_key("page"), "chosen from the tile");
}

#[test]
fn a_tile_may_bind_its_parameters_to_filters_and_to_the_tenant() {
    let parameters =
        "pipe = \"top_pages\"\nparameters = { dev = { filter = \"device\" }, org = { tenant = \"org.id\" } }";
    let dashboard = parse(&with_filters(KINDS).replace("pipe = \"top_pages\"", parameters));
    let tile = &dashboard.tiles[1];
    assert_eq!(tile.parameters.get("dev"), Some(&Parameter::Filter("device".to_owned())));
    assert_eq!(tile.parameters.get("org"), Some(&Parameter::Tenant(Attribute::OrgId)));
    assert!(!tile.filters.contains_key("device"), "it is not asked for twice");
    assert!(tile.filters.contains_key("country"));
}

#[test]
fn a_selection_is_what_the_viewer_chose_and_else_what_the_dashboard_begins_with() {
    let dashboard = kinds();
    let week = TimeRange::Last(Preset::Days7);
    let of = |pairs: &[(&str, &[&str])]| {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let chosen = pairs.iter().map(|(name, chosen)| ((*name).to_owned(), values(chosen))).collect();
        dashboard.selection(week, &chosen)
    };
    let value =
        |selection: &perch_dashboard::Selection, name: &str| selection.filters.get(name).map(|all| all.join(" "));
    let begun = of(&[]);
    let set: Vec<_> = begun.filters.iter().map(|(name, values)| format!("{name}={}", values.join(" "))).collect();
    assert_eq!(set, ["buyers=1", "country=DE AT", "device=mobile", "least=1.5", "search=shop"]);
    let chosen =
        of(&[("country", &[]), ("device", &["tablet"]), ("buyers", &[]), ("gone", &["x"]), ("least", &["99"])]);
    assert_eq!(value(&chosen, "country"), None, "taken away");
    assert_eq!(value(&chosen, "device").as_deref(), Some("tablet"), "also where the list has it not");
    assert_eq!(value(&chosen, "buyers").as_deref(), Some("no"), "off says so");
    assert_eq!(value(&chosen, "gone"), None, "no filter of this dashboard");
    assert_eq!(value(&chosen, "least"), None, "out of its bounds since");
    let toggle = filter(&dashboard, "buyers");
    assert_eq!(
        [&["1"][..], &["no"], &[]]
            .map(|all| toggle.is_set(&all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())),
        [true, false, false]
    );
}

/// The place and the message of each problem of a file with these filters.
fn told(lines: &str) -> Vec<(usize, usize, String)> {
    let text = with_filters(lines);
    let Reading { problems, .. } = Dashboard::read("web-traffic", &text);
    // The filters begin on line 8.
    problems.into_iter().map(|problem| (problem.line - 7, problem.column, problem.message)).collect()
}

#[test]
fn a_kind_that_cannot_be_is_told_at_its_place() {
    let one = "[[filter]]\nname = \"a\"\n";
    for (lines, line, column, hint) in [
        ("kind = \"dropdown\"", 3, 8, "no kind of filter"),
        ("kind = \"select\"", 1, 1, "needs `values`"),
        ("kind = \"select\"\nvalues = []", 4, 10, "list of 1 to 1000"),
        ("kind = \"select\"\nvalues = [\"x\", [1]]", 4, 16, "no value"),
        ("kind = \"select\"\nvalues = [\"x\", { label = \"X\" }]", 4, 16, "no value"),
        ("kind = \"select\"\nvalues = [\"x\", \"x\"]", 4, 16, "listed already"),
        ("kind = \"select\"\nvalues = [\"x\"]\ndefault = \"y\"", 5, 11, "not among the filter's values"),
        ("kind = \"select\"\nvalues = [\"x\"]\ndefault = [\"x\"]", 5, 11, "no `default`"),
        (
            "kind = \"select\"\nvalues = [\"x\"]\n[filter.options]\npipe = \"p\"\nvalue = \"v\"",
            4,
            10,
            "remove one of the two",
        ),
        ("kind = \"select\"\n[filter.options]\npipe = \"p\"", 4, 1, "needs `value`"),
        ("kind = \"select\"\n[filter.options]\npipe = \"p\"\nvalue = \"v\"\nfilters = [\"b\"]", 7, 12, "no filter `b`"),
        (
            "kind = \"select\"\n[filter.options]\npipe = \"p\"\nvalue = \"v\"\nparameters = { x = { filter = \"b\" } }",
            7,
            16,
            "no filter `b`",
        ),
        ("kind = \"multi-select\"\nvalues = [\"x,y\"]\ndefault = [\"x,y\"]", 5, 11, "comma"),
        ("kind = \"text\"\nvalues = [\"x\"]", 4, 10, "is for kind = \"select\" or kind = \"multi-select\""),
        ("min = 1", 3, 7, "is for kind = \"number\""),
        ("kind = \"number\"\nmin = \"1\"", 4, 7, "a number, like min = 0"),
        ("kind = \"number\"\nmin = 2\nmax = 1", 5, 7, "greater than `min`"),
        ("kind = \"number\"\nstep = 0", 4, 8, "greater than 0"),
        ("kind = \"number\"\nmax = 5\ndefault = 6", 5, 11, "a number of 5 or less"),
        ("kind = \"toggle\"\ndefault = \"on\"", 4, 11, "default = true"),
        ("kind = \"toggle\"\non = []", 4, 6, "what pipes get"),
        ("kind = \"toggle\"\non = \"1\"\noff = 1", 5, 7, "say the same"),
    ] {
        let problems = told(&format!("{one}{lines}"));
        let found = problems
            .iter()
            .any(|(at, column_at, message)| (*at, *column_at) == (line, column) && message.contains(hint));
        assert!(found, "{lines}: {problems:?}");
    }
}

#[test]
fn what_filters_can_since_version_2_says_so_in_a_file_of_version_1() {
    let old = with_filters(KINDS).replace("version = 2", "version = 1");
    let told: Vec<_> = Dashboard::read("web-traffic", &old).problems.into_iter().map(|told| told.message).collect();
    for key in ["`kind`", "`options`", "`default`", "`values`", "`min`", "`on`"] {
        assert!(told.iter().any(|told| told.starts_with(&format!("{key} came with version 2"))), "{key}: {told:?}");
    }
    let bound = GOOD.replace("limit = 10", "limit = { tenant = \"org.id\" }");
    let told = Dashboard::parse("web-traffic", &bound).expect_err("a table");
    assert!(told[0].message.contains("came with version 2"), "{told:?}");
}

#[test]
fn values_that_depend_on_themselves_are_told_once_where_they_do() {
    let select = |name: &str, filters: &str| {
        format!(
            "[[filter]]\nname = \"{name}\"\nkind = \"select\"\n[filter.options]\npipe = \"{name}\"\nvalue = \"v\"\nfilters = [{filters}]\n"
        )
    };
    let own = told(&select("a", "\"a\""));
    assert!(matches!(&own[..], [(7, 12, message)] if message.contains("`a` depend on `a` itself")), "{own:?}");
    let way =
        told(&[select("a", "\"d\", \"b\""), select("b", "\"c\""), select("c", "\"a\""), select("d", "")].concat());
    assert!(
        matches!(&way[..], [(7, 17, message)] if message.contains("depend on `b`, then `c`, and so on `a` again")),
        "{way:?}"
    );
    let two = told(&[select("a", "\"b\""), select("b", "\"a\""), select("c", "\"d\""), select("d", "\"c\"")].concat());
    assert_eq!(two.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [7, 21], "{two:?}");
    let none = told(&[select("a", "\"b\", \"c\""), select("b", "\"c\""), select("c", "")].concat());
    assert_eq!(none, [], "a way that leads nowhere back is none");
}

#[test]
fn what_a_parameter_is_bound_to_must_be_one_thing_that_there_is() {
    for (written, hint) in [
        ("{ tenant = \"org.name\" }", "nothing that a tenant has; write one of \"org.id\", \"org.slug\", \"user.id\""),
        ("{ tenant = 1 }", "write { tenant"),
        ("{ filter = \"nobody\" }", "no filter `nobody`"),
        ("{ filter = \"page\", tenant = \"org.id\" }", "one thing"),
        ("{}", "one thing"),
        ("{ filtre = \"page\" }", "did you mean `filter`"),
    ] {
        let text = with_filters("[[filter]]\nname = \"page\"").replace("limit = 10", &format!("limit = {written}"));
        let problems = Dashboard::parse("web-traffic", &text).expect_err(written);
        assert!(problems.iter().any(|problem| problem.message.contains(hint)), "{written}: {problems:?}");
    }
    let everyones = GOOD
        .replace("version = 1", "version = 2\npublic = true")
        .replace("limit = 10", "limit = { tenant = \"org.id\" }");
    let problems = Dashboard::parse("web-traffic", &everyones).expect_err("nobody's");
    assert!(problems[0].message.contains("anyone may see this dashboard") && problems[0].line == 16, "{problems:?}");
}

#[test]
fn a_parameter_is_spelt_as_tinybird_reads_its_type() {
    for (written, spelt) in [
        ("1_000", "1000"),
        ("0xff", "255"),
        ("1.50", "1.5"),
        ("false", "false"),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T03:04:05", "2026-01-02 03:04:05"),
        ("2026-01-02 03:04:05.250", "2026-01-02 03:04:05.250"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02 01:04:05"),
        (r#"["DE", "FR"]"#, "DE,FR"),
        ("[1, 2]", "1,2"),
    ] {
        let dashboard = parse(&GOOD.replace("limit = 10", &format!("limit = {written}")));
        let Some(Parameter::Constant(value)) = dashboard.tiles[0].parameters.get("limit") else { panic!("{written}") };
        assert_eq!(value.to_string(), spelt, "{written}");
    }
}

#[test]
fn what_no_pipe_can_be_asked_with_is_told_at_its_place() {
    for (written, told) in [
        ("[]", "`limit`: a list without an item"),
        ("[[1]]", "`limit`: a list in a list"),
        (r#"["a,b"]"#, "`limit`: `a,b` has a comma"),
        ("nan", "`limit`: a number that is not finite"),
        ("{ a = 1 }", "a parameter is bound to one thing"),
        ("[{ a = 1 }]", "`limit` is a list; write a text"),
        ("07:32:00", "`limit` is a date; write a text"),
    ] {
        let problem = &problems("limit = 10", &format!("limit = {written}"))[0];
        assert!(problem.message.contains(told), "{written}: {}", problem.message);
        assert_eq!(problem.line, 15, "{written}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read() {
    let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(parse(&windows), parse(GOOD));
    let broken = windows.replace("width = 8", "width = 80");
    let problem = &Dashboard::parse("web-traffic", &broken).expect_err("too wide")[0];
    assert_eq!((problem.line, problem.column), (11, 9));
}

#[test]
fn each_problem_is_told_at_its_place_with_what_to_write_instead() {
    let cases = [
        ("version = 1", "version = 3", (1, 11), "write version = 2"),
        ("version = 1\n", "", (1, 1), "version = 2"),
        ("title = \"Web traffic\"", "titel = \"Web traffic\"", (2, 1), "did you mean `title`?"),
        ("title = \"Web traffic\"", "title = 7", (2, 9), "title = \"Web traffic\""),
        ("default = \"30d\"", "default = \"a month\"", (6, 11), "30d"),
        ("default = \"30d\"", "form = \"day\"", (6, 1), "did you mean `from`?"),
        ("default = \"30d\"", "from = \"day\"\nto = \"day\"", (5, 1), "name one parameter"),
        ("default = \"30d\"", "from = \"org id\"", (6, 8), "letters, digits and _"),
        ("title = \"Visits\"\n", "", (8, 1), "title = \"Visits\""),
        ("pipe = \"kpis\"", "pipe = \"top pages\"", (10, 8), "top pages"),
        ("width = 8", "width = 13", (11, 9), "from 1 to 12"),
        ("width = 8", "width = \"8\"", (11, 9), "from 1 to 12"),
        ("width = 8", "widht = 8", (11, 1), "did you mean `width`?"),
        ("width = 8", "colour = 8", (11, 1), "remove it"),
        ("height = 4", "height = 0", (12, 10), "from 1 to 20"),
        ("refresh = \"60s\"", "refresh = 60", (13, 11), "\"60s\""),
        ("refresh = \"60s\"", "refresh = \"soon\"", (13, 11), "\"60s\""),
        ("refresh = \"60s\"", "refresh = \"0s\"", (13, 11), "\"1s\""),
        ("compare = true", "compare = \"yes\"", (14, 11), "true or false"),
        ("[time]\ndefault = \"30d\"", "", (13, 11), "[time]"),
        ("limit = 10", "limit = []", (15, 24), "list without an item"),
        ("limit = 10", "date_from = 10", (15, 16), "time = false"),
        ("limit = 10", "token = \"p.x\"", (15, 16), "credential"),
        ("limit = 10", "\"a b\" = 1", (15, 16), "page_size"),
        ("kind = \"line\"", "kind = \"lines\"", (17, 8), "line"),
        ("kind = \"line\"", "knid = \"line\"", (17, 1), "did you mean `kind`?"),
        ("y = [\"visits\"]", "y = 7", (19, 5), "column"),
        ("time = false", "time = false\nid = \"Visits\"", (25, 6), "lower-case"),
        ("time = false", "time = false\nid = \"visits\"", (25, 6), "another tile"),
        ("[tile.chart]\nkind = \"bar-list\"", "", (21, 1), "[tile.chart]"),
        ("title = \"Top pages\"", "title = Top pages", (22, 9), "string"),
        ("[[tile]]", "[[tile]", (8, 8), "]"),
    ];
    for (from, to, place, hint) in cases {
        let problems = problems(from, to);
        assert!(
            problems.iter().any(|problem| (problem.line, problem.column) == place && problem.message.contains(hint)),
            "{to}: {problems:#?}"
        );
    }
}

#[test]
fn several_problems_are_told_at_once_and_no_false_ones() {
    let text = GOOD
        .replace("width = 8", "width = 80")
        .replace("refresh = \"60s\"", "refesh = \"60s\"")
        .replace("kind = \"line\"", "kind = \"lines\"\nstaked = true\nlimit = \"ten\"");
    let problems = Dashboard::parse("web-traffic", &text).expect_err("four problems");
    let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [11, 13, 17, 18, 19], "{problems:#?}");
}

#[test]
fn a_misspelt_key_is_not_missing_too() {
    for (from, to) in [("title = \"Visits\"", "titel = \"Visits\""), ("kind = \"line\"", "knid = \"line\"")] {
        assert_eq!(problems(from, to).len(), 1, "{to}");
    }
}

#[test]
fn one_wrong_tile_does_not_take_the_others_away() {
    let text = GOOD.replace("width = 8", "width = 80\nsection = \"People\"").replace("version = 1", "version = 2");
    let Reading { dashboard, wrong, problems } = Dashboard::read("web-traffic", &text);
    let dashboard = dashboard.expect("what is right");
    assert_eq!(dashboard.tiles.iter().map(|tile| tile.id.as_str()).collect::<Vec<_>>(), ["top-pages"]);
    let [tile] = wrong.as_slice() else { panic!("{wrong:?}") };
    assert_eq!((tile.after, tile.title.as_deref(), tile.section.as_deref()), (0, Some("Visits"), Some("People")));
    assert_eq!((tile.width, tile.height), (6, 4), "as wide as one that says nothing");
    assert_eq!((&tile.problems, problems.len()), (&problems, 1));
}

#[test]
fn a_dashboard_whose_time_is_wrong_is_not_shown_over_another() {
    for wrong in ["from = 7", "zone = \"Atlantis\"", "default = \"soon\""] {
        let text = GOOD.replace("version = 1", "version = 2").replace("default = \"30d\"", wrong);
        let Reading { dashboard, problems, .. } = Dashboard::read("web-traffic", &text);
        assert!(dashboard.is_none() && problems.len() == 1, "{wrong}: {problems:?}");
    }
}

#[test]
fn a_wrong_tile_stands_between_those_that_it_stands_between_in_the_file() {
    let tile = |title: &str, width: u8| {
        format!("[[tile]]\ntitle = {title:?}\npipe = \"a\"\nwidth = {width}\n[tile.chart]\nkind = \"table\"\n")
    };
    let tiles = [tile("A", 6), tile("B", 13), tile("C", 6), tile("D", 0), tile("E", 14)].concat();
    let Reading { wrong, .. } = Dashboard::read("web", &format!("version = 2\ntitle = \"Web\"\n{tiles}"));
    let places: Vec<_> = wrong.iter().map(|tile| (tile.title.as_deref().unwrap_or_default(), tile.after)).collect();
    assert_eq!(places, [("B", 1), ("D", 2), ("E", 2)]);
}

/// The good file as version 2, with these lines in its first tile.
fn second(lines: &str) -> String {
    GOOD.replace("version = 1", "version = 2").replace("width = 8", &format!("width = 8\n{lines}"))
}

#[test]
fn a_tile_says_on_which_tab_and_below_which_heading_it_stands() {
    let dashboard = parse(&second("tab = \" Sources \"\nsection = \"Traffic\""));
    let places: Vec<_> = dashboard.tiles.iter().map(|tile| (tile.tab.as_deref(), tile.section.as_deref())).collect();
    assert_eq!(places, [(Some("Sources"), Some("Traffic")), (None, None)]);
    for wrong in [String::new(), "  ".to_owned(), "a".repeat(5_000)] {
        for key in ["tab", "section"] {
            let text = second(&format!("{key} = \"{wrong}\""));
            let problems = Dashboard::parse("web-traffic", &text).expect_err("no name");
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert_eq!((problem.line, problem.column), (12, key.len() + 4));
            assert!(problem.message.contains("between 1 and 60 characters"), "{problem}");
        }
    }
}

#[test]
fn a_dashboard_may_count_days_in_a_zone_of_its_own_and_offer_some_presets() {
    let with = |lines: &str| second("").replace("default = \"30d\"", lines);
    let time = |lines: &str| parse(&with(lines)).time.expect("a filter");
    let usual = time("");
    assert_eq!((usual.presets.as_slice(), &usual.parameters.zone), (&Preset::ALL[..], &DayZone::Viewer));
    assert_eq!((usual.default, usual.compare), (TimeRange::Last(Preset::Days7), Comparison::Previous));
    let own = time("zone = \"Europe/Berlin\"\npresets = [\"this-month\", \"12m\"]\ncompare = \"year\"");
    assert_eq!(own.parameters.zone.name(), Some("Europe/Berlin"));
    assert_eq!(
        (own.presets, own.default),
        (vec![Preset::ThisMonth, Preset::Months12], TimeRange::Last(Preset::ThisMonth))
    );
    assert_eq!(parse(&with("compare = \"year\"")).tiles[0].compare, Comparison::Year, "what `true` means");
    for (lines, told) in [
        ("zone = \"Atlantis\"", "6:8: `Atlantis` is no time zone"),
        ("presets = []", "5:1: `presets` must offer at least one"),
        ("presets = [\"7d\", \"week\"]", "6:18: \"week\" is no preset"),
        ("presets = [\"7d\", \"7d\"]", "6:18: \"7d\" stands here twice"),
        ("presets = [\"7d\"]\ndefault = \"30d\"", "7:11: `presets` does not offer 30d"),
        ("compare = \"off\"", "6:11: `compare` is \"off\""),
    ] {
        let problems = Dashboard::parse("web-traffic", &with(lines)).expect_err(lines);
        assert!(problems[0].to_string().starts_with(told), "{problems:?}");
    }
}

#[test]
fn a_chart_says_which_of_its_keys_is_wrong_and_reads_dates_as_toml_writes_them() {
    let problem = &problems("kind = \"line\"", "kind = \"line\"\nlimit = \"x\"")[0];
    assert!(problem.to_string().starts_with("18:9: in a chart: `limit`: invalid type"), "{problem}");
    let dated =
        GOOD.replacen("kind = \"line\"", "kind = \"line\"\nannotations = [{ at = 2026-01-05, label = \"A\" }]", 1);
    let quoted = dated.replace("at = 2026-01-05", "at = \"2026-01-05\"");
    assert_eq!(parse(&dated).tiles[0].chart, parse(&quoted).tiles[0].chart);
}

#[test]
fn what_would_steer_a_terminal_is_repeated_by_no_message() {
    let problem = &problems("kind = \"line\"", "kind = \"\\u001b]0;a\\u0007\\n\\u202e1:1: b\"")[0];
    assert!(!problem.message.chars().any(|letter| letter.is_control() || letter == '\u{202e}'), "{problem:?}");
    assert!(problem.message.contains("1:1: b"), "{problem}");
}

#[test]
fn an_item_that_is_no_text_is_told_at_its_place() {
    let problem = &problems("width = 8", "filters = [\"a\", 1]")[0];
    assert!(
        problem.to_string().starts_with("11:17: `filters` is a list of texts, and this is a whole number"),
        "{problem}"
    );
}

#[test]
fn a_hundred_filters_that_need_each_other_are_read_at_once() {
    let filter = |index: usize, needs: Vec<String>| {
        let needs = needs.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        format!(
            "[[filter]]\nname = \"f{index}\"\nkind = \"select\"\noptions = {{ pipe = \"a\", value = \"v\", filters = [{needs}] }}\n"
        )
    };
    let with = |count: usize| {
        let all = (0..count).map(|index| filter(index, (0..index).map(|other| format!("f{other}")).collect()));
        format!("version = 2\ntitle = \"A\"\n{}[[tile]]\ntitle = \"A\"\npipe = \"a\"\n", all.collect::<String>())
    };
    assert_eq!(Dashboard::parse("a", &with(50)).expect("a dashboard").filters.len(), 50);
    let problems = Dashboard::parse("a", &with(100)).expect_err("too many");
    assert!(problems[0].to_string().starts_with("203:1: a dashboard has at most 50 filters, and this is one of 100"));
}

#[test]
fn a_listed_value_that_nobody_could_choose_is_told() {
    let filter = |kind: &str, value: &str| {
        let text = format!(
            "version = 2\ntitle = \"A\"\n[[filter]]\nname = \"b\"\nkind = \"{kind}\"\nvalues = [\"{value}\"]\n[[tile]]\ntitle = \"A\"\npipe = \"a\"\n"
        );
        Dashboard::parse("a", &text).map(|_| ()).map_err(|problems| problems[0].to_string())
    };
    assert_eq!(filter("select", "a,b"), Ok(()));
    let several = filter("multi-select", "a,b").expect_err("a comma");
    assert!(several.starts_with("6:11: `a,b` has a comma"), "{several}");
    let long = filter("select", &"a".repeat(1_001)).expect_err("long");
    assert!(long.starts_with("6:11: a value has at most 1000 characters"), "{long}");
}

#[test]
fn a_tile_says_with_which_time_it_is_compared() {
    let compare =
        |value: &str| parse(&second("").replace("compare = true", &format!("compare = {value}"))).tiles[0].compare;
    assert_eq!(["true", "false", "\"previous\"", "\"year\""].map(compare), {
        use Comparison::{Off, Previous, Year};
        [Previous, Off, Previous, Year]
    });
}

#[test]
fn a_chart_may_be_a_kind_alone_or_left_to_the_answer() {
    let kind = |chart: &str| {
        let text = format!("version = 2\ntitle = \"A\"\n[[tile]]\ntitle = \"A\"\npipe = \"a\"\n{chart}");
        Dashboard::parse("a", &text).map(|dashboard| dashboard.tiles[0].chart.kind)
    };
    assert_eq!(kind(""), Ok(Kind::Auto));
    assert_eq!(kind("chart = \"auto\"\n"), Ok(Kind::Auto));
    assert_eq!(kind("chart = \"bar-list\"\n"), Ok(Kind::BarList));
    for (chart, told) in [
        ("chart = \"lime\"\n", "6:9: in a chart: unknown variant `lime`, expected one of `auto`"),
        ("chart = \"Bar-list\"\n", "6:9: in a chart: unknown variant `Bar-list`"),
        ("chart = 3\n", "6:9: `chart` is a whole number; write [tile.chart]"),
        ("chrat = \"line\"\n", "6:1: `chrat` is not a key of a tile; did you mean `chart`?"),
        ("chart = \"gauge\"\ntime = 3\n", "7:8: `time` is a whole number"),
    ] {
        let problems = kind(chart).expect_err(told);
        assert!(problems.len() == 1 && problems[0].to_string().starts_with(told), "{problems:?}");
    }
    let slip = kind("chart = \"Bar-list\"\n").expect_err("no kind");
    assert!(slip[0].message.ends_with("; did you mean `bar-list`?"), "{slip:?}");
}

#[test]
fn what_came_with_version_2_says_so_in_a_file_of_version_1() {
    for (from, to, place) in [
        ("width = 8", "tab = \"A\"", "11:1: `tab`"),
        ("width = 8", "section = \"A\"", "11:1: `section`"),
        ("default = \"30d\"", "zone = \"utc\"", "6:1: `zone`"),
        ("default = \"30d\"", "default = \"this-year\"", "6:11: \"this-year\""),
        ("compare = true", "compare = \"year\"", "14:11: a text here"),
        ("[tile.chart]\nkind = \"bar-list\"", "chart = \"bar-list\"", "25:9: a kind alone"),
    ] {
        let problem = &problems(from, to)[0];
        let told = format!("{place} came with version 2; write version = 2 on the first line");
        assert_eq!(problem.to_string(), told);
        let second = GOOD.replacen(from, to, 1).replace("version = 1", "version = 2");
        Dashboard::parse("web-traffic", &second).expect(to);
    }
}

#[test]
fn a_file_that_is_no_text_or_larger_than_any_says_so() {
    let refusal = |bytes: &[u8]| {
        let Reading { dashboard, problems, .. } = Dashboard::read_bytes("web", bytes);
        assert_eq!((dashboard, problems.len()), (None, 1));
        problems[0].to_string()
    };
    assert_eq!(refusal(b"version = 2\ntitle = \"\xff\""), "2:10: this is not text in UTF-8; save the file as UTF-8");
    assert!(refusal(&vec![b'#'; MOST_BYTES + 1]).starts_with("1:1: this file is larger than the 4 MB"));
    assert_eq!(refusal(b"\xff\xfev\x00e\x00"), "1:1: this is not text in UTF-8; save the file as UTF-8");
}

#[test]
fn a_file_of_a_million_characters_is_told_of_in_a_few_lines() {
    let million = "a".repeat(1_000_000);
    for text in [
        GOOD.replace("Web traffic", &million),
        GOOD.replace("kind = \"line\"", &format!("kind = \"{million}\"")),
        GOOD.replace("width = 8", &format!("{million} = 8")),
        GOOD.replace("limit = 10", &format!("{million} = [[]]")),
        GOOD.replace("[time]", &"[".repeat(1_000_000)),
        GOOD.replace("[time]", &"= \n".repeat(300_000)),
        format!("{}{GOOD}", (0..100_000).map(|number| format!("key{number} = 1\n")).collect::<String>()),
        million.clone(),
    ] {
        let problems = Dashboard::parse("large", &text).expect_err("refused");
        assert!((1..=301).contains(&problems.len()), "{}", problems.len());
        let longest = problems.iter().map(|problem| problem.message.chars().count()).max();
        assert!(longest <= Some(700), "{longest:?}");
    }
}

#[test]
fn a_file_without_tiles_or_with_ten_thousand_says_so() {
    let problems = Dashboard::parse("empty", "version = 1\ntitle = \"Empty\"\n").expect_err("no tiles");
    assert!(problems[0].message.contains("[[tile]]"), "{problems:?}");

    let tile = "[[tile]]\ntitle = \"A\"\npipe = \"a\"\n[tile.chart]\nkind = \"table\"\n";
    let many = format!("version = 1\ntitle = \"Many\"\n{}", tile.repeat(10_000));
    let Reading { dashboard, problems, .. } = Dashboard::read("many", &many);
    assert_eq!(dashboard.expect("the first ones").tiles.len(), 200);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].line, 3 + 200 * 5);
}

/// Deeper than any thread's stack would bear, were it followed all the way.
#[test]
fn a_file_of_a_hundred_thousand_levels_is_refused() {
    let deep = 100_000;
    for line in [
        format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}1{}", "{ b = ".repeat(deep), " }".repeat(deep)),
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
        format!("[[{}a]]", "a.".repeat(deep)),
    ] {
        let text = format!("{GOOD}{line}\n");
        let Reading { dashboard, problems, .. } = Dashboard::read("deep", &text);
        assert!(dashboard.is_none(), "{}", &line[..20]);
        // Of names with that many dots, the reader of TOML tells no place.
        assert!([1, GOOD.lines().count() + 1].contains(&problems[0].line), "{:?}", &problems[0]);
        // What edits a file reads it by another reader.
        let mut draft = Draft::new("deep", &text);
        draft.apply(&Change::Remove { tile: "visits".to_owned() }).expect_err("nothing is changed in such a file");
    }
}

/// Every number that TOML can write, where a number goes: either it is refused at
/// its place, or the picture is drawn.
#[test]
fn absurd_numbers_are_refused_where_they_stand_or_drawn_and_stop_nothing() {
    let answer = br#"{"meta": [{"name": "date", "type": "Date"}, {"name": "visits", "type": "UInt64"}],
        "data": [{"date": "2026-11-20", "visits": 3}, {"date": "2026-11-21", "visits": 5}], "rows": 2}"#;
    let table = decode(answer).expect("an answer").table;
    let size = Size { width: 400, height: 240 };
    let numbers =
        ["nan", "-nan", "inf", "-inf", "1e308", "-1e308", "5e-324", "9223372036854775807", "-9223372036854775808", "0"];
    for number in numbers {
        for (key, line) in [("width", "width = 8"), ("height", "height = 4")] {
            let problems = problems(line, &format!("{key} = {number}"));
            assert!(problems.iter().any(|problem| problem.message.contains(&format!("`{key}` is"))), "{problems:?}");
        }
        for (kind, lines) in ["line", "column", "bar-list", "kpi", "gauge", "histogram", "donut", "table", "funnel"]
            .into_iter()
            .flat_map(|kind| {
                [
                    format!("y_axis = {{ min = {number} }}"),
                    format!("y_axis = {{ max = {number} }}"),
                    format!("y_axis = {{ min = {number}, max = {number} }}"),
                    format!("y_axis = {{ min = -1e308, max = {number}, scale = \"log\" }}"),
                    format!("thresholds = [{{ value = {number} }}]"),
                    format!("bands = [{{ from = {number}, to = {number} }}, {{ from = {number} }}]"),
                    format!("annotations = [{{ at = {number}, label = \"a\" }}]"),
                    format!("target = {number}"),
                    format!("limit = {number}"),
                    format!("bins = {number}"),
                ]
                .map(|lines| (kind, lines))
            })
        {
            let text = GOOD.replace("kind = \"line\"", &format!("kind = \"{kind}\"\n{lines}"));
            let Reading { dashboard, .. } = Dashboard::read("absurd", &text);
            for tile in dashboard.expect("the other tile at least").tiles.iter().filter(|tile| tile.id == "visits") {
                if let Ok(drawing) = draw(&Input::from(&table), &tile.chart, size, Theme::Light) {
                    let wrong = ["NaN", "inf"].iter().any(|word| drawing.svg.contains(word));
                    assert!(!wrong && drawing.svg.len() < 1_000_000, "{kind}: {lines}: {}", drawing.svg);
                }
            }
        }
    }
}

#[test]
fn a_number_that_is_none_bounds_no_filter() {
    for (line, key) in [("min = nan", "min"), ("max = -nan", "max"), ("step = nan", "step"), ("step = inf", "step")] {
        let problems = told(&format!("[[filter]]\nname = \"a\"\nkind = \"number\"\n{line}"));
        assert!(
            problems.iter().any(|(_, _, message)| message.contains(&format!("`{key}` is"))),
            "{line}: {problems:?}"
        );
    }
}

#[test]
fn titles_may_repeat_and_ids_do_not() {
    let tile = |title: &str| format!("[[tile]]\ntitle = {title:?}\npipe = \"a\"\n[tile.chart]\nkind = \"table\"\n");
    let tiles: String = ["Visits", "visits!", "訪問", "Visits 2", "Visits"].map(tile).concat();
    let dashboard = parse(&format!("version = 1\ntitle = \"Twins\"\n{tiles}"));
    let ids: Vec<_> = dashboard.tiles.iter().map(|tile| tile.id.as_str()).collect();
    assert_eq!(ids, ["visits", "visits-2", "tile", "visits-2-2", "visits-3"]);
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_reader_and_every_refusal_has_a_reason(
        cut in 0_usize..600, insert in "[\\[\\]{}=\"'#\\n a-z0-9\u{e4}\u{0}]{0,6}",
    ) {
        let cut = GOOD.len().min(cut);
        let text = format!("{}{insert}{}", &GOOD[..cut], &GOOD[GOOD.len().min(cut + insert.len())..]);
        if let Err(problems) = Dashboard::parse("any", &text) {
            let lines = text.matches('\n').count() + 1;
            proptest::prop_assert!(!problems.is_empty());
            for problem in problems {
                proptest::prop_assert!((1..=lines).contains(&problem.line) && problem.column >= 1);
                proptest::prop_assert!(!problem.message.is_empty());
            }
        }
    }
}
