//! A picture with what it needs to stand alone: a ground, a margin and its title.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use perch_chart::page::{self, Colors, Line};
use perch_chart::{Drawing, Size, Theme};

/// A picture that becomes a file.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// What was drawn.
    pub drawing: &'a Drawing,
    /// In which size.
    pub size: Size,
    /// Upon what.
    pub theme: Theme,
    /// What stands above it. Where there is none, the file is as large as the picture and has no margin.
    pub title: Option<&'a str>,
}

/// How an SVG comes by its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fonts {
    /// By name: who opens it has Perch Sans, or Inter, or sees the system's own.
    Named,
    /// Inside, so that it looks the same everywhere a browser opens it. Some 60 to 120 kilobytes.
    Embedded,
}

const MARGIN: u32 = 16;
const TITLE_SIZE: f32 = 15.0;
/// From the file's upper side to the picture, under a title.
const TITLE_ROOM: u32 = 44;

/// The picture as an SVG file.
pub fn svg(picture: &Picture<'_>, fonts: Fonts) -> String {
    let outer = picture.outer();
    let Size { width, height } = outer;
    let Colors { ground, .. } = Colors::of(picture.theme);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" font-family=\"{}, Inter, sans-serif\">",
        page::FAMILY
    );
    if let Some(title) = picture.title {
        let _ = write!(out, "<title>{}</title>", page::escape(title));
    }
    if fonts == Fonts::Embedded {
        out.push_str(&faces(&picture.drawing.svg, picture.title.is_some()));
    }
    let _ = write!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>");
    let mut at = (0, 0);
    if let Some(title) = picture.title {
        let line = Line {
            text: title,
            x: MARGIN as f32,
            baseline: 30.0,
            room: picture.size.width as f32,
            size: TITLE_SIZE,
            title: true,
            at_right: false,
        };
        out.push_str(&line.to_svg(picture.theme));
        at = (MARGIN, TITLE_ROOM);
    }
    out.push_str(&nested(&picture.drawing.svg, at));
    out.push_str("</svg>\n");
    out
}

impl Picture<'_> {
    /// How large the file is, in CSS pixels.
    pub(crate) fn outer(&self) -> Size {
        let Size { width, height } = self.size;
        match self.title {
            Some(_) => {
                Size { width: width.saturating_add(2 * MARGIN), height: height.saturating_add(TITLE_ROOM + MARGIN) }
            }
            None => self.size,
        }
    }
}

/// The picture's element at a place of another one.
fn nested(svg: &str, (x, y): (u32, u32)) -> String {
    let rest = svg.strip_prefix("<svg").unwrap_or(svg);
    format!("<svg x=\"{x}\" y=\"{y}\"{rest}")
}

/// The faces that the picture speaks in.
fn faces(svg: &str, has_title: bool) -> String {
    let regular: &[u8] = include_bytes!("../../chart/fonts/PerchSans-Regular.woff2");
    let semi_bold: &[u8] = include_bytes!("../../chart/fonts/PerchSans-SemiBold.woff2");
    let mut style = String::from("<style>");
    let used = [(400, regular, true), (600, semi_bold, has_title || svg.contains("font-weight=\"600\""))];
    for (weight, face, _) in used.into_iter().filter(|(_, _, used)| *used) {
        let _ = write!(
            style,
            "@font-face{{font-family:\"{}\";font-weight:{weight};src:url(data:font/woff2;base64,{})}}",
            page::FAMILY,
            STANDARD.encode(face)
        );
    }
    style.push_str("</style>");
    style
}
