//! The cells of one column: one vector of machine words, or one run of text.
//!
//! A column of a million numbers is eight million bytes and nothing else; a
//! column of texts is their bytes end to end and where each ends. Nulls stand
//! beside the cells, one bit a row, and cost nothing where there are none.

use crate::kind::{Storage, Unit};

/// The cells of one column, nulls included.
#[derive(Debug, Clone)]
pub struct Values {
    pub(crate) cells: Cells,
    pub(crate) nulls: Nulls,
}

/// What the cells are. A null's cell holds the type's zero.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    UInt(Vec<u64>),
    Float(Vec<f64>),
    Time(Vec<i64>, Unit),
    Text(Texts),
    /// A number in its own digits.
    Digits(Texts),
    /// The JSON of whatever is neither number, time nor text.
    Json(Texts),
}

impl Cells {
    /// No cells, to be kept as `storage` says.
    pub(crate) fn none(storage: Storage) -> Self {
        match storage {
            Storage::Bool => Self::Bool(Vec::new()),
            Storage::Int => Self::Int(Vec::new()),
            Storage::UInt => Self::UInt(Vec::new()),
            Storage::Float => Self::Float(Vec::new()),
            Storage::Time(unit) => Self::Time(Vec::new(), unit),
            Storage::Digits => Self::Digits(Texts::default()),
            Storage::Text => Self::Text(Texts::default()),
            Storage::Json => Self::Json(Texts::default()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bool(cells) => cells.len(),
            Self::Int(cells) | Self::Time(cells, _) => cells.len(),
            Self::UInt(cells) => cells.len(),
            Self::Float(cells) => cells.len(),
            Self::Text(texts) | Self::Digits(texts) | Self::Json(texts) => texts.len(),
        }
    }

    /// Makes room for `more` cells.
    pub(crate) fn reserve(&mut self, more: usize) {
        match self {
            Self::Bool(cells) => cells.reserve_exact(more),
            Self::Int(cells) | Self::Time(cells, _) => cells.reserve_exact(more),
            Self::UInt(cells) => cells.reserve_exact(more),
            Self::Float(cells) => cells.reserve_exact(more),
            Self::Text(texts) | Self::Digits(texts) | Self::Json(texts) => texts.ends.reserve_exact(more),
        }
    }

    /// Makes room for the bytes of `more` texts as long as those that are there,
    /// and no more than the `left` bytes that they can come from.
    pub(crate) fn reserve_bytes(&mut self, more: usize, left: usize) {
        if let Self::Text(texts) | Self::Digits(texts) | Self::Json(texts) = self {
            let bytes = texts.bytes.len().saturating_mul(more) / texts.len().max(1);
            // Others are longer, by some.
            texts.bytes.reserve_exact((bytes + bytes / 16).min(left));
        }
    }

    /// Gives back the room that was not needed.
    pub(crate) fn shrink(&mut self) {
        match self {
            Self::Bool(cells) => shrink(cells),
            Self::Int(cells) | Self::Time(cells, _) => shrink(cells),
            Self::UInt(cells) => shrink(cells),
            Self::Float(cells) => shrink(cells),
            Self::Text(texts) | Self::Digits(texts) | Self::Json(texts) => texts.shrink(),
        }
    }
}

impl Values {
    /// No cells, to be kept as `storage` says.
    pub(crate) fn none(storage: Storage) -> Self {
        Self::whole(Cells::none(storage))
    }

    /// Times in microseconds since 1970-01-01T00:00:00 on the column's own
    /// wall clock.
    pub fn times(micros: Vec<Option<i64>>) -> Self {
        Self::optional(micros, |ticks| Cells::Time(ticks, Unit::Second(6)))
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn whole(cells: Cells) -> Self {
        Self { cells, nulls: Nulls::default() }
    }

    fn optional<T: Copy + Default>(cells: Vec<Option<T>>, wrap: impl FnOnce(Vec<T>) -> Cells) -> Self {
        let mut nulls = Nulls::default();
        let cells = cells.into_iter().enumerate().map(|(row, cell)| {
            cell.unwrap_or_else(|| {
                nulls.set(row);
                T::default()
            })
        });
        let cells = cells.collect();
        Self { cells: wrap(cells), nulls }
    }
}

impl From<Vec<bool>> for Values {
    fn from(cells: Vec<bool>) -> Self {
        Self::whole(Cells::Bool(cells))
    }
}

impl From<Vec<i64>> for Values {
    fn from(cells: Vec<i64>) -> Self {
        Self::whole(Cells::Int(cells))
    }
}

impl From<Vec<u64>> for Values {
    fn from(cells: Vec<u64>) -> Self {
        Self::whole(Cells::UInt(cells))
    }
}

impl From<Vec<f64>> for Values {
    fn from(cells: Vec<f64>) -> Self {
        Self::whole(Cells::Float(cells))
    }
}

impl From<Vec<Option<f64>>> for Values {
    fn from(cells: Vec<Option<f64>>) -> Self {
        Self::optional(cells, Cells::Float)
    }
}

impl From<Vec<&str>> for Values {
    fn from(cells: Vec<&str>) -> Self {
        cells.into_iter().map(Some).collect::<Vec<_>>().into()
    }
}

impl From<Vec<Option<&str>>> for Values {
    fn from(cells: Vec<Option<&str>>) -> Self {
        let (mut texts, mut nulls) = (Texts::default(), Nulls::default());
        for (row, cell) in cells.into_iter().enumerate() {
            if cell.is_none() {
                nulls.set(row);
            }
            texts.push(cell.unwrap_or_default(), usize::MAX);
        }
        Self { cells: Cells::Text(texts), nulls }
    }
}

/// Many texts end to end, and where each ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str, left: usize) {
        self.extend(text, left);
        self.end();
    }

    /// Adds to the text that [`Texts::end`] will end. `left` is how many bytes
    /// can still come: there is never room for more than those.
    #[inline]
    pub(crate) fn extend(&mut self, piece: &str, left: usize) {
        if self.bytes.capacity() - self.bytes.len() < piece.len() {
            self.bytes.reserve_exact(piece.len() + self.bytes.len().min(left));
        }
        self.bytes.push_str(piece);
    }

    #[inline]
    pub(crate) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }

    pub(crate) fn shrink(&mut self) {
        if has_slack(self.bytes.len(), self.bytes.capacity()) {
            self.bytes.shrink_to_fit();
        }
        shrink(&mut self.ends);
    }
}

fn shrink<T>(cells: &mut Vec<T>) {
    if has_slack(cells.len(), cells.capacity()) {
        cells.shrink_to_fit();
    }
}

/// Whether so much room is unused that it is worth a copy to give it back.
fn has_slack(length: usize, capacity: usize) -> bool {
    capacity - length > length / 8
}

/// Which rows are null: one bit a row, as far as the last null.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nulls(Vec<u64>);

impl Nulls {
    pub(crate) fn set(&mut self, row: usize) {
        let word = row / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (row % 64);
    }

    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) fn holds(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }
}
