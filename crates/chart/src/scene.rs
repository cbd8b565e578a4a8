//! What is in a picture, before it is SVG or pixels: a flat list of shapes, written by plotters.
//!
//! plotters places things on whole pixels. A scene's coordinates are tenths of a CSS pixel instead, so a line through
//! many points stays smooth and every number in the SVG is short.

use std::convert::Infallible;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};

use crate::font::{self, Weight};
use crate::palette::Paint;
use crate::{Rect, Size};

/// How many units of a scene make one CSS pixel.
pub(crate) const UNIT: i32 = 10;

/// CSS pixels in units, rounded.
pub(crate) fn units(pixels: f32) -> i32 {
    (pixels * UNIT as f32).round() as i32
}

/// Units in CSS pixels.
pub(crate) fn pixels(units: i32) -> f32 {
    units as f32 / UNIT as f32
}

/// A rectangle in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Area {
    pub(crate) fn width(self) -> i32 {
        self.right - self.left
    }

    pub(crate) fn height(self) -> i32 {
        self.bottom - self.top
    }

    /// In CSS pixels, as the web view reads it.
    pub(crate) fn to_rect(self) -> Rect {
        Rect { x: pixels(self.left), y: pixels(self.top), width: pixels(self.width()), height: pixels(self.height()) }
    }
}

/// Where a text stands, from left to right, on its `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text on one line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) x: i32,
    pub(crate) baseline: i32,
    pub(crate) anchor: Anchor,
    /// In units.
    pub(crate) size: i32,
    pub(crate) weight: Weight,
    /// Slanted: by whoever draws it, since Perch Sans has no slanted letters of its own.
    pub(crate) italic: bool,
    pub(crate) fill: Paint,
    pub(crate) text: String,
    /// The whole of a text that was cut.
    pub(crate) full: Option<String>,
}

/// A piece of a ring. Angles are radians, clockwise from twelve o'clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wedge {
    pub(crate) center: (i32, i32),
    pub(crate) inner: i32,
    pub(crate) outer: i32,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) fill: Paint,
}

/// How a line is broken, so that lines are told apart where colours are not seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dash {
    #[default]
    Solid,
    Short,
    Dotted,
    Long,
    Mixed,
}

impl Dash {
    /// Lengths of strokes and gaps in CSS pixels, as SVG's `stroke-dasharray` writes them.
    pub(crate) fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Solid => None,
            Self::Short => Some("4 4"),
            Self::Dotted => Some("1 4"),
            Self::Long => Some("9 4"),
            Self::Mixed => Some("9 4 1 4"),
        }
    }
}

/// One thing in the picture. Points are a range of [`Scene::points`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    Rect {
        area: Area,
        fill: Paint,
    },
    Line {
        points: Range<usize>,
        stroke: Paint,
        width: i32,
        dash: Dash,
    },
    Polygon {
        points: Range<usize>,
        fill: Paint,
    },
    /// One shape of many closed lines: land, its islands and its holes.
    Outline {
        rings: Vec<Range<usize>>,
        fill: Paint,
        stroke: Paint,
        width: i32,
    },
    /// Squares of one side whose upper left corners these points are.
    Dots {
        points: Range<usize>,
        side: i32,
        fill: Paint,
    },
    Circle {
        center: (i32, i32),
        radius: i32,
        fill: Paint,
    },
    Wedge(Wedge),
    Text(Text),
    /// Of what follows, as far as [`Item::Unclip`], only what lies in here is seen.
    Clip(Area),
    Unclip,
}

/// A picture: its items in the order in which they cover each other.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) size: Size,
    pub(crate) items: Vec<Item>,
    pub(crate) points: Vec<(i32, i32)>,
}

impl Scene {
    pub(crate) fn new(size: Size) -> Self {
        Self { size, items: Vec::new(), points: Vec::new() }
    }

    /// Adds a shape that plotters has no element for.
    pub(crate) fn outline(&mut self, rings: &[Vec<(i32, i32)>], fill: Paint, stroke: Paint, width: i32) {
        let keep = |ring: &Vec<(i32, i32)>| {
            let start = self.points.len();
            self.points.extend(ring);
            start..self.points.len()
        };
        let rings = rings.iter().map(keep).collect();
        self.items.push(Item::Outline { rings, fill, stroke, width });
    }

    /// Shows nothing outside of the area of what `draw` draws.
    pub(crate) fn clipped<T>(&mut self, area: Area, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.items.push(Item::Clip(area));
        let drawn = draw(self);
        self.items.push(Item::Unclip);
        drawn
    }

    /// The whole picture as what plotters draws on.
    pub(crate) fn canvas(&mut self) -> Canvas<'_> {
        Recorder { scene: self }.into_drawing_area()
    }
}

/// plotters' drawing area over a scene.
pub(crate) type Canvas<'a> = DrawingArea<Recorder<'a>, Shift>;

/// plotters' door to a scene.
pub(crate) struct Recorder<'a> {
    scene: &'a mut Scene,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Recorder<'_> {
    /// For the elements of [`crate::element`], which say more than plotters' own shapes.
    pub(crate) fn push(&mut self, item: Item) {
        self.scene.items.push(item);
    }

    /// Squares whose upper left corners are in units already.
    pub(crate) fn dots(&mut self, corners: impl IntoIterator<Item = BackendCoord>, side: i32, fill: Paint) {
        let points = self.keep(corners);
        self.push(Item::Dots { points, side, fill });
    }

    /// A line of points that are already in units, broken as `dash` says.
    pub(crate) fn line(
        &mut self,
        points: impl IntoIterator<Item = BackendCoord>,
        stroke: Paint,
        width: i32,
        dash: Dash,
    ) {
        let points = self.keep(points);
        self.push(Item::Line { points, stroke, width, dash });
    }

    fn keep(&mut self, points: impl IntoIterator<Item = BackendCoord>) -> Range<usize> {
        let start = self.scene.points.len();
        self.scene.points.extend(points);
        start..self.scene.points.len()
    }
}

fn paint(color: BackendColor) -> Paint {
    Paint { rgb: color.rgb, alpha: color.alpha }
}

fn weight(style: FontStyle) -> Weight {
    match style {
        FontStyle::Bold => Weight::SemiBold,
        _ => Weight::Regular,
    }
}

impl DrawingBackend for Recorder<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.scene.size.width * UNIT as u32, self.scene.size.height * UNIT as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.push(Item::Rect { area: Area { left: x, top: y, right: x + 1, bottom: y + 1 }, fill: paint(color) });
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        let area = Area { left: a.0.min(b.0), top: a.1.min(b.1), right: a.0.max(b.0), bottom: a.1.max(b.1) };
        if fill {
            self.push(Item::Rect { area, fill: paint(style.color()) });
            return Ok(());
        }
        let Area { left, top, right, bottom } = area;
        self.draw_path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        // An area series without a border asks for one of no colour.
        if style.color().alpha > 0.0 {
            let points = self.keep(path);
            let (stroke, width) = (paint(style.color()), style.stroke_width() as i32);
            self.push(Item::Line { points, stroke, width, dash: Dash::Solid });
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, _: bool) -> Drawn {
        self.push(Item::Circle { center, radius: radius as i32, fill: paint(style.color()) });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points = self.keep(path);
        self.push(Item::Polygon { points, fill: paint(style.color()) });
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let size = style.size() as f32;
        let drop = match style.anchor().v_pos {
            VPos::Top => font::ASCENT * size,
            VPos::Center => font::CAP_HEIGHT / 2.0 * size,
            VPos::Bottom => -font::DESCENT * size,
        };
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        self.push(Item::Text(Text {
            x,
            baseline: y + drop.round() as i32,
            anchor,
            size: size.round() as i32,
            weight: weight(style.style()),
            italic: false,
            fill: paint(style.color()),
            text: text.to_owned(),
            full: None,
        }));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() as f32;
        Ok((font::width(text, size, weight(style.style())).ceil() as u32, size.ceil() as u32))
    }
}
