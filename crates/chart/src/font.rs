//! How wide a text is: the advances of the bundled Perch Sans, read once from the very files that the web view
//! loads, so that what is measured here is what is drawn there.

use std::sync::OnceLock;

use ttf_parser::Face;
use unicode_width::UnicodeWidthChar;

/// What an SVG's `font-family` says. Inter is what Perch Sans was made from.
pub(crate) const FAMILY: &str = "Perch Sans, Inter, sans-serif";

/// The files themselves: regular, semi-bold.
pub(crate) const FACES: [&[u8]; 2] =
    [include_bytes!("../fonts/PerchSans-Regular.ttf"), include_bytes!("../fonts/PerchSans-SemiBold.ttf")];

/// From the baseline to the top of a capital or a digit, in ems.
pub(crate) const CAP_HEIGHT: f32 = 0.727;
/// From the baseline to the top of the highest letter, in ems.
pub(crate) const ASCENT: f32 = 0.78;
/// From the baseline down to the lowest letter, in ems.
pub(crate) const DESCENT: f32 = 0.22;

/// The two weights that Perch speaks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

impl Weight {
    /// As SVG's `font-weight` says it.
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Regular => 400,
            Self::SemiBold => 600,
        }
    }
}

/// The width of a text on one line, in the unit of `size`. Kerning is left out: it moves a word by less than a
/// hundredth of its width.
pub(crate) fn width(text: &str, size: f32, weight: Weight) -> f32 {
    let advances = advances(weight);
    text.chars().map(|character| advances.of(character)).sum::<f32>() * size
}

/// The highest code point, exclusive, that the tables hold. Perch Sans ends with the geometric shapes.
const END: u32 = 0x2600;
const ABSENT: u16 = u16::MAX;

/// Advances in font units by code point.
struct Advances {
    units_per_em: f32,
    table: Vec<u16>,
}

impl Advances {
    fn read(font: &[u8]) -> Self {
        // The font is part of this program, and a test reads it; without it, the guesses below still hold a layout.
        let Ok(face) = Face::parse(font, 0) else {
            return Self { units_per_em: 1.0, table: Vec::new() };
        };
        let advance = |code| {
            let glyph = face.glyph_index(char::from_u32(code)?)?;
            face.glyph_hor_advance(glyph)
        };
        let table = (0..END).map(|code| advance(code).unwrap_or(ABSENT)).collect();
        Self { units_per_em: f32::from(face.units_per_em()), table }
    }

    /// In ems. What the font does not hold comes from a system font, whose width is guessed, rather too wide.
    fn of(&self, character: char) -> f32 {
        match self.table.get(character as usize) {
            Some(&advance) if advance != ABSENT => f32::from(advance) / self.units_per_em,
            _ => match character.width() {
                Some(0) | None => 0.0,
                Some(1) => 0.72,
                Some(_) => 1.3,
            },
        }
    }
}

fn advances(weight: Weight) -> &'static Advances {
    static REGULAR: OnceLock<Advances> = OnceLock::new();
    static SEMI_BOLD: OnceLock<Advances> = OnceLock::new();
    match weight {
        Weight::Regular => REGULAR.get_or_init(|| Advances::read(FACES[0])),
        Weight::SemiBold => SEMI_BOLD.get_or_init(|| Advances::read(FACES[1])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_as_wide_as_any_other() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            let zero = width("0", 100.0, weight);
            assert!(zero > 50.0 && zero < 75.0, "the font was read: {zero}");
            for digit in "123456789".chars() {
                assert_eq!(width(&digit.to_string(), 100.0, weight), zero, "{digit}");
            }
        }
    }

    #[test]
    fn what_the_charts_write_themselves_is_in_the_font() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            for character in "▲▼−–…·%€£¥→“”’×□\u{a0}".chars() {
                assert_ne!(advances(weight).table[character as usize], ABSENT, "{character}");
            }
        }
    }

    #[test]
    fn a_combining_mark_has_no_width_and_an_ideograph_has_a_wide_one() {
        assert_eq!(width("\u{5bf}", 10.0, Weight::Regular), 0.0);
        assert_eq!(width("漢", 10.0, Weight::Regular), 13.0);
    }
}
