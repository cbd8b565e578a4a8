//! What is wrong with a file, where, and what to write instead.

use std::fmt;

use perch_tenant::Place;

/// One thing to put right in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Problem {
    /// A problem at a byte offset into `text`.
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let Place { line, column } = Place::of(text, offset);
        Self { line, column, message: readable(message.into()) }
    }
}

/// Most of what a message says.
const LONGEST_MESSAGE: usize = 600;

/// A message that repeats a word of a million letters says how it begins, and how the sentence ends. One that repeats
/// what would steer a terminal, or begin another line, says that something stood there.
fn readable(message: String) -> String {
    let message: String = message.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect();
    let letters = message.chars().count();
    if letters <= LONGEST_MESSAGE {
        return message;
    }
    let half = LONGEST_MESSAGE / 2;
    let start: String = message.chars().take(half).collect();
    let end: String = message.chars().skip(letters - half).collect();
    format!("{start} … {end}")
}

/// Control characters, and those that turn the direction of writing (UAX #9, 2).
fn steers(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The text of a file, without its byte order mark.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            Err(Problem::at(&before, before.len(), "this is not text in UTF-8; save the file as UTF-8"))
        }
    }
}

/// A word longer than this is no slip of the pen.
const LONGEST_WORD: usize = 100;

/// The one of `known` that was probably meant by `written`.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST_WORD {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written.to_lowercase(), name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_key_and_another_word_does_not() {
        let known = ["title", "pipe", "width", "refresh"];
        assert_eq!(nearest("widht", known), Some("width"));
        assert_eq!(nearest("Tilte", known), Some("title"));
        assert_eq!(nearest("refesh", known), Some("refresh"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_at_their_place() {
        let problem = text(b"a = 1\nb = \"\xff\"").expect_err("not text");
        assert_eq!((problem.line, problem.column), (2, 6));
        assert_eq!(text(b"\xef\xbb\xbfa"), Ok("a"));
    }
}
