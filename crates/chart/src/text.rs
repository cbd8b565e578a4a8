//! Text from data made safe to draw: on one line, without controls, no wider than its place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use crate::font::{self, Weight};

/// The text without what would leave its line or turn its neighbours around: tabs and line ends become spaces,
/// other controls a box (which the font holds, as it does not U+FFFD), and Unicode's direction marks go, as do accents
/// that would be piled upon more than three others. Letters that run from right to left stay as they are.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if treated(text).all(|(_, treat)| matches!(treat, Treat::Keep)) {
        return Cow::Borrowed(text);
    }
    let keep = |(character, treat)| match treat {
        Treat::Keep => Some(character),
        Treat::Space => Some(' '),
        Treat::Replace => Some('□'),
        Treat::Drop => None,
    };
    Cow::Owned(treated(text).filter_map(keep).collect())
}

/// Each character with what becomes of it.
fn treated(text: &str) -> impl Iterator<Item = (char, Treat)> {
    let mut piled = 0;
    text.chars().map(move |character| {
        piled = if is_mark(character) { piled + 1 } else { 0 };
        (character, if piled > MOST_MARKS { Treat::Drop } else { treat(character) })
    })
}

/// No language piles more upon a letter; a pile of them leaves its line.
const MOST_MARKS: usize = 3;

/// Whether it stands upon the letter before it.
fn is_mark(character: char) -> bool {
    character >= '\u{300}' && character.width() == Some(0)
}

enum Treat {
    Keep,
    Space,
    Replace,
    Drop,
}

fn treat(character: char) -> Treat {
    match character {
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Treat::Space,
        // XML 1.0 §2.2 has no place for these, not even escaped.
        '\u{fffe}' | '\u{ffff}' => Treat::Replace,
        // The bidirectional algorithm's controls (UAX #9 §2) and the byte order mark.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
            Treat::Drop
        }
        _ if character.is_control() => Treat::Replace,
        _ => Treat::Keep,
    }
}

/// The longest name that a legend, a heading or a title carries, in what a reader calls characters.
const LONGEST_NAME: usize = 120;

/// A name for a place that is not measured: clean, and cut after 120 characters.
pub(crate) fn name(text: &str) -> String {
    let text = clean(text);
    match text.grapheme_indices(true).nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// The text as far as it fits the width, with an ellipsis where it was cut. `None` when not even one character and
/// the ellipsis fit.
pub(crate) fn fit(text: &str, room: f32, size: f32, weight: Weight) -> Option<Fit<'_>> {
    // A text of 5,000 characters is not measured beyond what could ever fit.
    let mut width = 0.0;
    let ellipsis = font::width("…", size, weight);
    let mut cut = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        if width + ellipsis <= room {
            cut = start;
        }
        width += font::width(grapheme, size, weight);
        if width > room {
            let kept = text[..cut].trim_end_matches([' ', '.', ',', '-', '/', '…']);
            return (!kept.is_empty()).then(|| Fit { text: Cow::Owned(format!("{kept}…")), cut: true });
        }
    }
    Some(Fit { text: Cow::Borrowed(text), cut: false })
}

/// The same with the middle left out, so that both ends are read.
fn fit_ends(text: &str, room: f32, size: f32, weight: Weight) -> Option<String> {
    let mut left = room - font::width("…", size, weight);
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let (mut head, mut tail) = (0, graphemes.len());
    // More of the end: names that begin alike are told apart by it.
    for from_tail in [true, true, false].into_iter().cycle() {
        let next = if from_tail { tail.checked_sub(1) } else { Some(head) };
        let Some(next) = next.filter(|_| head < tail) else { break };
        left -= font::width(graphemes[next], size, weight);
        if left < 0.0 {
            break;
        }
        if from_tail { tail = next } else { head = next + 1 }
    }
    (tail < graphemes.len()).then(|| format!("{}…{}", graphemes[..head].concat(), graphemes[tail..].concat()))
}

/// Names as far as each fits its room. Where what is left of different names would be the same, their middles are left
/// out instead of their ends.
pub(crate) fn fit_names<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
    room: f32,
    size: f32,
    weight: Weight,
) -> Vec<Option<String>> {
    let cut: Vec<Option<Fit<'a>>> = names.clone().map(|name| fit(name, room, size, weight)).collect();
    let mut whole: HashMap<&str, &str> = HashMap::new();
    let mut alike: HashSet<&str> = HashSet::new();
    for (fit, name) in cut.iter().zip(names.clone()) {
        let Some(fit) = fit else { continue };
        if *whole.entry(&fit.text).or_insert(name) != name {
            alike.insert(&fit.text);
        }
    }
    let one = |(fit, name): (&Option<Fit<'a>>, &str)| {
        let fit = fit.as_ref()?;
        let ends = alike.contains(&*fit.text).then(|| fit_ends(name, room, size, weight)).flatten();
        Some(ends.unwrap_or_else(|| fit.text.to_string()))
    };
    cut.iter().zip(names).map(one).collect()
}

/// What [`fit`] made of a text.
pub(crate) struct Fit<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) cut: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_and_direction_marks_do_not_reach_the_picture() {
        assert_eq!(clean("a\tb\nc\u{0}d\u{202e}e\u{2066}f"), "a b c□def");
        assert_eq!(clean("שלום"), "שלום");
    }

    #[test]
    fn accents_are_not_piled_higher_than_a_language_does() {
        assert_eq!(clean(&format!("a{}b", "\u{301}".repeat(14))), "a\u{301}\u{301}\u{301}b");
        for word in ["é", "Việt", "ค่ำ", "हिन्दी", "👩‍👩‍👧‍👦", "שָׁלוֹם"] {
            assert_eq!(clean(word), word);
        }
    }

    #[test]
    fn names_that_begin_alike_are_told_apart_by_their_ends() {
        let names = ["/docs/page-001.html", "/docs/page-002.html", "/about/the-company.html", "/"];
        let cut = fit_names(names.into_iter(), 80.0, 11.0, Weight::Regular);
        let cut: Vec<&str> = cut.iter().map(|name| name.as_deref().expect("some of it")).collect();
        assert!(cut[0].starts_with("/d") && cut[0].contains('…') && cut[0].ends_with("1.html"), "{cut:?}");
        assert_ne!(cut[0], cut[1]);
        assert!(cut[2].ends_with('…') && cut[2].starts_with("/about"), "{cut:?}");
        assert_eq!(cut[3], "/");
    }

    #[test]
    fn an_accent_is_not_torn_from_its_letter() {
        let text = "e\u{301}".repeat(50);
        let cut = fit(&text, 40.0, 10.0, Weight::Regular).expect("some fit");
        assert!(cut.cut);
        assert!(cut.text.ends_with("e\u{301}…"), "{}", cut.text);
    }

    proptest! {
        #[test]
        fn names_that_fit_are_no_wider_than_their_room(name in "[a-zé한\u{301}]{0,40}", room in 20f32..200.0) {
            let names = [format!("{name}1"), format!("{name}2"), format!("{name}1")];
            for fitted in fit_names(names.iter().map(String::as_str), room, 12.0, Weight::Regular).into_iter().flatten() {
                prop_assert!(font::width(&fitted, 12.0, Weight::Regular) <= room + 0.01, "{}", fitted);
            }
        }

        #[test]
        fn what_fits_is_no_wider_than_its_room(text in ".{0,60}", room in 0f32..300.0) {
            if let Some(fitted) = fit(&text, room, 12.0, Weight::Regular) {
                prop_assert!(font::width(&fitted.text, 12.0, Weight::Regular) <= room + 0.01);
                prop_assert!(fitted.cut || fitted.text == text);
            }
        }

        #[test]
        fn a_cleaned_text_is_xml(text in any::<String>()) {
            let refused = |character: char| character.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&character);
            prop_assert!(!clean(&text).contains(refused));
        }
    }
}
