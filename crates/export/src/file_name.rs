//! A name that every system takes for a file, from words that may hold anything.

use std::borrow::Cow;

/// Under the 143 bytes that eCryptfs leaves of the usual 255, with room for a ` (2)`.
const MOST_BYTES: usize = 120;

/// What Windows keeps for itself, whatever stands after a dot.
const RESERVED: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// `Title, range.extension` without what some system does not take in a name, and not longer than any of them allows.
pub fn file_name(title: &str, range: Option<&str>, extension: &str) -> String {
    let range = range.map(plain).filter(|range| !range.is_empty());
    let tail = range.map_or_else(String::new, |range| format!(", {}", cut(&range, MOST_BYTES / 2)));
    let title = plain(title);
    let title = cut(&title, MOST_BYTES - tail.len() - extension.len() - 1);
    let name = if title.is_empty() { "Perch" } else { title };
    let reserved = is_reserved(name);
    let stem = format!("{}{name}{tail}", if reserved { "_" } else { "" });
    // Windows drops dots and spaces at the end.
    format!("{}.{extension}", stem.trim_end_matches(['.', ' ']))
}

/// On one line, with a space for what no name may hold, and without the dot that would hide it.
fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|character| match character {
            '/' | '\\' | ':' | '|' => Cow::Borrowed("-"),
            '<' | '>' | '"' | '?' | '*' => Cow::Borrowed(" "),
            _ if character.is_control() || is_invisible(character) => Cow::Borrowed(" "),
            _ => Cow::Owned(character.to_string()),
        })
        .collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ").trim_start_matches(['.', '-', '~', ' ']).trim_end_matches(['.', ' ']).to_owned()
}

/// Marks that turn a name around or hide in it.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// As many of the first letters as take no more than `bytes`.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end_matches(['.', ' '])
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device).map(|number| number.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    RESERVED.contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_says_which_tile_and_which_days() {
        assert_eq!(file_name("Top pages", Some("14 – 20 Nov 2026"), "png"), "Top pages, 14 – 20 Nov 2026.png");
        assert_eq!(file_name("Umsatz nach Ländern", None, "csv"), "Umsatz nach Ländern.csv");
    }

    #[test]
    fn what_a_system_does_not_take_is_left_out() {
        let cases = [
            ("a/b\\c:d", "a-b-c-d.png"),
            ("../../etc/passwd", "etc-passwd.png"),
            ("<b>\"x\"?*|</b>", "b x - -b.png"),
            (" .hidden. ", "hidden.png"),
            ("line\nbreak\u{0}\u{202e}gnp.exe", "line break gnp.exe.png"),
            ("", "Perch.png"),
            ("…", "….png"),
            ("con", "_con.png"),
            ("Com1.tar", "_Com1.tar.png"),
            ("LPT¹", "_LPT¹.png"),
            ("console", "console.png"),
            ("-rf", "rf.png"),
        ];
        for (title, name) in cases {
            assert_eq!(file_name(title, None, "png"), name, "{title:?}");
        }
    }

    proptest! {
        #[test]
        fn any_words_make_a_name_that_every_system_takes(title in any::<String>(), range in prop::option::of(any::<String>())) {
            let name = file_name(&title, range.as_deref(), "json");
            prop_assert!(name.len() <= 130 && name.ends_with(".json") && name.len() > 5, "{name}");
            prop_assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']) && !name.contains(char::is_control));
            prop_assert!(!name.starts_with(['.', ' ', '-']) && !name.contains(" .json") && !is_reserved(&name));
        }
    }
}
