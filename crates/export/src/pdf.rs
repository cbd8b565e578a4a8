//! A dashboard on pages of A4, and a picture on one of its own size: lines stay lines, text stays text that can be
//! searched and copied, and each picture has its words for who does not see it (ISO 32000-2, §14.9).

use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::geom::{Size as PdfSize, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt, SvgSettings};
use perch_chart::page::{self, Colors, Line};
use perch_chart::{Drawing, Size, Theme};

use crate::layout::{HEIGHT, Heading, MARGIN, Place, TITLE, WIDTH};
use crate::{ExportError, Fonts, Layout, Picture, svg, tree};

/// A CSS pixel of a page in points: A4 is 595.28 of them wide.
const POINTS: f32 = 595.28 / WIDTH;
/// A CSS pixel as CSS has it: a 96th of an inch, of which a point is a 72nd.
const PICTURE_POINTS: f32 = 0.75;

/// What the first page says above the tiles.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// The dashboard's title.
    pub title: &'a str,
    /// What is said of it.
    pub description: Option<&'a str>,
    /// Whose it is and over which time: at the left.
    pub about: &'a str,
    /// What else was chosen, such as the filters; empty where nothing is.
    pub chosen: &'a str,
    /// When it was made, in words: at the right.
    pub made: &'a str,
}

/// A dashboard to put on pages.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What the first page begins with, as it was laid out with.
    pub head: Head<'a>,
    /// When it was made, for the file's own date.
    pub made_at: Timestamp,
    /// Upon what.
    pub theme: Theme,
    /// As many as the layout was made for, in the same order.
    pub tiles: &'a [Tile<'a>],
}

/// A tile to put on a page.
#[derive(Debug, Clone)]
pub struct Tile<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// What was drawn in the size that the layout says, or why there is nothing.
    pub drawing: Result<&'a Drawing, &'a str>,
}

/// The dashboard as a PDF file, dated with `made_at`. The layout is one below a head as high as the report's.
///
/// # Errors
///
/// A picture that cannot be read.
pub fn pdf(report: &Report<'_>, layout: &Layout) -> Result<Vec<u8>, ExportError> {
    let mut document = Document::new_with(SerializeSettings::default());
    let mut tags = TagTree::new();
    let pages = layout.pages();
    for number in 0..pages {
        let size = PageSettings::from_wh(WIDTH * POINTS, HEIGHT * POINTS).ok_or_else(|| unwritten("no page"))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        surface.push_transform(&Transform::from_scale(POINTS, POINTS));
        artifact(&mut surface, |surface| draw(surface, &ground(report, number, pages), whole()))?;
        if number == 0 {
            let header = tagged(&mut surface, |surface| draw(surface, &report.head.to_svg(report.theme), whole()))?;
            tags.push(heading(1, report.head.title, header));
        }
        let placed = report.tiles.iter().zip(&layout.places).enumerate();
        for (index, (tile, place)) in placed.filter(|(_, (_, place))| place.page == number) {
            for name in layout.headings.iter().filter(|name| name.before == index) {
                let text = tagged(&mut surface, |surface| draw(surface, &part_title(name, report.theme), whole()))?;
                tags.push(heading(name.level, &name.text, text));
            }
            let title = tagged(&mut surface, |surface| draw(surface, &tile_title(tile, place, report.theme), whole()))?;
            tags.push(heading(place.level, tile.title, title));
            if let Ok(drawing) = tile.drawing {
                let figure = tagged(&mut surface, |surface| draw_tile(surface, drawing, place))?;
                tags.push(figure_of(drawing, figure));
            }
        }
        surface.pop();
        surface.finish();
        page.finish();
    }
    finish(document, tags, report.head.title, Some(report.made_at))
}

/// One picture as a PDF file whose page is as large as it. Without a date: the same picture gives the same bytes.
///
/// # Errors
///
/// A picture without extent, or one that cannot be read.
pub fn picture_pdf(picture: &Picture<'_>) -> Result<Vec<u8>, ExportError> {
    let Size { width, height } = picture.outer();
    let (width, height) = (width as f32 * PICTURE_POINTS, height as f32 * PICTURE_POINTS);
    let empty = ExportError::Empty { width: picture.size.width, height: picture.size.height };
    let size = PageSettings::from_wh(width, height).ok_or(empty)?;
    let mut document = Document::new_with(SerializeSettings::default());
    let mut tags = TagTree::new();
    let mut page = document.start_page_with(size);
    let mut surface = page.surface();
    let figure = tagged(&mut surface, |surface| draw(surface, &svg(picture, Fonts::Named), (width, height)))?;
    tags.push(figure_of(picture.drawing, figure));
    surface.finish();
    page.finish();
    finish(document, tags, picture.title.unwrap_or(&picture.drawing.summary), None)
}

fn finish(
    mut document: Document,
    tags: TagTree,
    title: &str,
    made_at: Option<Timestamp>,
) -> Result<Vec<u8>, ExportError> {
    let mut metadata = Metadata::new().title(title.to_owned()).creator("Perch".to_owned());
    if let Some(made_at) = made_at {
        metadata = metadata.creation_date(date(made_at));
    }
    document.set_metadata(metadata);
    document.set_tag_tree(tags);
    document.finish().map_err(|error| unwritten(&error.to_string()))
}

fn unwritten(reason: &str) -> ExportError {
    ExportError::Unwritten(reason.to_owned())
}

fn date(at: Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// What is part of the content, under a name for the tree of what is on the pages.
fn tagged(
    surface: &mut Surface<'_>,
    paint: impl FnOnce(&mut Surface<'_>) -> Result<(), ExportError>,
) -> Result<Identifier, ExportError> {
    let id = surface.start_tagged(ContentTag::Other);
    let painted = paint(surface);
    surface.end_tagged();
    painted.map(|()| id)
}

/// What is there for the look only.
fn artifact(
    surface: &mut Surface<'_>,
    paint: impl FnOnce(&mut Surface<'_>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Page)));
    let painted = paint(surface);
    surface.end_tagged();
    painted
}

fn heading(level: u16, title: &str, id: Identifier) -> TagGroup {
    let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    TagGroup::with_children(Tag::Hn(level, Some(title.to_owned())), vec![Node::Leaf(id)])
}

fn figure_of(drawing: &Drawing, id: Identifier) -> TagGroup {
    TagGroup::with_children(Tag::Figure(Some(drawing.summary.clone())), vec![Node::Leaf(id)])
}

fn draw(surface: &mut Surface<'_>, svg: &str, (width, height): (f32, f32)) -> Result<(), ExportError> {
    let tree = tree::read(svg)?;
    let size = PdfSize::from_wh(width, height).ok_or_else(|| unwritten("a page without extent"))?;
    surface.draw_svg(&tree, size, SvgSettings::default()).ok_or_else(|| unwritten("a picture was not taken"))
}

fn draw_tile(surface: &mut Surface<'_>, drawing: &Drawing, place: &Place) -> Result<(), ExportError> {
    let tree = tree::read(&drawing.svg)?;
    let size = PdfSize::from_wh(tree.size().width(), tree.size().height());
    let size = size.ok_or_else(|| unwritten("a picture without extent"))?;
    surface.push_transform(&Transform::from_translate(place.left, place.top + TITLE));
    let drawn = surface.draw_svg(&tree, size, SvgSettings::default());
    surface.pop();
    drawn.ok_or_else(|| unwritten("a picture was not taken"))
}

fn whole() -> (f32, f32) {
    (WIDTH, HEIGHT)
}

/// An SVG over the whole page.
fn sheet(content: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" font-family=\"{}\">{content}</svg>",
        page::FAMILY
    )
}

/// The colour of the page and what stands under it.
fn ground(report: &Report<'_>, number: usize, pages: usize) -> String {
    let Colors { ground, .. } = Colors::of(report.theme);
    let page = format!("{} of {pages}", number + 1);
    let mut content = format!("<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{ground}\"/>");
    if pages > 1 {
        let (baseline, room) = (HEIGHT - MARGIN + 8.0, room());
        let line = Line { text: "", x: 0.0, baseline, room, size: 11.0, title: false, at_right: false };
        let title = Line { text: report.head.title, x: MARGIN, room: room - 80.0, ..line };
        content += &title.to_svg(report.theme);
        content += &Line { text: &page, x: WIDTH - MARGIN, at_right: true, ..line }.to_svg(report.theme);
    }
    sheet(&content)
}

/// Between the lines of a head.
const LEADING: f32 = 18.0;
/// The size of what the head says below the title.
const HEAD_SIZE: f32 = 13.0;
/// From the top of a head to the line below its title, and from its last line to the tiles.
const HEAD_ABOVE: f32 = 46.0;
const HEAD_BELOW: f32 = 24.0;
/// Between what describes the dashboard and what is said of these pages.
const HEAD_GAP: f32 = 4.0;
/// A longer description than this belongs elsewhere.
const MOST_DESCRIPTION: usize = 4;
/// As many lines tell what was chosen; with hundreds of values, the last ends with an ellipsis.
const MOST_CHOSEN: usize = 8;

impl Head<'_> {
    /// How much of the first page it takes, in CSS pixels.
    pub fn height(&self) -> f32 {
        let [described, chosen] = [self.described(), self.chosen()].map(|lines| lines.len());
        let gap = if described > 0 { HEAD_GAP } else { 0.0 };
        HEAD_ABOVE + gap + (described + chosen) as f32 * LEADING + HEAD_BELOW
    }

    fn described(&self) -> Vec<String> {
        page::wrapped(self.description.unwrap_or_default(), room(), HEAD_SIZE, MOST_DESCRIPTION)
    }

    fn chosen(&self) -> Vec<String> {
        page::wrapped(self.chosen, room(), HEAD_SIZE, MOST_CHOSEN)
    }

    fn to_svg(&self, theme: Theme) -> String {
        let mut baseline = MARGIN + HEAD_ABOVE;
        let line = Line { text: "", x: MARGIN, baseline, room: room(), size: HEAD_SIZE, title: false, at_right: false };
        let title = Line { text: self.title, baseline: MARGIN + 22.0, size: 26.0, title: true, ..line };
        let mut content = title.to_svg(theme);
        let described = self.described();
        for text in &described {
            content += &Line { text, baseline, ..line }.to_svg(theme);
            baseline += LEADING;
        }
        if !described.is_empty() {
            baseline += HEAD_GAP;
        }
        content += &Line { text: self.about, baseline, room: room() * 0.6, ..line }.to_svg(theme);
        let made = Line { text: self.made, x: WIDTH - MARGIN, baseline, room: room() * 0.38, at_right: true, ..line };
        content += &made.to_svg(theme);
        for text in &self.chosen() {
            baseline += LEADING;
            content += &Line { text, baseline, ..line }.to_svg(theme);
        }
        sheet(&content)
    }
}

fn room() -> f32 {
    WIDTH - 2.0 * MARGIN
}

/// The name of a tab or of a section.
fn part_title(name: &Heading, theme: Theme) -> String {
    let size = if name.is_tab { 20.0 } else { 15.0 };
    let (text, baseline) = (name.text.as_str(), name.baseline);
    sheet(&Line { text, x: MARGIN, baseline, room: room(), size, title: true, at_right: false }.to_svg(theme))
}

/// A line, the tile's title, and the reason where there is no picture.
fn tile_title(tile: &Tile<'_>, place: &Place, theme: Theme) -> String {
    let Colors { line: rule, .. } = Colors::of(theme);
    let Place { left, top, width, .. } = *place;
    let mut content = format!("<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"1\" fill=\"{rule}\"/>");
    let line =
        Line { text: tile.title, x: left, baseline: top + 21.0, room: width, size: 14.0, title: true, at_right: false };
    content += &line.to_svg(theme);
    if let Err(reason) = tile.drawing {
        content += &Line { text: reason, baseline: top + TITLE + 16.0, size: 12.0, title: false, ..line }.to_svg(theme);
    }
    sheet(&content)
}
