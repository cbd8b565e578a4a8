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

use crate::layout::{HEIGHT, MARGIN, Place, TITLE, WIDTH};
use crate::{ExportError, Fonts, Layout, Picture, svg, tree};

/// A CSS pixel of a page in points: A4 is 595.28 of them wide.
const POINTS: f32 = 595.28 / WIDTH;
/// A CSS pixel as CSS has it: a 96th of an inch, of which a point is a 72nd.
const PICTURE_POINTS: f32 = 0.75;

/// A dashboard to put on pages.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The dashboard's title.
    pub title: &'a str,
    /// A sentence under it.
    pub description: Option<&'a str>,
    /// Whose it is and over which time: at the left, above the tiles.
    pub about: &'a str,
    /// When it was made, in words: at the right.
    pub made: &'a str,
    /// The same for the file's own date.
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

/// The dashboard as a PDF file, dated with `made_at`.
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
            let header = tagged(&mut surface, |surface| draw(surface, &header(report), whole()))?;
            tags.push(heading(1, report.title, header));
        }
        for (tile, place) in report.tiles.iter().zip(&layout.places).filter(|(_, place)| place.page == number) {
            let title = tagged(&mut surface, |surface| draw(surface, &tile_title(tile, place, report.theme), whole()))?;
            tags.push(heading(2, tile.title, title));
            if let Ok(drawing) = tile.drawing {
                let figure = tagged(&mut surface, |surface| draw_tile(surface, drawing, place))?;
                tags.push(figure_of(drawing, figure));
            }
        }
        surface.pop();
        surface.finish();
        page.finish();
    }
    finish(document, tags, report.title, Some(report.made_at))
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
        let room = WIDTH - 2.0 * MARGIN;
        let line =
            Line { text: "", x: 0.0, baseline: HEIGHT - MARGIN + 8.0, room, size: 11.0, title: false, at_right: false };
        let title = Line { text: report.title, x: MARGIN, room: room - 80.0, ..line };
        content += &title.to_svg(report.theme);
        content += &Line { text: &page, x: WIDTH - MARGIN, at_right: true, ..line }.to_svg(report.theme);
    }
    sheet(&content)
}

/// The dashboard's title, and whose it is, of when.
fn header(report: &Report<'_>) -> String {
    let room = WIDTH - 2.0 * MARGIN;
    let line = Line { text: "", x: MARGIN, baseline: 0.0, room, size: 13.0, title: false, at_right: false };
    let mut content =
        Line { text: report.title, baseline: MARGIN + 22.0, size: 26.0, title: true, ..line }.to_svg(report.theme);
    let mut baseline = MARGIN + 46.0;
    if let Some(description) = report.description {
        content += &Line { text: description, baseline, ..line }.to_svg(report.theme);
        baseline += 22.0;
    }
    content += &Line { text: report.about, baseline, room: room * 0.6, ..line }.to_svg(report.theme);
    let made = Line { text: report.made, x: WIDTH - MARGIN, baseline, room: room * 0.38, at_right: true, ..line };
    content += &made.to_svg(report.theme);
    sheet(&content)
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
