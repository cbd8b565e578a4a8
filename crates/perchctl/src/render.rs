//! `perchctl render`: a pipe's answer as a picture.

use std::path::Path;

use perch_chart::{Input, Kind, Setting, Spec, draw};
use perch_export::{ExportError, Fonts, Scale};
use perch_tinybird::Table;
use serde::Deserialize;

use crate::arguments::{Picture, Render};
use crate::{Failure, files};

pub(crate) fn run(arguments: &Render) -> Result<(), Failure> {
    let format = Picture::of(&arguments.output).unwrap_or(Picture::Svg);
    if arguments.scale.is_some() && format != Picture::Png {
        return Err(Failure::ScaleWithoutPixels);
    }
    if arguments.embed_fonts && format != Picture::Svg {
        return Err(Failure::FontsWithoutSvg);
    }
    let spec = arguments.spec.as_deref().map(read_spec).transpose()?;
    let table = files::read_answer(&arguments.answer)?.table;
    let previous = arguments.previous.as_deref().map(files::read_answer).transpose()?;
    let spec = typed_over(spec, arguments, &table);
    let setting = Setting { zone: arguments.zone.clone(), locale: arguments.locale.clone(), ..Setting::default() };
    let previous = previous.as_ref().map(|answer| &answer.table);
    let input = Input { previous, setting: &setting, ..Input::from(&table) };
    let drawing = draw(&input, &spec, arguments.size, arguments.theme)?;
    let picture = perch_export::Picture {
        drawing: &drawing,
        size: arguments.size,
        theme: arguments.theme,
        title: arguments.title.as_deref(),
    };
    let fonts = if arguments.embed_fonts { Fonts::Embedded } else { Fonts::Named };
    let failed = |source: ExportError| Failure::Export { source };
    let bytes = match format {
        Picture::Svg => perch_export::svg(&picture, fonts).into_bytes(),
        Picture::Png => perch_export::png(&picture, arguments.scale.unwrap_or(Scale::One)).map_err(failed)?,
        Picture::Pdf => perch_export::picture_pdf(&picture).map_err(failed)?,
    };
    files::write(&arguments.output, &bytes)
}

/// What the file says, and over it what was typed.
fn typed_over(spec: Option<Spec>, arguments: &Render, table: &Table) -> Spec {
    let mut spec = spec.unwrap_or_else(|| Spec::new(Kind::Auto));
    spec.kind = arguments.chart.unwrap_or(spec.kind);
    spec.x = arguments.x.clone().or(spec.x);
    if !arguments.y.is_empty() {
        spec.y = arguments.y.iter().flat_map(|names| column_names(names, table)).collect();
    }
    spec.group_by = arguments.group_by.clone().or(spec.group_by);
    spec.stacked = arguments.stacked.unwrap_or(spec.stacked);
    spec.limit = arguments.limit.or(spec.limit);
    if let Some(format) = &arguments.format {
        spec.format = *format;
    }
    spec
}

/// The columns that `names` names: one whose own name has a comma, or several
/// with commas between them.
fn column_names(names: &str, table: &Table) -> Vec<String> {
    if table.column(names).is_some() {
        return vec![names.to_owned()];
    }
    names.split(',').map(str::to_owned).collect()
}

/// A file that has a `[chart]` table. What else it has is somebody else's.
#[derive(Deserialize)]
struct SpecFile {
    chart: Spec,
}

fn read_spec(path: &Path) -> Result<Spec, Failure> {
    let text = files::read_text(path)?;
    toml::from_str(&text).map(|file: SpecFile| file.chart).map_err(|error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Failure::Malformed { path: path.to_owned(), line, column, message: error.message().replace('\n', " ") }
    })
}
