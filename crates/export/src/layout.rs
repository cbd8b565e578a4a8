//! Where the tiles of a dashboard stand on pages: in the grid of the screen, broken where no tile is torn.

use perch_chart::Size;

/// The grid has as many columns as on the screen.
const COLUMNS: usize = 12;

// In CSS pixels of the page.
/// The width of the page.
pub(crate) const WIDTH: f32 = 992.0;
/// The height of the page: A4, whose sides are as 1 to the root of 2.
pub(crate) const HEIGHT: f32 = 1403.0;
/// Around everything.
pub(crate) const MARGIN: f32 = 56.0;
/// What the dashboard's title and what is said of it take of the first page.
pub(crate) const HEADER: f32 = 96.0;
/// What the page's number takes of each.
const FOOTER: f32 = 28.0;
/// A tile's title.
pub(crate) const TITLE: f32 = 34.0;
const ROW: f32 = 76.0;
const GAP: f32 = 18.0;

/// How much of the grid a tile takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Columns, 1 to 12.
    pub columns: u8,
    /// Rows.
    pub rows: u8,
}

/// Where a tile stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Counted from 0.
    pub(crate) page: usize,
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// Where all tiles of a dashboard stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub(crate) places: Vec<Place>,
}

/// A tile in the endless grid of the screen.
#[derive(Debug, Clone, Copy)]
struct Cell {
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
}

impl Layout {
    /// Lays tiles out in their order.
    pub fn of(spans: &[Span]) -> Self {
        let cells = grid(spans);
        let mut places = vec![Place { page: 0, left: 0.0, top: 0.0, width: 0.0, height: 0.0 }; cells.len()];
        let mut page = 0;
        let mut top = MARGIN + HEADER;
        for band in bands(&cells) {
            let mut rest = band;
            while !rest.is_empty() {
                let first = rest.iter().map(|tile| cells[*tile].row).min().unwrap_or(0);
                let end = |tile: usize| cells[tile].row + cells[tile].rows - first;
                let needed = rest.iter().map(|tile| extent(end(*tile))).fold(0.0, f32::max);
                if needed > bottom() - top && top > MARGIN + HEADER {
                    (page, top) = (page + 1, MARGIN);
                }
                // A tile higher than a page is made as high as one; any other waits for the next page.
                let room = bottom() - top;
                let fits = |tile: &usize| extent(end(*tile)) <= room || cells[*tile].row == first;
                let (now, later): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(fits);
                let mut used = 0.0_f32;
                for tile in now {
                    let cell = cells[tile];
                    let above = extent(cell.row - first) + if cell.row > first { GAP } else { 0.0 };
                    let height = extent(cell.rows).min(room - above);
                    places[tile] = Place {
                        page,
                        left: MARGIN + cell.column as f32 * (column() + GAP),
                        top: top + above,
                        width: cell.columns as f32 * (column() + GAP) - GAP,
                        height,
                    };
                    used = used.max(above + height);
                }
                top += used + GAP;
                rest = later;
                if !rest.is_empty() {
                    (page, top) = (page + 1, MARGIN);
                }
            }
        }
        Self { places }
    }

    /// In which size each tile's picture is to be drawn.
    pub fn sizes(&self) -> impl Iterator<Item = Size> {
        self.places
            .iter()
            .map(|place| Size { width: place.width as u32, height: (place.height - TITLE).max(1.0) as u32 })
    }

    /// How many pages there are: one at least.
    pub fn pages(&self) -> usize {
        self.places.iter().map(|place| place.page + 1).max().unwrap_or(1)
    }
}

fn column() -> f32 {
    (WIDTH - 2.0 * MARGIN - (COLUMNS - 1) as f32 * GAP) / COLUMNS as f32
}

fn bottom() -> f32 {
    HEIGHT - MARGIN - FOOTER
}

/// The height of some rows with the gaps between them.
fn extent(rows: usize) -> f32 {
    (rows as f32 * (ROW + GAP) - GAP).max(0.0)
}

/// As CSS places what says only how much it spans: forward from the last, in the first place that is free
/// (CSS Grid Layout 1, §8.5, sparse packing).
fn grid(spans: &[Span]) -> Vec<Cell> {
    let mut taken: Vec<[bool; COLUMNS]> = Vec::new();
    let (mut row, mut column) = (0, 0);
    let mut cells = Vec::with_capacity(spans.len());
    for span in spans {
        let columns = usize::from(span.columns).clamp(1, COLUMNS);
        let rows = usize::from(span.rows).max(1);
        loop {
            if column + columns > COLUMNS {
                (row, column) = (row + 1, 0);
            }
            if taken.len() < row + rows {
                taken.resize(row + rows, [false; COLUMNS]);
            }
            let is_free = taken[row..row + rows].iter().all(|line| !line[column..column + columns].contains(&true));
            if is_free {
                break;
            }
            column += 1;
        }
        for line in &mut taken[row..row + rows] {
            line[column..column + columns].fill(true);
        }
        cells.push(Cell { row, column, rows, columns });
    }
    cells
}

/// The tiles between two lines of the grid that no tile crosses: what should stay on one page.
fn bands(cells: &[Cell]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|tile| (cells[*tile].row, cells[*tile].column));
    let mut bands: Vec<Vec<usize>> = Vec::new();
    let mut end = 0;
    for tile in order {
        let cell = cells[tile];
        match bands.last_mut().filter(|_| cell.row < end) {
            Some(band) => band.push(tile),
            None => bands.push(vec![tile]),
        }
        end = end.max(cell.row + cell.rows);
    }
    bands
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(columns: u8, rows: u8) -> Span {
        Span { columns, rows }
    }

    #[test]
    fn tiles_stand_as_on_the_screen() {
        let cells = grid(&[span(3, 2), span(3, 2), span(6, 2), span(8, 4), span(4, 2), span(4, 2), span(12, 1)]);
        let places: Vec<_> = cells.iter().map(|cell| (cell.row, cell.column)).collect();
        assert_eq!(places, [(0, 0), (0, 3), (0, 6), (2, 0), (2, 8), (4, 8), (6, 0)]);
    }

    #[test]
    fn a_row_of_tiles_that_does_not_fit_goes_to_the_next_page_whole() {
        let layout = Layout::of(&[span(12, 8), span(6, 3), span(6, 8), span(12, 2)]);
        let pages: Vec<_> = layout.places.iter().map(|place| place.page).collect();
        assert_eq!(pages, [0, 1, 1, 1]);
        assert_eq!(layout.places[1].top, MARGIN);
        assert_eq!(layout.pages(), 2);
    }

    #[test]
    fn a_tile_higher_than_a_page_is_made_as_high_as_one() {
        let layout = Layout::of(&[span(12, 20)]);
        assert_eq!(layout.pages(), 1);
        assert!(layout.places[0].height < HEIGHT && layout.places[0].height > 1000.0);
    }

    #[test]
    fn a_dashboard_without_tiles_is_a_page() {
        assert_eq!(Layout::of(&[]).pages(), 1);
    }

    proptest! {
        #[test]
        fn no_tile_meets_another_or_leaves_its_page(
            spans in prop::collection::vec((1u8..=12, 1u8..=20).prop_map(|(columns, rows)| Span { columns, rows }), 0..40),
        ) {
            let layout = Layout::of(&spans);
            for (index, a) in layout.places.iter().enumerate() {
                prop_assert!(a.left >= MARGIN - 0.01 && a.left + a.width <= WIDTH - MARGIN + 0.01);
                prop_assert!(a.top >= MARGIN - 0.01 && a.top + a.height <= bottom() + 0.01 && a.height > TITLE, "{a:?}");
                for b in &layout.places[..index] {
                    let apart = a.page != b.page
                        || a.left >= b.left + b.width
                        || b.left >= a.left + a.width
                        || a.top >= b.top + b.height
                        || b.top >= a.top + a.height;
                    prop_assert!(apart, "{a:?} and {b:?}");
                }
            }
            let mut pages: Vec<_> = layout.places.iter().map(|place| place.page).collect();
            pages.sort_unstable();
            pages.dedup();
            prop_assert_eq!(pages.len(), if spans.is_empty() { 0 } else { layout.pages() }, "no page is empty");
        }
    }
}
