//! Every picture of the gallery, light and dark, as it was when somebody last looked at it: one SVG a file, an element a
//! line, in `tests/snapshots`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use perch_chart::{Kind, Theme};

#[path = "common/specimen.rs"]
mod specimen;

use specimen::Specimen;

const HOW: &str = "Look at them (`cargo run -p perch-chart --example specimens -- target/specimens` and a browser). If they are \
                   as they should be, run `UPDATE_SNAPSHOTS=1 cargo nextest run -p perch-chart --test snapshots`, \
                   `make gallery`, and commit what changed.";

#[test]
fn every_kind_says_that_there_is_no_data() {
    for specimen in Specimen::all().expect("the specimens") {
        let drawing = specimen.draw_without_rows(specimen.size(), Theme::Light);
        let svg = drawing.unwrap_or_else(|error| panic!("{}: {error}", specimen.name)).svg;
        let says = svg.contains("No data in this range");
        assert_eq!(says, specimen.spec().kind != Kind::Text, "{}: {svg}", specimen.name);
    }
}

#[test]
fn every_picture_of_the_gallery_looks_as_it_did() {
    let kept = kept();
    let drawn = drawn();
    if env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        return accept(&kept, &drawn);
    }
    let mut changes = Vec::new();
    for (name, svg) in &drawn {
        match kept.get(name) {
            None => changes.push(format!("{name} is new")),
            Some(before) if before != svg => changes.push(format!("{name} has changed\n{}", first_change(before, svg))),
            Some(_) => {}
        }
    }
    changes.extend(kept.keys().filter(|name| !drawn.contains_key(*name)).map(|name| format!("{name} is gone")));
    assert!(changes.is_empty(), "{} pictures:\n{}\n\n{HOW}", changes.len(), changes.join("\n"));
}

/// The files' names and what is in them.
fn kept() -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder()) else { return BTreeMap::new() };
    let files = entries.map(|entry| entry.expect("an entry").path());
    files
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a text"))
        })
        .collect()
}

fn drawn() -> BTreeMap<String, String> {
    let specimens = Specimen::all().expect("the specimens");
    assert!(specimens.len() > 20, "the specimens are there");
    let mut drawn = BTreeMap::new();
    for specimen in &specimens {
        for (theme, ground) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            let drawing = specimen.draw(specimen.size(), theme);
            let svg = drawing.unwrap_or_else(|error| panic!("{}: {error}", specimen.name)).svg;
            drawn.insert(format!("{}-{ground}.svg", specimen.name), format!("{}\n", svg.replace("><", ">\n<")));
        }
    }
    drawn
}

fn accept(kept: &BTreeMap<String, String>, drawn: &BTreeMap<String, String>) {
    fs::create_dir_all(folder()).expect("a folder");
    for (name, svg) in drawn.iter().filter(|(name, svg)| kept.get(*name) != Some(*svg)) {
        fs::write(folder().join(name), svg).expect("written");
    }
    for name in kept.keys().filter(|name| !drawn.contains_key(*name)) {
        fs::remove_file(folder().join(name)).expect("removed");
    }
}

fn first_change(before: &str, after: &str) -> String {
    let line = before.lines().zip(after.lines()).take_while(|(before, after)| before == after).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(ends)").chars().take(160).collect::<String>();
    format!("  line {}\n  - {}\n  + {}", line + 1, at(before), at(after))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}
