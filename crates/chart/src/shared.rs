//! What marks say, at little cost for each: a chart has thousands of them, so their words are short or pieces of one
//! text, and their values are stretches of one list.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::Entry;

/// A text that costs nothing to say again: a short one, or a piece of a longer one that others share.
#[derive(Clone)]
pub struct Words(Said);

/// As large as a shared piece alone: what is short has room beside its pointer.
#[derive(Clone)]
enum Said {
    Short { length: u8, bytes: [u8; SHORT] },
    Piece { whole: Arc<str>, from: u32, to: u32 },
}

const SHORT: usize = 15;

/// The values of a mark: a stretch of a list that others share, or all of it.
#[derive(Clone)]
pub struct Entries {
    all: Arc<Vec<Entry>>,
    from: u32,
    to: u32,
}

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex([u8; 7]);

impl Words {
    /// A piece of a text of less than 4 GiB; empty where it has no such piece.
    pub(crate) fn piece(whole: &Arc<str>, range: Range<u32>) -> Self {
        Self(Said::Piece { whole: Arc::clone(whole), from: range.start, to: range.end })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // It was a text before.
            Said::Short { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default(),
            Said::Piece { whole, from, to } => whole.get(*from as usize..*to as usize).unwrap_or_default(),
        }
    }
}

impl Entries {
    /// A stretch of a list; empty where it has no such stretch.
    pub(crate) fn stretch(all: &Arc<Vec<Entry>>, range: Range<u32>) -> Self {
        Self { all: Arc::clone(all), from: range.start, to: range.end }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        self.all.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

impl From<Vec<Entry>> for Entries {
    fn from(entries: Vec<Entry>) -> Self {
        Self { from: 0, to: entries.len() as u32, all: Arc::new(entries) }
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl Hex {
    /// Of red, green and blue.
    pub(crate) fn of((red, green, blue): (u8, u8, u8)) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"#rrggbb";
        for (index, channel) in [red, green, blue].into_iter().enumerate() {
            text[1 + 2 * index] = DIGITS[usize::from(channel >> 4)];
            text[2 + 2 * index] = DIGITS[usize::from(channel & 15)];
        }
        Self(text)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        // All of it is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..text.len()) {
            Some(room) => {
                room.copy_from_slice(text.as_bytes());
                Self(Said::Short { length: text.len() as u8, bytes })
            }
            None => Self::piece(&text.into(), 0..text.len() as u32),
        }
    }
}

impl From<&String> for Words {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Both are read, compared, printed and sent as the texts that they are.
macro_rules! text {
    ($($type:ty),+) => {$(
        impl Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl PartialEq<String> for $type {
            fn eq(&self, other: &String) -> bool {
                self.as_str() == other
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), formatter)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

text!(Words, Hex);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_in_two_digits_a_channel() {
        assert_eq!(Hex::of((0, 9, 255)), "#0009ff");
        assert_eq!(Hex::of((16, 171, 205)), "#10abcd");
    }

    #[test]
    fn words_and_colours_are_sent_as_plain_texts() {
        let sent = serde_json::to_string(&(Words::from("a \"b\""), Hex::of((1, 2, 3)))).expect("JSON");
        assert_eq!(sent, r##"["a \"b\"","#010203"]"##);
    }

    #[test]
    fn a_text_is_the_same_however_it_is_kept_and_a_short_one_takes_no_more_room() {
        for text in ["", "9", "fünfzehn Bytes", "exactly fifteen", "sixteen of bytes"] {
            assert_eq!(Words::from(text), text);
            assert_eq!(Words::from(text), Words::piece(&text.into(), 0..text.len() as u32));
        }
        assert_eq!(size_of::<Words>(), size_of::<(Arc<str>, u32, u32)>());
    }

    #[test]
    fn pieces_and_stretches_are_what_they_would_be_alone() {
        let whole: Arc<str> = "onetwo".into();
        let words = |range| Words::piece(&whole, range);
        assert_eq!((words(0..3), words(3..6)), (Words::from("one"), Words::from("two")));
        assert_eq!(words(4..9), "", "no such piece");
        let entry = |name| Entry { name, value: words(0..3), amount: None, color: Hex::of((1, 2, 3)), y: None };
        let all = Arc::new(vec![entry(words(0..3)), entry(words(3..6))]);
        assert_eq!(Entries::stretch(&all, 1..2), Entries::from(vec![entry("two".into())]));
        assert!(Entries::stretch(&all, 1..3).is_empty(), "no such stretch");
    }
}
