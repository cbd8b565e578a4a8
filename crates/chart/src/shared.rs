//! What many marks say alike: the names of series and their colours. A chart has thousands of marks and a handful of
//! both, so neither is written anew for each.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A text that costs nothing to say again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex([u8; 7]);

impl Name {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
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

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text.into())
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

text!(Name, Hex);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_written_in_two_digits_a_channel() {
        assert_eq!(Hex::of((0, 9, 255)), "#0009ff");
        assert_eq!(Hex::of((16, 171, 205)), "#10abcd");
    }

    #[test]
    fn names_and_colours_are_sent_as_plain_texts() {
        let sent = serde_json::to_string(&(Name::from("a \"b\""), Hex::of((1, 2, 3)))).expect("JSON");
        assert_eq!(sent, r##"["a \"b\"","#010203"]"##);
    }
}
