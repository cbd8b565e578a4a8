//! Which time a picture is compared with, and what that is called in it.

/// The earlier time of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Earlier {
    /// The period before.
    #[default]
    Period,
    /// The same days a year before.
    Year,
}

impl Earlier {
    /// What it is called in a legend and a tooltip, and to turn it off.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Period => "Before",
            Self::Year => "Year before",
        }
    }

    /// The same after another word.
    pub(crate) fn after_a_word(self) -> &'static str {
        match self {
            Self::Period => "before",
            Self::Year => "year before",
        }
    }

    /// Where there is no value to compare with: in the picture, and in a sentence.
    pub(crate) fn without_value(self) -> (&'static str, &'static str) {
        match self {
            Self::Period => ("No value before", "no value in the period before"),
            Self::Year => ("No value a year before", "no value a year before"),
        }
    }

    /// What a sentence says after the earlier value: nothing of the usual one.
    pub(crate) fn behind_a_value(self) -> &'static str {
        match self {
            Self::Period => "",
            Self::Year => " a year before",
        }
    }
}
