//! What stands before a name: a country's letters in a frame, or an emoji.

use std::borrow::Cow;

use plotters::element::Rectangle;
use plotters::style::Color;
use unicode_segmentation::UnicodeSegmentation;

use crate::element::{BODY, Label, Look};
use crate::outlines::Atlas;
use crate::palette::Palette;
use crate::scene::{Canvas, units};
use crate::{ChartError, text};

/// What it takes before a name, in CSS pixels.
pub(crate) const ROOM: f32 = 28.0;

/// What stands before a name.
pub(crate) enum Icon<'a> {
    /// A country's two letters, in a frame: the same on every machine, which flags are not.
    Country(&'static str),
    /// A picture of the system's own font, in a room of its own.
    Emoji(Cow<'a, str>),
}

impl<'a> Icon<'a> {
    /// A flag, a country's code or an emoji; of any other text there is none.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let code = flag(text);
        let atlas = Atlas::bundled();
        if let Some(country) = atlas.find(code.as_deref().unwrap_or(text)) {
            return Some(Self::Country(atlas.countries[country].code));
        }
        let first = text.graphemes(true).next().filter(|first| !first.is_ascii())?;
        Some(Self::Emoji(text::clean(first)))
    }

    /// Draws it from `left` on, around `middle`, in CSS pixels.
    pub(crate) fn draw(
        &self,
        palette: &Palette,
        canvas: &Canvas<'_>,
        left: f32,
        middle: f32,
    ) -> Result<(), ChartError> {
        const WIDTH: f32 = 22.0;
        const HEIGHT: f32 = 14.0;
        let center = (units(left + WIDTH / 2.0), units(middle));
        match self {
            Self::Country(code) => {
                let corners =
                    [(units(left), units(middle - HEIGHT / 2.0)), (units(left + WIDTH), units(middle + HEIGHT / 2.0))];
                canvas.draw(&Rectangle::new(corners, palette.ground.filled()))?;
                canvas.draw(&Rectangle::new(corners, palette.axis.stroke_width(7)))?;
                let look = Look::new(9.5, palette.ink).bold().middle();
                canvas.draw(&Label::new(code, center, look).centered())?;
            }
            Self::Emoji(emoji) => {
                let look = Look::new(BODY, palette.ink).middle();
                if let Some(fit) = text::fit(emoji, WIDTH, look.size, look.weight) {
                    canvas.draw(&Label::new(&fit.text, center, look).centered())?;
                }
            }
        }
        Ok(())
    }
}

/// The country code of a flag, which is two letters in a script of their own (Unicode's regional indicators).
fn flag(text: &str) -> Option<String> {
    let letter = |character: char| {
        let index = (character as u32).checked_sub(0x1f1e6).filter(|index| *index < 26)?;
        char::from_u32(u32::from(b'A') + index)
    };
    text.trim().chars().map(letter).collect::<Option<String>>().filter(|code| code.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_and_a_code_are_the_same_country() {
        for text in ["DE", "de", "DEU", "🇩🇪"] {
            assert!(matches!(Icon::of(text), Some(Icon::Country("DE"))), "{text}");
        }
        assert!(matches!(Icon::of("🦊 fox"), Some(Icon::Emoji(emoji)) if emoji == "🦊"));
        assert!(Icon::of("").is_none() && Icon::of("XX").is_none() && Icon::of("<b>").is_none());
    }
}
