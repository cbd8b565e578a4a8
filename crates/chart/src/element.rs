//! Our own plotters elements: a text that knows its whole, and a piece of a ring.

use std::convert::Infallible;

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::font::{self, Weight};
use crate::palette::Paint;
use crate::scene::{self, Anchor, Dash, Item, Recorder, Text, Wedge, units};
use crate::text;

/// The size of axis labels, legends and what comes second, in CSS pixels.
pub(crate) const SMALL: f32 = 11.0;
/// The size of names and values, in CSS pixels.
pub(crate) const BODY: f32 = 12.5;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// In CSS pixels.
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) italic: bool,
    pub(crate) fill: Paint,
    pub(crate) anchor: Anchor,
}

impl Look {
    pub(crate) fn new(size: f32, fill: Paint) -> Self {
        Self { size, weight: Weight::Regular, italic: false, fill, anchor: Anchor::Start }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::SemiBold, ..self }
    }

    pub(crate) fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }

    pub(crate) fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    /// In CSS pixels.
    pub(crate) fn width(self, text: &str) -> f32 {
        font::width(text, self.size, self.weight)
    }

    /// From the top of a capital to the baseline, in units.
    pub(crate) fn cap(self) -> i32 {
        units(self.size * font::CAP_HEIGHT)
    }
}

/// A text on its baseline.
pub(crate) struct Label<'a> {
    at: (i32, i32),
    look: Look,
    text: &'a str,
    full: Option<&'a str>,
}

impl<'a> Label<'a> {
    /// `at` is where the text is anchored, on the baseline, in units.
    pub(crate) fn new(text: &'a str, at: (i32, i32), look: Look) -> Self {
        Self { at, look, text, full: None }
    }

    /// The same, for a text that stands for a longer one.
    pub(crate) fn standing_for(self, full: &'a str) -> Self {
        Self { full: (full != self.text).then_some(full), ..self }
    }

    /// The text in a scene, for a place that plotters cannot reach: it moves what stands beyond its area to the edge.
    pub(crate) fn into_item(self) -> Item {
        self.item(self.at)
    }

    fn item(&self, (x, baseline): (i32, i32)) -> Item {
        Item::Text(Text {
            x,
            baseline,
            anchor: self.look.anchor,
            size: units(self.look.size),
            weight: self.look.weight,
            italic: self.look.italic,
            fill: self.look.fill,
            text: self.text.to_owned(),
            full: self.full.map(|full| text::clean(full).into_owned()),
        })
    }

    /// The same, with capitals centred on `y`.
    pub(crate) fn centered(self) -> Self {
        Self { at: (self.at.0, self.at.1 + self.look.cap() / 2), ..self }
    }
}

impl<'a, 'b> PointCollection<'b, BackendCoord> for &'b Label<'a> {
    type Point = &'b BackendCoord;
    type IntoIter = std::iter::Once<&'b BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<Recorder<'_>> for Label<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        recorder: &mut Recorder<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        points.next().into_iter().for_each(|at| recorder.push(self.item(at)));
        Ok(())
    }
}

/// A line through points, which may be broken.
pub(crate) struct Path {
    pub(crate) points: Vec<(i32, i32)>,
    pub(crate) paint: Paint,
    /// In units.
    pub(crate) width: i32,
    pub(crate) dash: Dash,
}

impl<'b> PointCollection<'b, BackendCoord> for &'b Path {
    type Point = &'b BackendCoord;
    type IntoIter = std::slice::Iter<'b, BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        self.points.iter()
    }
}

impl Drawable<Recorder<'_>> for Path {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        points: I,
        recorder: &mut Recorder<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        recorder.line(points, self.paint, self.width, self.dash);
        Ok(())
    }
}

/// Squares of one side, many at once.
pub(crate) struct Dots {
    /// Their upper left corners.
    pub(crate) points: Vec<(i32, i32)>,
    /// In units.
    pub(crate) side: i32,
    pub(crate) paint: Paint,
}

impl<'b> PointCollection<'b, BackendCoord> for &'b Dots {
    type Point = &'b BackendCoord;
    type IntoIter = std::slice::Iter<'b, BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        self.points.iter()
    }
}

impl Drawable<Recorder<'_>> for Dots {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        points: I,
        recorder: &mut Recorder<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        recorder.dots(points, self.side, self.paint);
        Ok(())
    }
}

impl<'b> PointCollection<'b, BackendCoord> for &'b Wedge {
    type Point = &'b BackendCoord;
    type IntoIter = std::iter::Once<&'b BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.center)
    }
}

impl Drawable<Recorder<'_>> for Wedge {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        recorder: &mut Recorder<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if let Some(center) = points.next() {
            recorder.push(Item::Wedge(scene::Wedge { center, ..*self }));
        }
        Ok(())
    }
}
