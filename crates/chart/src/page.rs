//! What stands around pictures on a page, for who puts them there: lines of text as wide, as clean and as escaped as
//! those in the pictures, and the colours of the ground.

use crate::font::{self, Weight};
use crate::palette::Palette;
use crate::scene::{Anchor, Text, units};
use crate::{Theme, svg, text};

/// The family of the bundled typeface.
pub const FAMILY: &str = "Perch Sans";
/// The bundled typeface as TrueType: regular and semi-bold.
pub static FACES: [&[u8]; 2] = font::FACES;

/// The colours of a page, as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colors {
    /// What pictures are laid upon.
    pub ground: String,
    /// What is read first.
    pub ink: String,
    /// What comes second. Texts in it can still be read: 4.5 to 1 (WCAG 2.2, 1.4.3).
    pub muted: String,
    /// Lines that separate.
    pub line: String,
}

impl Colors {
    /// Those of a theme.
    pub fn of(theme: Theme) -> Self {
        let palette = Palette::of(theme);
        let hex = [palette.ground, palette.ink, palette.muted, palette.grid].map(|paint| paint.to_hex().to_string());
        let [ground, ink, muted, line] = hex;
        Self { ground, ink, muted, line }
    }
}

/// A line of text on a page, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line<'a> {
    /// What it says. May be anything: it is never markup.
    pub text: &'a str,
    /// Where it begins, or where it ends for one that stands at the right.
    pub x: f32,
    /// Where its letters stand.
    pub baseline: f32,
    /// How wide it may be; what is wider ends with an ellipsis.
    pub room: f32,
    /// The size of its letters.
    pub size: f32,
    /// Whether it is a title: semi-bold, in ink. Otherwise it comes second.
    pub title: bool,
    /// Whether `x` is its end.
    pub at_right: bool,
}

impl Line<'_> {
    /// As one `<text>` element. Empty where not even one letter has room.
    pub fn to_svg(&self, theme: Theme) -> String {
        let palette = Palette::of(theme);
        let (weight, fill) =
            if self.title { (Weight::SemiBold, palette.ink) } else { (Weight::Regular, palette.muted) };
        let clean = text::clean(self.text);
        let Some(fit) = text::fit(&clean, self.room, self.size, weight) else { return String::new() };
        svg::label(&Text {
            x: units(self.x),
            baseline: units(self.baseline),
            anchor: if self.at_right { Anchor::End } else { Anchor::Start },
            size: units(self.size),
            weight,
            italic: false,
            fill,
            text: fit.text.into_owned(),
            full: None,
        })
    }
}

/// A text that comes second, in as many lines of this room as it needs, but at most `most`: the last one then holds all
/// that is left, for [`Line`] to cut. Empty for a text without a word.
pub fn wrapped(text: &str, room: f32, size: f32, most: usize) -> Vec<String> {
    let clean = text::clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0.0;
    let space = font::width(" ", size, Weight::Regular);
    for word in clean.split_whitespace() {
        let width = font::width(word, size, Weight::Regular);
        let is_full = lines.len() < most && used + space + width > room;
        match lines.last_mut().filter(|_| !is_full) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
                used += space + width;
            }
            None => {
                lines.push(word.to_owned());
                used = width;
            }
        }
    }
    lines
}

/// Text that is nowhere seen, such as a description, as XML has it.
pub fn escape(plain: &str) -> String {
    svg::escape(&text::clean(plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wrapped_text_says_every_word_in_its_order_and_only_one_word_or_the_last_line_is_too_wide(
            text in "[a-zA-Z ,.äß]{0,200}", room in 20f32..400.0, most in 1usize..6,
        ) {
            let lines = wrapped(&text, room, 12.0, most);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&lines.join(" ")), words(&text));
            prop_assert!(lines.len() <= most);
            for line in lines.iter().rev().skip(1) {
                prop_assert!(font::width(line, 12.0, Weight::Regular) <= room + 0.01 || !line.contains(' '), "{line}");
            }
        }
    }
}
