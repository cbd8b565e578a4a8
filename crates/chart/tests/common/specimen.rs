//! The pictures of the gallery, each a file in `gallery/`: what is drawn of which answer.

#![allow(dead_code, reason = "each program uses its part")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use perch_chart::{ChartError, Drawing, Input, Size, Spec, Theme, draw};
use perch_tinybird::{Table, decode};
use serde::Deserialize;

/// One picture.
pub struct Specimen {
    /// The file's name without its end.
    pub name: String,
    text: String,
    file: File,
    table: Table,
    previous: Option<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    /// A file in `gallery/data` without its end: a pipe's answer.
    answer: String,
    /// The answer for the period before.
    previous: Option<String>,
    #[serde(default = "width")]
    width: u32,
    #[serde(default = "height")]
    height: u32,
    chart: Spec,
}

fn width() -> u32 {
    640
}

fn height() -> u32 {
    300
}

impl Specimen {
    /// All of them, by name.
    pub fn all() -> Result<Vec<Self>, Box<dyn Error>> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder())?.map(|entry| Ok(entry?.path())).collect::<Result<_, Box<dyn Error>>>()?;
        files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path)?;
        let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let table = answer(&file.answer)?;
        let previous = file.previous.as_deref().map(answer).transpose()?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, text, file, table, previous })
    }

    pub fn title(&self) -> &str {
        &self.file.title
    }

    pub fn spec(&self) -> &Spec {
        &self.file.chart
    }

    /// The part of its file that says what to draw.
    pub fn chart(&self) -> &str {
        self.text.find("[chart]").map_or("", |start| &self.text[start..])
    }

    /// The size that it was made for.
    pub fn size(&self) -> Size {
        Size { width: self.file.width, height: self.file.height }
    }

    /// What is drawn of the answer once it has no rows.
    pub fn draw_without_rows(&self, size: Size, theme: Theme) -> Result<Drawing, Box<dyn Error>> {
        let mut answer: serde_json::Value = serde_json::from_slice(&fs::read(path(&self.file.answer))?)?;
        answer["data"] = serde_json::json!([]);
        answer["rows"] = 0.into();
        let table = decode(answer.to_string().as_bytes())?.table;
        Ok(draw(&Input::from(&table), &self.file.chart, size, theme)?)
    }

    pub fn draw(&self, size: Size, theme: Theme) -> Result<Drawing, ChartError> {
        let input = Input { previous: self.previous.as_ref(), ..Input::from(&self.table) };
        draw(&input, &self.file.chart, size, theme)
    }
}

/// Beside whichever crate of the workspace reads them.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../chart/gallery")
}

fn answer(name: &str) -> Result<Table, Box<dyn Error>> {
    Ok(decode(&fs::read(path(name))?)?.table)
}

fn path(answer: &str) -> PathBuf {
    folder().join("data").join(answer).with_extension("json")
}
