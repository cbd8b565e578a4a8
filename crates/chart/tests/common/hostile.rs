//! What somebody could write into a name to get out of its place, put into every place where a picture has text.

#![allow(dead_code, reason = "the test and the example use their parts")]

use std::fs;
use std::path::Path;

use perch_chart::{Annotation, Axis, Band, Input, Kind, Place, Side, Size, Spec, Stacking, Theme, Threshold, draw};
use perch_tinybird::{Column, Table, Type, Values, decode};

/// The texts of `strings.json`, and those that only a picture or a page would stumble upon.
pub fn values() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/strings.json");
    let table = decode(&fs::read(path).expect("a golden answer")).expect("an answer").table;
    let strings = table.column("s").expect("texts");
    let mut values: Vec<String> =
        (0..table.rows()).filter_map(|row| strings.text(row)).map(|text| text.into_owned()).collect();
    let more = [
        "]]></svg><script>alert(1)</script>",
        "</title><image href=\"https://evil.example/x.png\"/>",
        "&lt;b&gt; &#x3c;script&#x3e; &amp;",
        "url(https://evil.example/) expression(alert(1))",
        "[click](javascript:alert(1)) ![](https://evil.example/x.png) <img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "\u{202e}desrever\u{202c} \u{2066}isolated \u{feff}\u{fffe}\u{0}\u{8}\u{1b}[31m\u{7f}\u{85}",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ];
    values.extend(more.map(str::to_owned));
    values.push("W".repeat(5_000));
    values
}

/// Hostile categories, groups, links and states, with numbers and times, below names that are hostile too.
pub fn table(names: &[String]) -> Table {
    let count = names.len();
    let texts = || names.iter().map(String::as_str).collect::<Vec<&str>>();
    let turned = || texts().into_iter().rev().collect::<Vec<&str>>();
    let times = (0..count as i64).map(|index| Some((20_454 + index) * 86_400_000_000)).collect();
    let numbers = |factor: u64| (1..=count as u64).map(|index| index * factor).collect::<Vec<u64>>();
    let column = |name: &str, kind, values: Values| Column::new(name, Type::parse(kind), values);
    Table::new(vec![
        column("t", "DateTime", Values::times(times)),
        column(&format!("{}1", names[4]), "String", texts().into()),
        column(&format!("{}2", names[5]), "String", turned().into()),
        column(&format!("{}3", names[4]), "UInt64", numbers(2).into()),
        column(&format!("{}4", names[6]), "UInt64", numbers(4).into()),
        column(&format!("{}5", names[8]), "UInt64", numbers(1).into()),
        column(&format!("{}6", names[11]), "UInt64", numbers(3).into()),
    ])
    .expect("a table")
}

/// Each kind with hostile text in every place that it has: what it is, the table, and how it is drawn.
pub fn places() -> Vec<(String, Table, Spec)> {
    let names = values();
    let column = |table: &Table, index: usize| table.columns()[index].name().to_owned();
    let mut places = Vec::new();
    for kind in Kind::ALL {
        let table = || table(&names);
        let it = table();
        let (x, group) = (Some(column(&it, 1)), Some(column(&it, 2)));
        let base = Spec {
            thresholds: vec![Threshold { value: 3.0, label: Some(names[4].clone()), axis: Side::Left }],
            bands: vec![Band {
                from: Some(Place::Number(1.0)),
                to: Some(Place::Number(4.0)),
                label: Some(names[5].clone()),
                axis: Side::Left,
            }],
            x_axis: Axis { title: Some(names[4].clone()), ..Axis::default() },
            y_axis: Axis { title: Some(names[8].clone()), ..Axis::default() },
            text: Some(names.join("\n\n")),
            ..Spec::new(kind)
        };
        let day = vec![Annotation { at: Place::Text("2026-01-04".into()), label: names[9].clone() }];
        let name = vec![Annotation { at: Place::Text(names[1].clone()), label: names[10].clone() }];
        let specs = [
            Spec { ..base.clone() },
            Spec { x: Some("t".into()), annotations: day, ..base.clone() },
            Spec { x: x.clone(), annotations: name, ..base.clone() },
            Spec { x: x.clone(), link: group.clone(), icon: group.clone(), ..base.clone() },
            Spec { x: x.clone(), group_by: group.clone(), stacked: Stacking::Sum, ..base.clone() },
            Spec { x: Some("t".into()), group_by: x.clone(), limit: Some(4), ..base.clone() },
            Spec { x: Some("t".into()), y: vec![column(&it, 1)], group_by: group, ..base.clone() },
            Spec { y: vec![column(&it, 4)], size: Some(column(&it, 5)), ..base.clone() },
        ];
        for (nth, spec) in specs.into_iter().enumerate() {
            // Whatever a kind has no use for stands in the way of none that it has.
            let drawn = draw(&Input::from(&it), &spec, Size { width: 520, height: 260 }, Theme::Light);
            let spec = match drawn {
                Err(_) if nth == 0 => panic!("{kind}: {:?}", drawn.err()),
                Err(_) => continue,
                Ok(_) => spec,
            };
            places.push((format!("{kind} {nth}"), table(), spec));
        }
    }
    places
}

/// Every place in both themes, as SVG with a name.
pub fn pictures() -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for (what, table, spec) in places() {
        for theme in [Theme::Light, Theme::Dark] {
            if let Ok(drawing) = draw(&Input::from(&table), &spec, Size { width: 520, height: 260 }, theme) {
                pictures.push((format!("{what} {theme:?}"), drawing.svg));
            }
        }
    }
    pictures
}
