//! Editing a file: what is meant changes, and no other byte does.

use perch_chart::{Kind, Spec, Stacking, Style};
use perch_dashboard::{Assignment, Change, ChartKey, Dashboard, Draft, EditError, NewTile};
use proptest::prelude::*;

const FILE: &str = r##"# What a shop's owner looks at.
version = 1
title = "Web traffic"   # not "Website"

[time]
default = "7d"

# Numbers first.

# How many came.
[[tile]]
title = "Visits"
pipe = "kpis"
width    =  3     # a quarter
height = 2
compare = true
[tile.chart]
kind = "kpi"
x = "date"
y = ["visits"]

[[tile]]
pipe = 'top_pages'
title = 'Top pages'
parameters = { limit = 10,   country = "DE" } # our market
  [tile.chart]
  kind = "bar-list"
  x = "pathname"
[[tile.chart.thresholds]]
value = 90

# Charts.

[[tile]]
id = "sources"
title = "Where from"
pipe = "top_sources"
chart = { kind = "table", totals = true }
[[tile]]
title = "Devices"
pipe = "top_devices"
chart.kind = "donut"
chart.x = "device"
# The end.
"##;

fn draft(text: &str) -> Draft {
    Draft::new("web", text)
}

/// The file after one change.
fn after(change: &Change) -> String {
    let mut draft = draft(FILE);
    draft.apply(change).expect("changed");
    draft.text().to_owned()
}

fn set(tile: &str, values: Vec<Assignment>) -> Change {
    Change::Set { tile: tile.to_owned(), values }
}

fn replaced(from: &str, to: &str) -> String {
    assert_eq!(FILE.matches(from).count(), 1, "{from}");
    FILE.replacen(from, to, 1)
}

fn remove(tile: &str) -> Change {
    Change::Remove { tile: tile.to_owned() }
}

fn move_to(tile: &str, to: usize) -> Change {
    Change::Move { tile: tile.to_owned(), to, beside: None }
}

fn new_tile() -> NewTile {
    NewTile {
        title: None,
        pipe: Some("page_types".to_owned()),
        chart: Spec { x: Some("date".to_owned()), y: vec!["visits".to_owned()], ..Spec::new(Kind::Line) }.into(),
    }
}

fn ids(text: &str) -> Vec<String> {
    let dashboard = Dashboard::parse("web", text).expect("a dashboard");
    dashboard.tiles.into_iter().map(|tile| tile.id).collect()
}

#[test]
fn a_value_is_replaced_where_it_stands_with_the_spaces_and_the_comment_around_it() {
    let width = set("visits", vec![Assignment::Width(12)]);
    assert_eq!(after(&width), replaced("width    =  3     # a quarter", "width    =  12     # a quarter"));
    let column = set("visits", vec![Assignment::Y(vec!["pageviews".to_owned()])]);
    assert_eq!(after(&column), replaced("y = [\"visits\"]", "y = [\"pageviews\"]"), "a list stays one");
    let pipe = set("top-pages", vec![Assignment::Pipe("pages".to_owned())]);
    assert_eq!(after(&pipe), replaced("pipe = 'top_pages'", "pipe = \"pages\""));
}

#[test]
fn a_chart_loses_a_key_that_has_no_meaning_any_more_however_it_is_written() {
    let without = |text: &str, key| {
        let mut draft = draft(text);
        draft.apply(&set("a", vec![Assignment::Without(ChartKey(key))])).expect("taken out");
        draft.text().to_owned()
    };
    let file = |chart: &str| {
        let tile = format!("version = 2\ntitle = \"A\"\n\n[[tile]]\ntitle = \"A\"\npipe = \"a\"\n{chart}");
        format!("{tile}\n# The last.\n[[tile]]\ntitle = \"B\"\npipe = \"b\"\nchart.kind = \"line\"\n")
    };
    let table = "[tile.chart]\nkind = \"line\"\nx = \"date\"\n";
    for (with, key, left) in [
        (format!("{table}right = \"visits\"\n"), "right", table),
        (table.to_owned(), "right", table),
        (
            format!("{table}[tile.chart.formats] # by column\nvisits = \"percent\"\n# and\nusers = \"bytes\"\n"),
            "formats",
            table,
        ),
        (format!("{table}  [tile.chart.formats]\n"), "formats", table),
        (format!("{table}formats.visits = \"percent\"\nformats.users = \"bytes\"\n"), "formats", table),
        (
            format!(
                "{table}[[tile.chart.thresholds]]\nvalue = 1\n[[tile.chart.thresholds]]\nvalue = 2\nlabel = \"b\"\n"
            ),
            "thresholds",
            table,
        ),
        (
            format!("{table}[tile.chart.formats]\nvisits = \"percent\"\n[tile.chart.y_axis]\nmin = 1\n"),
            "formats",
            "[tile.chart]\nkind = \"line\"\nx = \"date\"\n[tile.chart.y_axis]\nmin = 1\n",
        ),
        (
            "chart.kind = \"line\"\nchart.formats.visits = \"percent\"\n".to_owned(),
            "formats",
            "chart.kind = \"line\"\n",
        ),
        (
            "chart = { kind = \"line\", formats = { visits = \"percent\" } }\n".to_owned(),
            "formats",
            "chart = { kind = \"line\" }\n",
        ),
        (
            "chart = { kind = \"line\", formats.visits = \"percent\" }\n".to_owned(),
            "formats",
            "chart = { kind = \"line\" }\n",
        ),
    ] {
        assert_eq!(Dashboard::read("web", &file(&with)).problems, [], "{with}");
        assert_eq!(without(&file(&with), key), file(left), "{with}");
    }
}

#[test]
fn a_key_that_was_not_there_stands_where_the_documentation_writes_it() {
    let height = set("top-pages", vec![Assignment::Height(5)]);
    assert_eq!(after(&height), replaced("title = 'Top pages'\n", "title = 'Top pages'\nheight = 5\n"));
    let columns = vec!["visits".to_owned(), "pageviews".to_owned()];
    let indented = set("top-pages", vec![Assignment::Y(columns)]);
    let written = "  x = \"pathname\"\n  y = [\"visits\", \"pageviews\"]\n";
    assert_eq!(after(&indented), replaced("  x = \"pathname\"\n", written));
    let in_line = set("sources", vec![Assignment::X(Some("source".to_owned()))]);
    let written = "chart = { kind = \"table\", totals = true, x = \"source\" }";
    assert_eq!(after(&in_line), replaced("chart = { kind = \"table\", totals = true }", written));
    let dotted = set("devices", vec![Assignment::Format(Some("compact".to_owned()))]);
    let written = "chart.x = \"device\"\nchart.format = \"compact\"\n";
    assert_eq!(after(&dotted), replaced("chart.x = \"device\"\n", written));
}

#[test]
fn a_chart_of_which_no_more_than_its_kind_is_said_becomes_a_table_where_more_is() {
    let file = |chart: &str| format!("version = 2\ntitle = \"A\"\n[[tile]]\ntitle = \"A\"\npipe = \"a\"\n{chart}");
    let kind = |kind: &str| Assignment::Kind(kind.to_owned());
    let x = || Assignment::X(Some("date".to_owned()));
    for (before, change, after) in [
        ("", kind("donut"), "chart = \"donut\"\n"),
        ("", x(), "chart = { kind = \"auto\", x = \"date\" }\n"),
        ("", Assignment::X(None), ""),
        ("chart = \"auto\" # any\n", kind("donut"), "chart = \"donut\" # any\n"),
        ("chart = \"line\" # days\n", x(), "chart = { kind = \"line\", x = \"date\" } # days\n"),
        ("chart = \"line\" # days\n", Assignment::GroupBy(None), "chart = \"line\" # days\n"),
    ] {
        let mut draft = draft(&file(before));
        let said = draft.keys("a").expect("a tile").kind;
        assert_eq!(said, if before.contains("line") { "line" } else { "auto" }, "{before}");
        draft.apply(&set("a", vec![change])).expect("changed");
        assert_eq!(draft.text(), file(after));
        assert_eq!(draft.read().problems, []);
    }
}

#[test]
fn series_stand_on_each_other_as_sums_or_as_shares() {
    let stacked = |stacking| after(&set("devices", vec![Assignment::Stacked(stacking)]));
    let with = |line: &str| replaced("chart.x = \"device\"\n", &format!("chart.x = \"device\"\n{line}"));
    for (stacking, line) in [
        (Stacking::None, ""),
        (Stacking::Sum, "chart.stacked = true\n"),
        (Stacking::Percent, "chart.stacked = \"percent\"\n"),
    ] {
        assert_eq!(stacked(stacking), with(line));
        assert_eq!(draft(&with(line)).keys("devices").expect("a tile").stacked, stacking);
    }
}

#[test]
fn a_key_that_is_taken_out_leaves_no_line() {
    assert_eq!(after(&set("visits", vec![Assignment::X(None)])), replaced("x = \"date\"\n", ""));
    assert_eq!(after(&set("devices", vec![Assignment::X(None)])), replaced("chart.x = \"device\"\n", ""));
    assert_eq!(after(&set("devices", vec![Assignment::Refresh(None)])), FILE, "it was not there");
}

#[test]
fn a_tile_with_another_title_keeps_its_id() {
    let renamed = after(&set("visits", vec![Assignment::Title("Wie \"viele\"".to_owned())]));
    let written = "title = 'Wie \"viele\"'\nid = \"visits\"\npipe = \"kpis\"";
    assert_eq!(renamed, replaced("title = \"Visits\"\npipe = \"kpis\"", written));
    assert_eq!(ids(&renamed), ids(FILE));
    let renamed = after(&set("sources", vec![Assignment::Title("Sources".to_owned())]));
    assert_eq!(renamed, replaced("Where from", "Sources"));
}

#[test]
fn a_tile_that_goes_takes_its_comment_along_and_no_other() {
    let begin = FILE.find("# How many came.").expect("there");
    let end = FILE.find("[[tile]]\npipe = 'top_pages'").expect("there");
    assert_eq!(after(&remove("visits")), format!("{}{}", &FILE[..begin], &FILE[end..]));
    let last = "[[tile]]\ntitle = \"Devices\"\npipe = \"top_devices\"\nchart.kind = \"donut\"\nchart.x = \"device\"\n";
    assert_eq!(after(&remove("devices")), replaced(last, ""));
    let begin = FILE.find("[[tile]]\npipe = 'top_pages'").expect("there");
    let end = FILE.find("# Charts.").expect("there");
    assert_eq!(after(&remove("top-pages")), format!("{}{}", &FILE[..begin], &FILE[end..]), "a heading stays");
}

#[test]
fn the_last_tile_stays() {
    let mut draft = draft(FILE);
    for tile in ["visits", "top-pages", "sources"] {
        draft.apply(&remove(tile)).expect("removed");
    }
    assert_eq!(draft.apply(&remove("devices")), Err(EditError::LastTile));
    assert_eq!(ids(draft.text()), ["devices"]);
}

#[test]
fn a_tile_moves_with_its_lines_and_the_headings_stay() {
    let moved = after(&move_to("sources", 0));
    assert_eq!(ids(&moved), ["sources", "visits", "top-pages", "devices"]);
    let lines = "[[tile]]\nid = \"sources\"\ntitle = \"Where from\"\npipe = \"top_sources\"\nchart = { kind = \"table\", totals = true }\n";
    assert_eq!(moved, replaced(lines, "").replacen("# How many came.", &format!("{lines}\n# How many came."), 1));
    let moved = after(&move_to("visits", 3));
    assert_eq!(ids(&moved), ["top-pages", "sources", "devices", "visits"]);
    assert!(moved.contains("# Numbers first.\n\n[[tile]]\npipe = 'top_pages'"), "{moved}");
    assert!(moved.contains("chart.x = \"device\"\n\n# How many came.\n[[tile]]\ntitle = \"Visits\""), "{moved}");
    assert!(moved.ends_with("y = [\"visits\"]\n# The end.\n"), "{moved}");
    assert_eq!(after(&move_to("visits", 0)), FILE);
}

#[test]
fn a_tile_that_moves_beside_another_joins_its_tab_and_section() {
    let placed = |tile: &str, tab: &str| {
        format!("[[tile]]\ntitle = \"{tile}\"\npipe = \"one\"\n{tab}[tile.chart]\nkind = \"table\"\n")
    };
    let text = |first: &str| {
        let (alone, source) = (placed("B", ""), placed("C", "tab = \"Sources\"\nsection = \"Paid\"\n"));
        format!("version = 2\ntitle = \"A\"\n\n{first}\n{source}\n{alone}")
    };
    let mut draft = draft(&text(&placed("X", "tab = \"Pages\" # first\n")));
    draft.apply(&Change::Move { tile: "x".to_owned(), to: 0, beside: Some("c".to_owned()) }).expect("moved");
    assert_eq!(draft.text(), text(&placed("X", "tab = \"Sources\" # first\nsection = \"Paid\"\n")));
    draft.apply(&Change::Move { tile: "x".to_owned(), to: 0, beside: Some("b".to_owned()) }).expect("moved");
    assert_eq!(draft.text(), text(&placed("X", "")));
}

#[test]
fn a_new_tile_is_written_as_the_documentation_writes_one() {
    let tile = "[[tile]]\ntitle = \"Page types\"\npipe = \"page_types\"\nwidth = 6\nheight = 3\n\
                [tile.chart]\nkind = \"line\"\nx = \"date\"\ny = \"visits\"\n";
    let end = after(&Change::Add { tile: new_tile(), after: None });
    assert_eq!(end, replaced("# The end.\n", &format!("\n{tile}# The end.\n")));
    let second = after(&Change::Add { tile: new_tile(), after: Some("visits".to_owned()) });
    assert_eq!(second, replaced("y = [\"visits\"]\n\n", &format!("y = [\"visits\"]\n\n{tile}\n")));
    let mut draft = draft(FILE);
    let twice = NewTile { title: Some("Visits".to_owned()), ..new_tile() };
    let id = draft.apply(&Change::Add { tile: twice, after: None }).expect("added");
    assert_eq!(id.as_deref(), Some("visits-2"));
    assert!(draft.text().contains("title = \"Visits\"\nid = \"visits-2\"\n"), "it never takes another's id");
    let text = NewTile { pipe: None, chart: Spec::new(Kind::Text).into(), ..new_tile() };
    let id = draft.apply(&Change::Add { tile: text, after: None }).expect("added");
    assert_eq!(id.as_deref(), Some("text"));
}

#[test]
fn a_new_tile_says_all_that_was_suggested_of_its_chart() {
    let chart = Spec {
        x: Some("date".to_owned()),
        y: vec!["visits".to_owned(), "bounce_rate".to_owned()],
        right: vec!["bounce_rate".to_owned()],
        formats: [("bounce_rate".to_owned(), Style::Ratio.into())].into(),
        limit: Some(12),
        stacked: Stacking::Percent,
        ..Spec::new(Kind::Column)
    };
    let mut draft = draft(FILE);
    draft
        .apply(&Change::Add { tile: NewTile { chart: chart.clone().into(), ..new_tile() }, after: None })
        .expect("added");
    let read = draft.read().dashboard.expect("a dashboard");
    assert_eq!(read.tiles.last().map(|tile| &tile.chart), Some(&chart), "{}", draft.text());
}

#[test]
fn a_tile_lands_where_it_was_put_also_beside_one_with_a_mistake() {
    let wrong = FILE.replace("kind = \"bar-list\"", "kind = \"barlist\"");
    let order = |text: &str| {
        let titles = text.lines().filter_map(|line| line.strip_prefix("title = ")?.split(['"', '\'']).nth(1));
        titles.skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    // Of the three that can be read; `Top pages` keeps its place beside what did not move.
    for (tile, to, expected) in [
        ("sources", 0, ["Where from", "Visits", "Top pages", "Devices"]),
        ("devices", 1, ["Visits", "Top pages", "Devices", "Where from"]),
        ("visits", 1, ["Top pages", "Where from", "Visits", "Devices"]),
        ("visits", 9, ["Top pages", "Where from", "Devices", "Visits"]),
        ("sources", 1, ["Visits", "Top pages", "Where from", "Devices"]),
    ] {
        let mut draft = draft(&wrong);
        let id = draft.apply(&move_to(tile, to)).expect("moved");
        assert_eq!(order(draft.text()), expected, "{tile} to {to}");
        assert_eq!(id.as_deref(), Some(tile));
        let read = draft.read().dashboard.expect("three tiles");
        assert_eq!(read.tiles.iter().position(|read| read.id == tile), Some(to.min(2)), "{tile} to {to}");
    }
}

#[test]
fn a_new_tile_joins_the_tab_and_the_section_of_the_one_before_it() {
    let placed = |title: &str, place: &str| {
        format!("[[tile]]\ntitle = \"{title}\"\npipe = \"one\"\n{place}[tile.chart]\nkind = \"table\"\n")
    };
    let (first, second) = (placed("A", "tab = \"Sources\"\nsection = \"Paid\"\n"), placed("B", "tab = \"Pages\"\n"));
    let mut draft = draft(&format!("version = 2\ntitle = \"Placed\"\n\n{first}\n{second}"));
    for (after, place) in [("a", (Some("Sources"), Some("Paid"))), ("b", (Some("Pages"), None))] {
        let id = draft.apply(&Change::Add { tile: new_tile(), after: Some(after.to_owned()) }).expect("added");
        let dashboard = draft.read().dashboard.expect("a dashboard");
        let tile = dashboard.tile(&id.expect("an id")).expect("the new tile");
        assert_eq!((tile.tab.as_deref(), tile.section.as_deref()), place, "after {after}");
    }
}

#[test]
fn a_tile_with_a_mistake_is_taken_out_by_its_place_among_such_and_comes_back() {
    let wrong = FILE.replace("kind = \"bar-list\"", "kind = \"barlist\"").replace("\"donut\"", "\"donat\"");
    let mut draft = draft(&wrong);
    draft.apply(&Change::RemoveWrong { index: 1 }).expect("removed");
    assert!(!draft.text().contains("Devices") && draft.text().contains("Top pages"), "{}", draft.text());
    draft.apply(&Change::RemoveWrong { index: 0 }).expect("removed");
    assert_eq!(ids(draft.text()), ["visits", "sources"]);
    assert_eq!(draft.apply(&Change::RemoveWrong { index: 0 }), Err(EditError::Gone));
    assert!(draft.undo() && draft.undo());
    assert_eq!(draft.text(), wrong);
}

#[test]
fn a_copy_stands_behind_its_tile_under_a_name_and_an_id_of_its_own() {
    let mut draft = draft(FILE);
    let id = draft.apply(&Change::Duplicate { tile: "sources".to_owned() }).expect("copied");
    assert_eq!(id.as_deref(), Some("where-from-copy"));
    assert_eq!(ids(draft.text()), ["visits", "top-pages", "sources", "where-from-copy", "devices"]);
    let id = draft.apply(&Change::Duplicate { tile: "sources".to_owned() }).expect("copied again");
    assert_eq!(id.as_deref(), Some("where-from-copy-2"));
    draft.apply(&Change::Duplicate { tile: "visits".to_owned() }).expect("copied");
    assert_eq!(draft.text().matches("# How many came.").count(), 1, "a comment is about the first");
    assert_eq!(draft.text().matches("# a quarter").count(), 2);
}

#[test]
fn the_dashboards_own_words_are_written_at_the_top() {
    let words = Change::Describe { title: "Traffic".to_owned(), description: Some("Who came".to_owned()) };
    let written = "title = \"Traffic\"   # not \"Website\"\ndescription = \"Who came\"\n";
    assert_eq!(after(&words), replaced("title = \"Web traffic\"   # not \"Website\"\n", written));
}

#[test]
fn what_would_be_a_mistake_is_refused_and_changes_nothing() {
    let mut draft = draft(FILE);
    for (wrong, told) in [
        (Assignment::Width(13), "`width`"),
        (Assignment::Height(0), "`height`"),
        (Assignment::Title(" ".to_owned()), "`title`"),
        (Assignment::Refresh(Some("soon".to_owned())), "`refresh`"),
        (Assignment::Kind("pi".to_owned()), "`pi`"),
        (Assignment::Format(Some("euros".to_owned())), "euros"),
        (Assignment::Pipe("../top".to_owned()), "pipe"),
    ] {
        let error = draft.apply(&set("visits", vec![wrong.clone()])).expect_err("refused");
        assert!(matches!(error, EditError::Refused { .. }), "{wrong:?}: {error:?}");
        assert!(error.to_string().contains(told), "{error}");
    }
    assert_eq!((draft.text(), draft.can_undo()), (FILE, false));
    assert_eq!(draft.apply(&remove("nobody")), Err(EditError::Gone));
}

#[test]
fn a_file_that_was_wrong_elsewhere_can_be_edited_and_its_wrong_tile_removed() {
    let wrong = FILE.replace("kind = \"bar-list\"", "kind = \"barlist\"");
    let mut draft = draft(&wrong);
    draft.apply(&set("visits", vec![Assignment::Width(4)])).expect("another tile");
    assert_eq!(draft.text(), wrong.replace("=  3 ", "=  4 "));
    draft.apply(&remove("top-pages")).expect("removed");
    assert_eq!(ids(draft.text()), ["visits", "sources", "devices"]);
}

#[test]
fn keys_of_a_later_perch_stay_as_they_are() {
    let newer = FILE
        .replace("id = \"sources\"", "id = \"sources\"\nholograms = [ 1,2 ]")
        .replace("version = 1", "version = 1\nneon = {}");
    let mut draft = draft(&newer);
    draft.apply(&set("sources", vec![Assignment::Width(5)])).expect("changed");
    assert_eq!(draft.text(), newer.replace("pipe = \"top_sources\"\n", "pipe = \"top_sources\"\nwidth = 5\n"));
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_kept() {
    let windows = format!("\u{feff}{}", FILE.replace('\n', "\r\n"));
    let mut draft = draft(&windows);
    for change in [
        Change::Add { tile: new_tile(), after: Some("visits".to_owned()) },
        set("visits", vec![Assignment::Title("Besuche".to_owned()), Assignment::Refresh(Some("1h".to_owned()))]),
        move_to("devices", 0),
        Change::Duplicate { tile: "sources".to_owned() },
    ] {
        draft.apply(&change).expect("changed");
        assert!(draft.text().starts_with('\u{feff}'));
        assert_eq!(draft.text().matches('\n').count(), draft.text().matches("\r\n").count(), "{change:?}");
    }
    while draft.undo() {}
    assert_eq!(draft.text(), windows);
}

#[test]
fn tables_of_a_tile_that_stand_apart_go_together() {
    let apart = "version = 1\ntitle = \"A\"\n\n[[tile]]\ntitle = \"One\"\npipe = \"one\"\n\n[time]\ndefault = \"7d\"\n\n\
                 [tile.chart]\nkind = \"table\"\n\n[[tile]]\ntitle = \"Two\"\npipe = \"two\"\n[tile.chart]\nkind = \"table\"";
    let mut draft = draft(apart);
    draft.apply(&move_to("one", 1)).expect("moved");
    assert_eq!(
        draft.text(),
        "version = 1\ntitle = \"A\"\n\n[time]\ndefault = \"7d\"\n\n[[tile]]\ntitle = \"Two\"\npipe = \"two\"\n[tile.chart]\nkind = \"table\"\n\n\
         [[tile]]\ntitle = \"One\"\npipe = \"one\"\n[tile.chart]\nkind = \"table\"\n"
    );
}

#[test]
fn tiles_in_brackets_are_left_to_an_editor() {
    let text =
        "version = 1\ntitle = \"A\"\ntile = [{ title = \"One\", pipe = \"one\", chart = { kind = \"table\" } }]\n";
    assert_eq!(draft(text).apply(&remove("one")), Err(EditError::TilesInLine));
}

#[test]
fn a_draft_of_an_earlier_visit_has_its_way_back() {
    let mut draft = Draft::restored("web", "version = 1", "version = 2");
    assert!(draft.is_changed() && draft.undo() && !draft.is_changed());
    assert_eq!(draft.text(), "version = 1");
    assert!(draft.redo());
    draft.mark_saved_as("version = 2");
    assert!(!draft.is_changed());
}

/// A tile's lines, cut out by hand: from its comment to before the next table
/// that is not its own, without what is blank or a comment at the end.
fn tiles(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let begins: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim() == "[[tile]]").collect();
    let own = |(index, begin): (usize, &usize)| {
        let end = begins.get(index + 1).copied().unwrap_or(lines.len());
        let mut last = end;
        while is_comment(lines[last - 1]) || lines[last - 1].trim().is_empty() {
            last -= 1;
        }
        let mut first = *begin;
        while first > 0 && is_comment(lines[first - 1]) {
            first -= 1;
        }
        lines[first..last].concat()
    };
    begins.iter().enumerate().map(own).collect()
}

fn any_assignment() -> impl Strategy<Value = Assignment> {
    let name = "[a-z_]{1,8}";
    prop_oneof![
        "[A-Za-z\"'\\\\ é]{0,12}".prop_map(Assignment::Title),
        name.prop_map(Assignment::Pipe),
        (0..15_u8).prop_map(Assignment::Width),
        (0..22_u8).prop_map(Assignment::Height),
        prop::option::of("[0-9]{1,2}[smhx]").prop_map(Assignment::Refresh),
        prop::sample::select(vec!["line", "table", "heat-map", "nonsense"])
            .prop_map(|kind| Assignment::Kind(kind.to_owned())),
        prop::option::of(name).prop_map(Assignment::X),
        prop::collection::vec(name, 0..3).prop_map(Assignment::Y),
        prop::option::of(name).prop_map(Assignment::GroupBy),
        prop::option::of(prop::sample::select(vec!["compact", "bytes", "wrong"]))
            .prop_map(|format| Assignment::Format(format.map(str::to_owned))),
    ]
}

/// A change of the tile at a place among those that are there.
fn any_change() -> impl Strategy<Value = (usize, u8, usize, Vec<Assignment>)> {
    (0..8_usize, 0..7_u8, 0..8_usize, prop::collection::vec(any_assignment(), 1..4))
}

proptest! {
    #[test]
    fn any_changes_leave_all_other_tiles_and_are_taken_back_whole(
        changes in prop::collection::vec(any_change(), 1..12),
        windows in any::<bool>(),
        ended in any::<bool>(),
    ) {
        let mut text = FILE.to_owned();
        if !ended {
            text.truncate(text.trim_end().len());
        }
        if windows {
            text = text.replace('\n', "\r\n");
        }
        let mut draft = draft(&text);
        let mut texts = vec![text];
        for (at, kind, to, values) in changes {
            let before = draft.text().to_owned();
            let known = ids(&before);
            let at = at % known.len();
            let tile = known[at].clone();
            let change = match kind {
                0 => Change::Add { tile: new_tile(), after: Some(tile) },
                1 => Change::Duplicate { tile },
                2 => Change::Remove { tile },
                3 => Change::Move { tile, to, beside: None },
                _ => Change::Set { tile, values },
            };
            let outcome = draft.apply(&change);
            let after = draft.text().to_owned();
            prop_assert!(Dashboard::parse("web", &after).is_ok(), "{change:?}\n{after}");
            let (mut old, mut new) = (tiles(&before), tiles(&after));
            match (&change, &outcome) {
                (_, Err(_)) => prop_assert_eq!(&before, &after, "{:?}", &change),
                (Change::Add { .. } | Change::Duplicate { .. }, Ok(_)) => drop(new.remove(at + 1)),
                (Change::Remove { .. }, Ok(_)) => drop(old.remove(at)),
                (Change::Move { .. }, Ok(id)) => {
                    let now = ids(&after).iter().position(|known| Some(known) == id.as_ref()).expect("there");
                    prop_assert_eq!(now, to.min(known.len() - 1));
                    let moved = new.remove(now);
                    let lines = old.remove(at);
                    prop_assert_eq!(moved.trim_end(), lines.trim_end());
                }
                _ => {
                    prop_assert_eq!(outcome.as_ref().ok().cloned().flatten(), Some(known[at].clone()), "the id stays");
                    old.remove(at);
                    new.remove(at);
                }
            }
            let ended = |tiles: Vec<String>| tiles.iter().map(|tile| tile.trim_end().to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(ended(old), ended(new), "{:?}", change);
            for kept in ["# Numbers first.", "# Charts.", "# The end.", "# not \"Website\""] {
                prop_assert_eq!(after.matches(kept).count(), 1, "{}: {:?}\n{}", kept, &change, &after);
            }
            prop_assert_eq!(after.contains("\r\n"), windows);
            if before != after {
                texts.push(after);
            }
        }
        for text in texts.iter().rev().skip(1) {
            prop_assert!(draft.undo());
            prop_assert_eq!(draft.text(), text);
        }
        prop_assert!(!draft.can_undo() && !draft.is_changed());
        for text in &texts[1..] {
            prop_assert!(draft.redo());
            prop_assert_eq!(draft.text(), text);
        }
    }
}

#[test]
fn tiles_with_problems_are_cut_out_and_nothing_else_is() {
    let problems = |text: &str| Dashboard::read("web", text).problems;
    let misspelt = FILE.replace("kind = \"bar-list\"", "kind = \"barlist\"");
    let cut = perch_dashboard::without_tiles_of(&misspelt, &problems(&misspelt)).expect("cut");
    let mut by_hand = draft(FILE);
    by_hand.apply(&remove("top-pages")).expect("removed");
    assert_eq!(cut, by_hand.text());

    let around = misspelt.replace("default = \"7d\"", "default = \"7 days\"");
    assert_eq!(perch_dashboard::without_tiles_of(&around, &problems(&around)), None, "one stands around the tiles");
    let alone = "version = 2\ntitle = \"A\"\n[[tile]]\ntitle = \"B\"\n";
    assert_eq!(perch_dashboard::without_tiles_of(alone, &problems(alone)), None, "nothing would be left");
}
