//! A text in Markdown: headings, paragraphs, lists, quotes and code, wrapped by the measures of the bundled font.

use plotters::element::{PathElement, Rectangle};
use plotters::style::Color;
use unicode_segmentation::UnicodeSegmentation;

use super::{Drawer, Picture, Sheet, entry, marks};
use crate::columns::{Needs, Values};
use crate::element::{Label, Look};
use crate::font;
use crate::markdown::{self, Block, Role, Style};
use crate::palette::Palette;
use crate::scene::{Canvas, Scene, units};
use crate::{ChartError, Kind, Mark, Pick, Rect, Shape, text};

pub(super) const DRAWER: Drawer = Drawer { needs: Needs::of(Values::None), draw };

fn draw(sheet: &Sheet<'_>) -> Result<Picture, ChartError> {
    let Some(source) = &sheet.spec.text else {
        return Err(ChartError::Missing { kind: Kind::Text, field: "text" });
    };
    let blocks = markdown::read(source);
    let page = Page::lay_out(&blocks, sheet);

    let mut scene = Scene::new(sheet.size);
    let mut links = Vec::new();
    {
        let canvas = scene.canvas();
        for line in &page.lines {
            line.draw(sheet, &canvas, &mut links)?;
        }
    }
    let words = blocks.iter().flat_map(|block| &block.spans).map(|span| span.text.trim());
    let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
    let summary = if words.is_empty() { "An empty text".into() } else { text::name(&words.join(" ")) };
    Ok(Picture::new(scene, marks(sheet.whole(), Pick::Shape, links), summary))
}

/// Words in one style beside each other.
struct Run {
    x: f32,
    text: String,
    look: Look,
    code: bool,
    link: Option<String>,
}

impl Run {
    fn right(&self) -> f32 {
        self.x + self.look.width(&self.text)
    }
}

/// A line with what lies behind it, in CSS pixels.
struct Line {
    top: f32,
    height: f32,
    runs: Vec<Run>,
    /// Where the bars of quotes stand, and how far up they go to meet those of the line before.
    quotes: Vec<f32>,
    above: f32,
    /// Where the ground of code begins, or a rule.
    code: Option<f32>,
    rule: Option<f32>,
}

impl Line {
    fn new(top: f32, height: f32) -> Self {
        Self { top, height, runs: Vec::new(), quotes: Vec::new(), above: 0.0, code: None, rule: None }
    }

    fn bottom(&self) -> f32 {
        self.top + self.height
    }

    fn draw(&self, sheet: &Sheet<'_>, canvas: &Canvas<'_>, links: &mut Vec<Mark>) -> Result<(), ChartError> {
        let palette = sheet.palette;
        let right = sheet.width() - 1.0;
        let ground = |left: f32, top: f32, right: f32, bottom: f32| {
            let corners = [(units(left), units(top)), (units(right), units(bottom))];
            Rectangle::new(corners, palette.grid.faint(0.6).filled())
        };
        if let Some(left) = self.code {
            canvas.draw(&ground(left, self.top - self.above, right, self.bottom()))?;
        }
        if let Some(left) = self.rule {
            let y = units(self.top + self.height / 2.0);
            canvas.draw(&PathElement::new([(units(left), y), (units(right), y)], palette.axis.stroke_width(7)))?;
        }
        for left in &self.quotes {
            let corners = [(units(*left), units(self.top - self.above)), (units(left + 3.0), units(self.bottom()))];
            canvas.draw(&Rectangle::new(corners, palette.grid.filled()))?;
        }
        for run in &self.runs {
            let size = run.look.size;
            let baseline = self.top + (self.height + size * (font::ASCENT - font::DESCENT)) / 2.0;
            if run.code && self.code.is_none() {
                let (top, bottom) = (baseline - size * 0.95, baseline + size * 0.3);
                canvas.draw(&ground(run.x - 2.0, top, (run.right() + 2.0).min(right), bottom))?;
            }
            canvas.draw(&Label::new(&run.text, (units(run.x), units(baseline)), run.look))?;
            if let Some(link) = &run.link {
                let y = units(baseline + size * 0.16);
                let line = [(units(run.x), y), (units(run.right()), y)];
                canvas.draw(&PathElement::new(line, run.look.fill.stroke_width(8)))?;
                let place = Rect { x: run.x, y: self.top, width: run.right() - run.x, height: self.height };
                let entries = vec![entry("Link", text::name(link), run.look.fill, None)];
                let mark = Mark::new(Shape::Rect(place), text::name(&run.text), entries);
                links.push(Mark { link: Some(link.clone()), ..mark });
            }
        }
        Ok(())
    }
}

/// Lines from the top on, as far as there is room.
struct Page {
    lines: Vec<Line>,
}

const INDENT: f32 = 18.0;
const QUOTE: f32 = 14.0;

impl Page {
    fn lay_out(blocks: &[Block], sheet: &Sheet<'_>) -> Self {
        let roomy = sheet.width() >= 220.0 && sheet.height() >= 100.0;
        let body = if roomy { 13.5 } else { 11.5 };
        let mut page = Self { lines: Vec::new() };
        let mut top = 0.0;
        for (index, block) in blocks.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &blocks[before]);
            let gap = before.map_or(0.0, |before| gap(before, block, body));
            let size = match block.role {
                Role::Heading(1) => body * 1.6,
                Role::Heading(2) => body * 1.3,
                Role::Heading(3) => body * 1.12,
                _ => body,
            };
            // As the scene rounds it: a line of many words would end elsewhere than measured.
            let size = (size * 10.0).round() / 10.0;
            let lines = Writer::new(sheet, block, size, top + gap).write();
            let joins = before.is_some_and(|before| before.quotes > 0 && block.quotes > 0);
            for (index, mut line) in lines.into_iter().enumerate() {
                line.above = if index == 0 && joins { gap } else { 0.0 };
                top = line.bottom();
                page.lines.push(line);
            }
            // What lies below the picture is not laid out, however much there is of it.
            if top > sheet.height() {
                break;
            }
        }
        page.cut(sheet, body);
        page
    }

    /// Where there is more than there is room for, the last line says so.
    fn cut(&mut self, sheet: &Sheet<'_>, body: f32) {
        let height = sheet.height();
        if self.lines.last().is_none_or(|line| line.bottom() <= height) {
            return;
        }
        let more = body * 1.2;
        self.lines.retain(|line| line.bottom() + more <= height);
        let top = self.lines.last().map_or(0.0, Line::bottom);
        let look = Look::new(body, sheet.palette.muted);
        if top + more <= height && look.width("…") <= sheet.width() {
            let mut line = Line::new(top, more);
            line.runs.push(Run { x: 1.0, text: "…".into(), look, code: false, link: None });
            self.lines.push(line);
        }
    }
}

/// The air between two blocks.
fn gap(before: &Block, block: &Block, body: f32) -> f32 {
    match (before.role, block.role) {
        (_, Role::Heading(_)) => body * 0.9,
        (Role::Heading(_), _) => body * 0.35,
        _ if before.depth > 0 && block.depth > 0 => body * 0.2,
        _ => body * 0.65,
    }
}

/// Breaks a block into lines.
struct Writer<'a> {
    palette: &'static Palette,
    block: &'a Block,
    size: f32,
    left: f32,
    right: f32,
    bottom: f32,
    line: Line,
    lines: Vec<Line>,
}

impl<'a> Writer<'a> {
    fn new(sheet: &Sheet<'_>, block: &'a Block, size: f32, top: f32) -> Self {
        // A deep list in a narrow tile keeps room for its words.
        let indent = (block.depth as f32 * INDENT + block.quotes as f32 * QUOTE).min(sheet.width() * 0.5);
        let left = 1.0 + indent + if block.role == Role::Code { 8.0 } else { 0.0 };
        let right = sheet.width() - if block.role == Role::Code { 8.0 } else { 2.0 };
        let line = Line::new(top, size * 1.42);
        let palette = sheet.palette;
        Self { palette, block, size, left, right, bottom: sheet.height(), line, lines: Vec::new() }
    }

    fn write(mut self) -> Vec<Line> {
        let spans = &self.block.spans;
        for (index, span) in spans.iter().enumerate() {
            // Code ends with a line end of its own.
            let last = self.block.role == Role::Code && index + 1 == spans.len();
            let words = if last { span.text.trim_end_matches('\n') } else { &span.text };
            for (index, words) in words.split('\n').enumerate() {
                if index > 0 {
                    self.end_line();
                }
                self.say(&text::clean(words), &span.style);
            }
            if self.line.top > self.bottom {
                break;
            }
        }
        self.end_line();
        self.mark();
        self.lines
    }

    fn look(&self, style: &Style) -> Look {
        let heading = matches!(self.block.role, Role::Heading(_));
        let fill = match (&style.link, self.block.quotes) {
            (Some(_), _) => self.palette.series(0),
            (None, 1..) => self.palette.muted,
            (None, 0) => self.palette.ink,
        };
        let look = Look { italic: style.italic, ..Look::new(self.size, fill) };
        if style.bold || heading { look.bold() } else { look }
    }

    /// Words go on the line as long as they fit. One that is wider than a line is broken.
    fn say(&mut self, words: &str, style: &Style) {
        let look = self.look(style);
        for piece in words.split_inclusive(' ') {
            let word = piece.trim_end_matches(' ');
            let end = self.line.runs.last().map_or(self.left, Run::right);
            if end + look.width(word) > self.right && end > self.left {
                self.end_line();
            }
            if self.line.top > self.bottom {
                return;
            }
            if self.left + look.width(word) <= self.right {
                // The space stays at the end of its run, where no eye sees it.
                self.put(piece, style, look);
                continue;
            }
            for grapheme in piece.graphemes(true) {
                let end = self.line.runs.last().map_or(self.left, Run::right);
                if end + look.width(grapheme) > self.right && end > self.left {
                    self.end_line();
                }
                self.put(grapheme, style, look);
            }
        }
    }

    fn put(&mut self, piece: &str, style: &Style, look: Look) {
        // A line does not begin with the space between two words, unless it is code.
        let begins = self.line.runs.is_empty();
        if begins && piece.trim().is_empty() && self.block.role != Role::Code {
            return;
        }
        let end = self.line.runs.last().map_or(self.left, |run| run.right() + 0.4);
        match self.line.runs.last_mut() {
            Some(run) if run.look == look && run.code == style.code && run.link == style.link => run.text += piece,
            _ => {
                let link = style.link.clone();
                self.line.runs.push(Run { x: end, text: piece.to_owned(), look, code: style.code, link });
            }
        }
    }

    fn end_line(&mut self) {
        let next = Line::new(self.line.bottom(), self.line.height);
        let mut line = std::mem::replace(&mut self.line, next);
        for run in &mut line.runs {
            if self.block.role == Role::Code {
                // SVG makes one space of many, and none at the beginning.
                run.text = run.text.trim_end().replace(' ', "\u{a0}");
                continue;
            }
            let words = run.text.trim_start();
            run.x += run.look.width(&run.text[..run.text.len() - words.len()]);
            run.text = words.trim_end().to_owned();
        }
        let right = self.right;
        line.runs.retain(|run| !run.text.trim().is_empty() && run.right() <= right + 1.0);
        let quotes = self.block.quotes.min(4);
        line.quotes = (0..quotes).map(|quote| 1.0 + quote as f32 * QUOTE).collect();
        let indent = self.left - 8.0;
        line.code = (self.block.role == Role::Code).then_some(indent);
        line.rule = (self.block.role == Role::Rule).then_some(self.left);
        self.lines.push(line);
    }

    /// The bullet or the number of an item, before its first line.
    fn mark(&mut self) {
        let (Some(marker), Some(line)) = (&self.block.marker, self.lines.first_mut()) else { return };
        let look = Look::new(self.size, self.palette.muted);
        let x = self.left - 6.0 - look.width(marker);
        if x >= 0.0 {
            line.runs.insert(0, Run { x, text: marker.clone(), look, code: false, link: None });
        }
    }
}
