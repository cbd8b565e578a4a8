//! What a viewer takes along: a tile as a picture or as rows, a dashboard as
//! pages. Made here, in whole, of what was last seen; where a file goes and what
//! the clipboard takes is the shell's to ask. The web view names a tile and a
//! format, and never a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use perch_chart::{Drawing, Size, Theme, View};
use perch_dashboard::{Comparison, Dashboard, Tile, TileData};
use perch_export::{ExportError, Fonts, Group, Head, Layout, Picture, Report, Scale, Span, file_name};
use perch_tinybird::{Table, write_csv, write_json};

use crate::desktop::Desktop;
use crate::open_tenant::{OpenTenant, find_tile};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::view::{CopyFormat, TileFormat, TileRequest};
use crate::words;

/// More text than this is no use in a clipboard, and some freeze over it.
const MOST_COPIED: usize = 16 * 1024 * 1024;

/// A file that is not on the disk yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// How it would be called: a name that every system takes.
    pub name: String,
    /// What it is, for the person who is asked where it goes: `PNG picture`.
    pub kind: &'static str,
    /// The end of its name, without the dot.
    pub extension: &'static str,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// What goes into the clipboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copy {
    /// A picture, four bytes a pixel: red, green, blue, opaque.
    Image {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// Row by row.
        rgba: Vec<u8>,
    },
    /// A text.
    Text(String),
}

impl Export {
    /// Writes the file whole or not at all, and says where it is: what was there
    /// before stays until all of the new one is on the disk. A name without an
    /// end gets the right one, unless there is such a file already, which nobody
    /// was asked about.
    pub fn save(&self, path: &Path) -> Result<PathBuf, Problem> {
        let ended = path.with_extension(self.extension);
        let path = if path.extension().is_none() && !ended.exists() { &ended } else { path };
        replace(path, &self.bytes).map_err(|error| not_saved(path, &error))?;
        Ok(path.to_owned())
    }
}

impl Desktop {
    /// A tile as a file: its picture as it is on the screen, or all rows of its
    /// answer.
    ///
    /// A picture says the tile's title; rows have the engine's own digits.
    pub async fn export_tile(&self, request: &TileRequest, format: TileFormat, scale: u32) -> Result<Export, Problem> {
        let shown = self.shown(request).await?;
        let scale = Scale::try_from(scale).map_err(|error| Problem::from(&error))?;
        working(move || {
            let bytes = match format {
                TileFormat::Svg => perch_export::svg(&shown.picture(&shown.draw()?), Fonts::Embedded).into_bytes(),
                TileFormat::Png => perch_export::png(&shown.picture(&shown.draw()?), scale)?,
                TileFormat::Csv => written(|out| write_csv(shown.table()?, out).map_err(Problem::from_write))?,
                TileFormat::Json => written(|out| write_json(shown.table()?, out).map_err(Problem::from_write))?,
            };
            let (kind, extension) = match format {
                TileFormat::Svg => ("SVG picture", "svg"),
                TileFormat::Png => ("PNG picture", "png"),
                TileFormat::Csv => ("CSV table", "csv"),
                TileFormat::Json => ("JSON", "json"),
            };
            let name = file_name(&shown.tile.title, shown.range.as_deref(), extension);
            Ok(Export { name, kind, extension, bytes })
        })
        .await
    }

    /// A tile for the clipboard: its picture, twice as fine as the screen's, or
    /// all rows of its answer as CSV.
    pub async fn copy_tile(&self, request: &TileRequest, format: CopyFormat) -> Result<Copy, Problem> {
        let shown = self.shown(request).await?;
        working(move || match format {
            CopyFormat::Png => {
                let pixels = perch_export::pixels(&shown.picture(&shown.draw()?), Scale::Two)?;
                Ok(Copy::Image { width: pixels.width, height: pixels.height, rgba: pixels.rgba })
            }
            CopyFormat::Csv => {
                let bytes = written(|out| write_csv(shown.table()?, out).map_err(Problem::from_write))?;
                if bytes.len() > MOST_COPIED {
                    return Err(Problem::new(
                        "too-much-to-copy",
                        "This tile has more rows than a clipboard takes.",
                        "Save it as CSV instead.",
                    ));
                }
                Ok(Copy::Text(String::from_utf8_lossy(&bytes).into_owned()))
            }
        })
        .await
    }

    /// A dashboard as a PDF file, on white as paper is: all of its tabs and
    /// sections, the tiles as the viewer has arranged them, by their ids. A tile of
    /// which nothing was ever seen says so on its page.
    pub async fn export_dashboard(
        &self,
        tenant: &str,
        dashboard: &str,
        views: BTreeMap<String, View>,
    ) -> Result<Export, Problem> {
        let screen = self.screen_of(tenant, dashboard)?;
        screen.tenant.may_show()?;
        let engine = screen.tenant.engine(&self.inner.client).await?.clone();
        let now = (self.inner.surroundings.clock)();
        let made_at = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        let range = self.range_in_words(&screen);
        working(move || {
            let Screen { tenant, dashboard, .. } = &screen;
            let (selection, setting) = (&screen.selection, tenant.setting(&dashboard.id));
            let about: Vec<String> = [whose(tenant)].into_iter().chain(range.clone()).collect();
            let made = made_at.to_zoned(TimeZone::system()).strftime("%-d %b %Y, %H:%M").to_string();
            let head = Head {
                title: &dashboard.title,
                description: dashboard.description.as_deref(),
                about: &about.join(" · "),
                chosen: &chosen(&screen).join(" · "),
                made: &made,
            };
            let groups = groups(dashboard);
            let layout = Layout::of(head.height(), &groups);
            let draw = |tile: &Tile, size: Size| {
                let data = engine.seen(tile, selection);
                if data.is_none() && tile.pipe.is_some() {
                    return Err("Nothing has been seen of this tile yet.".to_owned());
                }
                let view = views.get(&tile.id).map(unscrolled).unwrap_or_default();
                engine
                    .draw(data.as_ref(), tile, &view, &setting, size, Theme::Light)
                    .map_err(|error| Problem::from(&error).message)
            };
            let in_order: Vec<&Tile> = dashboard.groups().into_iter().flat_map(|group| group.tiles).collect();
            let drawings: Vec<Result<Drawing, String>> =
                in_order.iter().zip(layout.sizes()).map(|(tile, size)| draw(tile, size)).collect();
            let tiles: Vec<perch_export::Tile<'_>> = in_order
                .iter()
                .zip(&drawings)
                .map(|(tile, drawing)| perch_export::Tile {
                    title: &tile.title,
                    drawing: drawing.as_ref().map_err(String::as_str),
                })
                .collect();
            let report = Report { head, made_at, theme: Theme::Light, tiles: &tiles };
            let bytes = perch_export::pdf(&report, &layout)?;
            let name = file_name(&dashboard.title, range.as_deref(), "pdf");
            Ok(Export { name, kind: "PDF document", extension: "pdf", bytes })
        })
        .await
    }

    /// What the screen shows of a tile.
    async fn shown(&self, request: &TileRequest) -> Result<Shown, Problem> {
        let screen = self.screen_of(&request.tenant, &request.dashboard)?;
        screen.tenant.may_show()?;
        let tile = find_tile(&screen.dashboard, &request.tile)?.clone();
        let engine = screen.tenant.engine(&self.inner.client).await?.clone();
        let data = engine.seen(&tile, &screen.selection);
        let range = tile.time.is_some().then(|| self.range_in_words(&screen)).flatten();
        Ok(Shown { screen, engine, tile, data, range, request: request.clone() })
    }

    fn range_in_words(&self, screen: &Screen) -> Option<String> {
        let now = (self.inner.surroundings.clock)();
        let (time, viewer) = (screen.dashboard.time.as_ref()?, TimeZone::system());
        Some(words::range(&screen.selection.range, now, time.parameters.zone.among(&viewer)))
    }
}

/// The same from its beginning: on paper nobody scrolls back.
fn unscrolled(view: &View) -> View {
    View { first_row: 0, offset: 0.0, first_column: 0, ..view.clone() }
}

/// The tiles in the grids of the screen, each with the names that begin there.
fn groups(dashboard: &Dashboard) -> Vec<Group> {
    let mut before = None;
    let named = dashboard.groups().into_iter().map(|group| {
        let begins = group.tab != before;
        before = group.tab;
        Group {
            tab: group.tab.filter(|_| begins).map(str::to_owned),
            section: group.section.map(str::to_owned),
            tiles: group.tiles.iter().map(|tile| Span { columns: tile.width, rows: tile.height }).collect(),
        }
    });
    named.collect()
}

/// What else the numbers are of, besides their time: what it is compared with, and the filters.
fn chosen(screen: &Screen) -> Vec<String> {
    let Screen { tenant, dashboard, selection } = screen;
    let compares = dashboard.tiles.iter().any(|tile| tile.compare != Comparison::Off);
    let comparison = selection.comparison.filter(|comparison| compares && *comparison != Comparison::Off);
    let compared =
        comparison.map(|comparison| format!("Compared with: {}", words::comparison(comparison).to_lowercase()));
    let filters = tenant.filter_views(dashboard, selection).into_iter().filter(|filter| filter.is_set);
    let filters = filters.map(|filter| format!("{}: {}", filter.label, filter.labels.join(", ")));
    compared.into_iter().chain(filters).collect()
}

/// The organization or the person, or who shows it to everybody.
fn whose(tenant: &OpenTenant) -> String {
    let viewer = tenant.viewer.as_ref().map(|viewer| viewer.account.tenant.display_name().to_owned());
    viewer.unwrap_or_else(|| tenant.connection.name.to_string())
}

/// What the screen shows of a tile, and how.
struct Shown {
    screen: Screen,
    engine: perch_dashboard::Engine,
    tile: Tile,
    data: Option<TileData>,
    range: Option<String>,
    request: TileRequest,
}

impl Shown {
    fn size(&self) -> Size {
        Size { width: self.request.width, height: self.request.height }
    }

    fn theme(&self) -> Theme {
        if self.request.dark { Theme::Dark } else { Theme::Light }
    }

    fn draw(&self) -> Result<Drawing, Problem> {
        if self.data.is_none() && self.tile.pipe.is_some() {
            return Err(never_seen());
        }
        let setting = self.screen.tenant.setting(&self.screen.dashboard.id);
        let drawing =
            self.engine.draw(self.data.as_ref(), &self.tile, &self.request.view, &setting, self.size(), self.theme());
        Ok(drawing?)
    }

    fn picture<'a>(&'a self, drawing: &'a Drawing) -> Picture<'a> {
        Picture { drawing, size: self.size(), theme: self.theme(), title: Some(&self.tile.title) }
    }

    fn table(&self) -> Result<&Table, Problem> {
        self.data.as_ref().map(|data| &data.answer.table).ok_or_else(never_seen)
    }
}

fn never_seen() -> Problem {
    Problem::new(
        "never-seen",
        "There is nothing to take along: this tile has no answer yet.",
        "Wait until the tile shows something, then try again.",
    )
}

/// Work, off the threads that wait.
async fn working<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let interrupted =
        |_| Problem::new("interrupted", "The file was not made: Perch was interrupted.", "Try it once more.");
    tokio::task::spawn_blocking(work).await.map_err(interrupted)?
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Problem>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    Ok(bytes)
}

/// Beside its place first, then renamed. Readable as any other program's file.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".perch-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn not_saved(path: &Path, error: &io::Error) -> Problem {
    let next_step = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some space on this disk, or save the file elsewhere."
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Choose a folder that your account may write to."
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "Choose a folder that is there.",
        io::ErrorKind::IsADirectory => "Choose a name that no folder has.",
        io::ErrorKind::InvalidFilename => "Choose a shorter and simpler name.",
        _ => "Save the file elsewhere.",
    };
    Problem::new("not-saved", format!("{} was not saved ({error}).", path.display()), next_step)
}

impl Problem {
    fn from_write(error: io::Error) -> Self {
        Self::new("not-written", format!("The rows could not be written ({error})."), "Try it once more.")
    }
}

impl From<&ExportError> for Problem {
    fn from(error: &ExportError) -> Self {
        Self::new(error.code(), error.to_string(), error.next_step())
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(bytes: &[u8]) -> Export {
        Export { name: "Visits.csv".to_owned(), kind: "CSV table", extension: "csv", bytes: bytes.to_owned() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("listed");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_tab_is_named_where_it_begins_and_a_section_above_each_of_its_grids() {
        let tile = |title: &str, place: &str| {
            format!("[[tile]]\ntitle = \"{title}\"\n{place}pipe = \"kpis\"\nwidth = 4\n[tile.chart]\nkind = \"auto\"\n")
        };
        let tiles = [
            tile("a", "tab = \"Traffic\"\n"),
            tile("b", "tab = \"Traffic\"\nsection = \"When\"\n"),
            tile("c", ""),
            tile("d", "tab = \"Sources\"\nsection = \"When\"\n"),
        ];
        let text = format!("version = 2\ntitle = \"Report\"\n{}", tiles.concat());
        let dashboard = Dashboard::parse("report", &text).expect("a dashboard");
        let told: Vec<_> = groups(&dashboard)
            .into_iter()
            .map(|group| (group.tab.unwrap_or_default(), group.section.unwrap_or_default(), group.tiles.len()))
            .collect();
        let wanted = [("", "", 1), ("Traffic", "", 1), ("", "When", 1), ("Sources", "When", 1)];
        assert_eq!(told, wanted.map(|(tab, section, tiles)| (tab.to_owned(), section.to_owned(), tiles)));
    }

    #[test]
    fn a_file_takes_the_place_of_another_in_one_step() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("Visits.csv");
        fs::write(&path, "before").expect("written");
        assert_eq!(export(b"after").save(&path).expect("saved"), path);
        assert_eq!(fs::read(&path).expect("read"), b"after");
        assert_eq!(names(folder.path()), ["Visits.csv"]);
    }

    #[test]
    fn a_name_without_an_end_gets_one_that_overwrites_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("Visits");
        let first = export(b"first").save(&path).expect("saved");
        assert_eq!(first, folder.path().join("Visits.csv"));
        assert_eq!(export(b"second").save(&path).expect("saved"), path, "nobody was asked about the other");
        assert_eq!(fs::read(first).expect("read"), b"first");
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = export(b"x").save(&folder.path().join("nowhere/Visits.csv")).expect_err("no folder");
        assert_eq!((problem.code, problem.next_step), ("not-saved", "Choose a folder that is there."));
        let taken = folder.path().join("taken.csv");
        fs::create_dir(&taken).expect("a folder");
        let problem = export(b"x").save(&taken).expect_err("a folder is there");
        assert_eq!((problem.code, problem.next_step), ("not-saved", "Choose a name that no folder has."));
        assert_eq!(names(folder.path()), ["taken.csv"]);
    }

    #[test]
    fn a_full_disk_and_a_locked_folder_say_what_to_do() {
        for (kind, step) in [
            (io::ErrorKind::StorageFull, "Free some space on this disk, or save the file elsewhere."),
            (io::ErrorKind::PermissionDenied, "Choose a folder that your account may write to."),
        ] {
            assert_eq!(not_saved(Path::new("/x.png"), &kind.into()).next_step, step);
        }
    }
}
