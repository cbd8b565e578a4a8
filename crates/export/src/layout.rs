//! Where the tiles of a dashboard stand on pages: in the grids of the screen, one for each tab and section, broken where
//! no tile is torn and no heading is left alone at the foot of a page.

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
/// What the page's number takes of each.
const FOOTER: f32 = 28.0;
/// A tile's title.
pub(crate) const TITLE: f32 = 34.0;
const ROW: f32 = 76.0;
const GAP: f32 = 18.0;
/// What a heading takes of a page, and what keeps it from the tiles above it.
const TAB: (f32, f32) = (40.0, 16.0);
const SECTION: (f32, f32) = (32.0, 6.0);

/// How much of the grid a tile takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Columns, 1 to 12.
    pub columns: u8,
    /// Rows.
    pub rows: u8,
}

/// Tiles in a grid of their own, and the headings that come with it.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The name of the tab that begins here.
    pub tab: Option<String>,
    /// The name of the section that begins here.
    pub section: Option<String>,
    /// The tiles, in their order.
    pub tiles: Vec<Span>,
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
    /// How deep its heading is: 2 is right below the dashboard's own.
    pub(crate) level: u16,
}

/// Where a heading stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heading {
    pub(crate) text: String,
    /// Whether it is a tab's, and not a section's.
    pub(crate) is_tab: bool,
    pub(crate) page: usize,
    pub(crate) baseline: f32,
    /// As [`Place::level`].
    pub(crate) level: u16,
    /// The tile that it stands before.
    pub(crate) before: usize,
}

/// Where all tiles of a dashboard stand, and the headings between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub(crate) places: Vec<Place>,
    pub(crate) headings: Vec<Heading>,
}

/// A tile in the endless grid of the screen.
#[derive(Debug, Clone, Copy)]
struct Cell {
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
}

/// Where the next thing goes: from the first page's tiles on, downwards.
struct Pen {
    page: usize,
    top: f32,
    /// Whether something stands on the page, besides what is on each.
    is_used: bool,
}

impl Pen {
    fn turn(&mut self) {
        *self = Self { page: self.page + 1, top: MARGIN, is_used: false };
    }

    fn room(&self) -> f32 {
        bottom() - self.top
    }

    /// Puts something of this height here, and tells where it begins.
    fn put(&mut self, height: f32) -> f32 {
        let top = self.top;
        (self.top, self.is_used) = (top + height, true);
        top
    }
}

impl Layout {
    /// Lays tiles out in their order, on a first page whose head is as high as `head`.
    pub fn of(head: f32, groups: &[Group]) -> Self {
        let mut layout = Self { places: Vec::new(), headings: Vec::new() };
        let mut pen = Pen { page: 0, top: MARGIN + head, is_used: false };
        let mut is_in_tab = false;
        for group in groups {
            is_in_tab |= group.tab.is_some();
            let level = 2 + u16::from(is_in_tab) + u16::from(group.section.is_some());
            let cells = grid(&group.tiles);
            let bands = bands(&cells);
            let first = bands.first().map_or(0.0, |band| needed(&cells, band));
            if group.headings() + first > pen.room() && pen.is_used {
                pen.turn();
            }
            layout.name(group, level, &mut pen);
            layout.fill(&cells, bands, level, &mut pen);
        }
        layout
    }

    /// Puts a group's headings on the page.
    fn name(&mut self, group: &Group, level: u16, pen: &mut Pen) {
        let is_nested = group.section.is_some();
        let names = [(&group.tab, TAB, level - 1 - u16::from(is_nested)), (&group.section, SECTION, level - 1)];
        for (index, (name, (height, above), level)) in names.into_iter().enumerate() {
            let Some(text) = name.clone() else { continue };
            let above = if pen.is_used { above } else { 0.0 };
            let top = pen.put(height + above) + above;
            let (page, before) = (pen.page, self.places.len());
            let baseline = top + height - 14.0;
            self.headings.push(Heading { text, is_tab: index == 0, page, baseline, level, before });
        }
    }

    /// Puts a group's tiles on the page and those after it.
    fn fill(&mut self, cells: &[Cell], bands: Vec<Vec<usize>>, level: u16, pen: &mut Pen) {
        let start = self.places.len();
        let nowhere = Place { page: 0, left: 0.0, top: 0.0, width: 0.0, height: 0.0, level };
        self.places.resize(start + cells.len(), nowhere);
        for (number, band) in bands.into_iter().enumerate() {
            // The first stays with its headings, which looked for room for both.
            if number > 0 && needed(cells, &band) > pen.room() && pen.is_used {
                pen.turn();
            }
            let mut rest = band;
            while !rest.is_empty() {
                let first = rest.iter().map(|tile| cells[*tile].row).min().unwrap_or(0);
                let end = |tile: usize| cells[tile].row + cells[tile].rows - first;
                // A tile higher than a page is made as high as one; any other waits for the next page.
                let room = pen.room();
                let fits = |tile: &usize| extent(end(*tile)) <= room || cells[*tile].row == first;
                let (now, later): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(fits);
                let mut used = 0.0_f32;
                for tile in now {
                    let cell = cells[tile];
                    let above = extent(cell.row - first) + if cell.row > first { GAP } else { 0.0 };
                    let height = extent(cell.rows).min(room - above);
                    self.places[start + tile] = Place {
                        page: pen.page,
                        left: MARGIN + cell.column as f32 * (column() + GAP),
                        top: pen.top + above,
                        width: cell.columns as f32 * (column() + GAP) - GAP,
                        height,
                        level,
                    };
                    used = used.max(above + height);
                }
                pen.put(used + GAP);
                rest = later;
                if !rest.is_empty() {
                    pen.turn();
                }
            }
        }
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

impl Group {
    /// How high its headings are together.
    fn headings(&self) -> f32 {
        let of = |name: &Option<String>, (height, above): (f32, f32)| if name.is_some() { height + above } else { 0.0 };
        of(&self.tab, TAB) + of(&self.section, SECTION)
    }
}

/// The height that tiles take from the first of their rows to the last.
fn needed(cells: &[Cell], band: &[usize]) -> f32 {
    let first = band.iter().map(|tile| cells[*tile].row).min().unwrap_or(0);
    let last = band.iter().map(|tile| cells[*tile].row + cells[*tile].rows).max().unwrap_or(first);
    extent(last - first)
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

    const HEAD: f32 = 96.0;

    fn span(columns: u8, rows: u8) -> Span {
        Span { columns, rows }
    }

    fn group(tab: Option<&str>, section: Option<&str>, tiles: &[Span]) -> Group {
        Group { tab: tab.map(str::to_owned), section: section.map(str::to_owned), tiles: tiles.to_vec() }
    }

    fn flat(tiles: &[Span]) -> Layout {
        Layout::of(HEAD, &[group(None, None, tiles)])
    }

    #[test]
    fn tiles_stand_as_on_the_screen() {
        let cells = grid(&[span(3, 2), span(3, 2), span(6, 2), span(8, 4), span(4, 2), span(4, 2), span(12, 1)]);
        let places: Vec<_> = cells.iter().map(|cell| (cell.row, cell.column)).collect();
        assert_eq!(places, [(0, 0), (0, 3), (0, 6), (2, 0), (2, 8), (4, 8), (6, 0)]);
    }

    #[test]
    fn a_row_of_tiles_that_does_not_fit_goes_to_the_next_page_whole() {
        let layout = flat(&[span(12, 8), span(6, 3), span(6, 8), span(12, 2)]);
        let pages: Vec<_> = layout.places.iter().map(|place| place.page).collect();
        assert_eq!(pages, [0, 1, 1, 1]);
        assert_eq!(layout.places[1].top, MARGIN);
        assert_eq!(layout.pages(), 2);
    }

    #[test]
    fn a_tile_higher_than_a_page_is_made_as_high_as_one() {
        let layout = flat(&[span(12, 20)]);
        assert_eq!(layout.pages(), 1);
        assert!(layout.places[0].height < HEIGHT && layout.places[0].height > 1000.0);
    }

    #[test]
    fn a_heading_stands_above_its_tiles_and_goes_with_them_to_the_next_page() {
        let groups = [
            group(None, None, &[span(12, 2)]),
            group(Some("Traffic"), None, &[span(12, 4)]),
            group(None, Some("People"), &[span(6, 3), span(6, 3)]),
            group(Some("Sources"), Some("Sites"), &[span(12, 4)]),
        ];
        let layout = Layout::of(HEAD, &groups);
        let told: Vec<_> = layout
            .headings
            .iter()
            .map(|heading| (heading.text.as_str(), heading.is_tab, heading.page, heading.level, heading.before))
            .collect();
        assert_eq!(
            told,
            [
                ("Traffic", true, 0, 2, 1),
                ("People", false, 0, 3, 2),
                ("Sources", true, 1, 2, 4),
                ("Sites", false, 1, 3, 4),
            ]
        );
        assert_eq!(layout.places.iter().map(|place| place.level).collect::<Vec<_>>(), [2, 3, 4, 4, 4]);
        for heading in &layout.headings {
            let place = layout.places[heading.before];
            assert!(place.page == heading.page && heading.baseline < place.top, "{heading:?} above {place:?}");
            assert!(heading.baseline > MARGIN, "{heading:?}");
        }
    }

    #[test]
    fn a_dashboard_without_tiles_is_a_page() {
        assert_eq!(flat(&[]).pages(), 1);
    }

    proptest! {
        #[test]
        fn no_tile_meets_another_or_leaves_its_page(
            groups in prop::collection::vec(
                (any::<bool>(), any::<bool>(), prop::collection::vec((1u8..=12, 1u8..=20), 1..12)), 0..6),
        ) {
            let groups: Vec<Group> = groups
                .into_iter()
                .map(|(tab, section, spans)| {
                    let spans: Vec<Span> = spans.into_iter().map(|(columns, rows)| span(columns, rows)).collect();
                    group(tab.then_some("tab"), section.then_some("section"), &spans)
                })
                .collect();
            let layout = Layout::of(HEAD, &groups);
            prop_assert_eq!(layout.places.len(), groups.iter().map(|group| group.tiles.len()).sum::<usize>());
            for heading in &layout.headings {
                let below = layout.places[heading.before];
                prop_assert!(below.page == heading.page && below.top > heading.baseline, "{heading:?} and {below:?}");
                for place in layout.places.iter().filter(|place| place.page == heading.page) {
                    let (top, end) = (heading.baseline - 16.0, heading.baseline + 4.0);
                    prop_assert!(place.top >= end || place.top + place.height <= top, "{heading:?} in {place:?}");
                }
            }
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
            prop_assert_eq!(pages.len(), if groups.is_empty() { 0 } else { layout.pages() }, "no page is empty");
        }
    }
}
