//! Writes `docs/gallery.md` and its pictures: every specimen of `crates/chart/gallery`, light and dark, grouped by kind,
//! with the TOML that makes it. `make gallery` runs it; the same specimens give the same bytes.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use perch_chart::{Kind, Theme};
use perch_export::{Picture, Scale, png};

#[path = "../../chart/tests/common/specimen.rs"]
mod specimen;

use specimen::Specimen;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let docs = env::args().nth(1).map_or(here, PathBuf::from);
    let pictures = docs.join("gallery");
    if pictures.exists() {
        fs::remove_dir_all(&pictures)?;
    }
    fs::create_dir_all(&pictures)?;
    let specimens = Specimen::all()?;
    let mut page = String::from(HEAD);
    for kind in Kind::ALL {
        let of_kind: Vec<&Specimen> = specimens.iter().filter(|specimen| specimen.spec().kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        writeln!(page, "\n## {}\n\n{}", heading(kind), sentence(kind))?;
        for specimen in of_kind {
            for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                fs::write(pictures.join(format!("{}-{name}.png", specimen.name)), file(specimen, theme)?)?;
            }
            page.push_str(&entry(specimen));
        }
    }
    fs::write(docs.join("gallery.md"), page)?;
    Ok(())
}

fn file(specimen: &Specimen, theme: Theme) -> Result<Vec<u8>, Box<dyn Error>> {
    let size = specimen.size();
    let drawing = specimen.draw(size, theme).map_err(|error| format!("{}: {error}", specimen.name))?;
    Ok(png(&Picture { drawing: &drawing, size, theme, title: Some(specimen.title()) }, Scale::One)?)
}

/// A title, the picture on both grounds, and what makes it.
fn entry(specimen: &Specimen) -> String {
    let (name, title) = (&specimen.name, specimen.title());
    format!(
        "\n### {title}\n\n\
         <img src=\"gallery/{name}-light.png\" alt=\"{title}, light\" width=\"49%\"> \
         <img src=\"gallery/{name}-dark.png\" alt=\"{title}, dark\" width=\"49%\">\n\n\
         ```toml\n{}\n```\n",
        specimen.chart().trim_end()
    )
}

fn heading(kind: Kind) -> String {
    let name = kind.to_string().replace('-', " ");
    if kind == Kind::Kpi { "KPI".to_owned() } else { format!("{}{}", name[..1].to_uppercase(), &name[1..]) }
}

fn sentence(kind: Kind) -> &'static str {
    match kind {
        Kind::Auto => "No kind was named: the columns' types and shapes say which one suits.",
        Kind::Line => "How numbers go over time, other numbers or categories; a gap stays a gap.",
        Kind::Area => "Lines that are filled, for amounts, alone or standing on each other.",
        Kind::Column => "Upright bars from zero: one for each time, number or category, grouped or stacked.",
        Kind::Bar => "Lying bars from zero, where names need room.",
        Kind::BarList => "The longest first, with names inside the bars and numbers beside them.",
        Kind::Donut => "Shares of a whole, with the whole in the middle.",
        Kind::Pie => "Shares of a whole, in few slices.",
        Kind::Kpi => "One number, how it changed, and how it came about.",
        Kind::Table => "The rows themselves, sorted, searched and scrolled.",
        Kind::Scatter => "A dot for each row, by two numbers.",
        Kind::Bubble => "Dots whose area is a third number.",
        Kind::HeatMap => "Cells whose colour is a number: two categories, the days of a year, the hours of a week.",
        Kind::Histogram => "How often values occur, in classes of equal width.",
        Kind::Funnel => "How many are left after each step, of the step before and of all.",
        Kind::Gauge => "One number between two ends, with its target.",
        Kind::Candlestick => "Opening, highest, lowest and closing value of each time.",
        Kind::BoxPlot => "Quartiles, whiskers and outliers of each category.",
        Kind::StateTimeline => "Which state each thing was in, and for how long.",
        Kind::Map => "Countries, coloured by a number.",
        Kind::Text => "Words in Markdown, between the pictures.",
    }
}

const HEAD: &str = "# Every kind of chart

What Perch draws, light and dark, each with the part of a dashboard's file that makes it. The answers that are drawn
are in `crates/chart/gallery/data`. `make gallery` writes this page.
";
