//! Marks of different shapes, so that groups of dots are told apart where colours are not seen.

use plotters::element::{Circle, Polygon};
use plotters::style::Color;

use crate::ChartError;
use crate::palette::Paint;
use crate::scene::Canvas;

/// A small shape around a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    Circle,
    Square,
    Triangle,
    Diamond,
    Plus,
    Down,
    Cross,
    Bar,
}

impl Glyph {
    const ALL: [Self; 8] =
        [Self::Circle, Self::Square, Self::Triangle, Self::Diamond, Self::Plus, Self::Down, Self::Cross, Self::Bar];

    /// The shape of the group of this number; beyond the eighth, circles again.
    pub(crate) fn of(number: usize) -> Self {
        Self::ALL.get(number).copied().unwrap_or(Self::Circle)
    }

    /// Corners around the centre for a circle of radius 10 that looks as large.
    fn corners(self) -> &'static [(i32, i32)] {
        match self {
            Self::Circle => &[],
            Self::Square => &[(-9, -9), (9, -9), (9, 9), (-9, 9)],
            Self::Triangle => &[(0, -13), (12, 9), (-12, 9)],
            Self::Diamond => &[(0, -13), (12, 0), (0, 13), (-12, 0)],
            Self::Down => &[(0, 13), (-12, -9), (12, -9)],
            Self::Bar => &[(-14, -5), (14, -5), (14, 5), (-14, 5)],
            Self::Plus => &[
                (-4, -12),
                (4, -12),
                (4, -4),
                (12, -4),
                (12, 4),
                (4, 4),
                (4, 12),
                (-4, 12),
                (-4, 4),
                (-12, 4),
                (-12, -4),
                (-4, -4),
            ],
            Self::Cross => &[
                (0, -6),
                (6, -12),
                (12, -6),
                (6, 0),
                (12, 6),
                (6, 12),
                (0, 6),
                (-6, 12),
                (-12, 6),
                (-6, 0),
                (-12, -6),
                (-6, -12),
            ],
        }
    }

    /// Draws it; all in units.
    pub(crate) fn draw(
        self,
        canvas: &Canvas<'_>,
        center: (i32, i32),
        radius: i32,
        paint: Paint,
    ) -> Result<(), ChartError> {
        if self == Self::Circle {
            canvas.draw(&Circle::new(center, radius, paint.filled()))?;
            return Ok(());
        }
        let corner = |(x, y): &(i32, i32)| (center.0 + x * radius / 10, center.1 + y * radius / 10);
        let corners: Vec<(i32, i32)> = self.corners().iter().map(corner).collect();
        canvas.draw(&Polygon::new(corners, paint.filled()))?;
        Ok(())
    }
}
