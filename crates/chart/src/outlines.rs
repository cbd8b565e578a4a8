//! The countries of the Earth: what they are called, and their outlines, as coarse as a picture can bear.
//!
//! `map/README.md` says where they come from and how the file is written.

use std::collections::HashMap;
use std::sync::OnceLock;

/// From the left end of the map to its right one, in the file's grid.
pub(crate) const WIDTH: f32 = 16_384.0;
/// From the north of Greenland to Cape Horn.
pub(crate) const HEIGHT: f32 = 7_080.0;
/// What the smallest letter says, in squares of the grid.
const FINEST: f32 = 32.0;

/// A country, or land without a code.
#[derive(Debug)]
pub(crate) struct Country {
    /// ISO 3166-1's two letters.
    pub(crate) code: &'static str,
    /// What a reader calls it.
    pub(crate) name: &'static str,
    /// Where a dot stands for it.
    pub(crate) dot: (f32, f32),
    /// The largest first.
    pub(crate) outlines: Vec<Outline>,
}

/// A closed line.
#[derive(Debug)]
pub(crate) struct Outline {
    /// In squares of the grid.
    pub(crate) area: f32,
    corners: Vec<Corner>,
}

#[derive(Debug)]
struct Corner {
    x: i32,
    y: i32,
    /// The triangle that it makes with its neighbours, in squares of the grid.
    weight: f32,
}

impl Outline {
    /// The corners that matter where so many squares of the grid cannot be seen. None if too few are left.
    pub(crate) fn simplified(&self, unseen: f32) -> Option<Vec<(f32, f32)>> {
        let seen = self.corners.iter().filter(|corner| corner.weight >= unseen);
        let corners: Vec<(f32, f32)> = seen.map(|corner| (corner.x as f32, corner.y as f32)).collect();
        (corners.len() >= 3).then_some(corners)
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Atlas {
    pub(crate) countries: Vec<Country>,
    /// By codes and names, in small letters.
    by_name: HashMap<String, usize>,
}

impl Atlas {
    /// The one that this program holds.
    pub(crate) fn bundled() -> &'static Self {
        static ATLAS: OnceLock<Atlas> = OnceLock::new();
        ATLAS.get_or_init(|| Self::read(include_str!("../map/countries.txt")))
    }

    fn read(file: &'static str) -> Self {
        let mut atlas = Self { countries: Vec::new(), by_name: HashMap::new() };
        for line in file.lines() {
            let mut fields = line.split('\t');
            let mut field = || fields.next().unwrap_or_default();
            let (alpha2, alpha3, names, dot, outlines) = (field(), field(), field(), field(), field());
            let index = atlas.countries.len();
            for known in names.split('|').chain([alpha2, alpha3]).filter(|known| !known.is_empty()) {
                atlas.by_name.insert(fold(known), index);
            }
            let (x, y) = dot.split_once(' ').unwrap_or_default();
            atlas.countries.push(Country {
                code: alpha2,
                name: names.split('|').next().unwrap_or_default(),
                dot: (x.parse().unwrap_or_default(), y.parse().unwrap_or_default()),
                outlines: outlines.split(' ').filter(|outline| !outline.is_empty()).map(outline).collect(),
            });
        }
        atlas
    }

    /// The country of a code of two or three letters, or of an English name, in whatever case.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        // The dashes stand for land that has no code.
        self.by_name.get(&fold(text)).copied().filter(|index| !self.countries[*index].name.is_empty())
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

fn outline(text: &str) -> Outline {
    let letters: Vec<usize> =
        text.match_indices(|letter: char| letter.is_ascii_lowercase()).map(|(at, _)| at).collect();
    let ends = letters.iter().skip(1).copied().chain([text.len()]);
    let (mut x, mut y) = (0, 0);
    let corners = letters.iter().zip(ends).map(|(at, end)| {
        let steps = &text[at + 1..end];
        let (dx, dy) = steps.split_at(steps.rfind(['+', '-']).unwrap_or_default());
        x += dx.parse::<i32>().unwrap_or_default();
        y += dy.parse::<i32>().unwrap_or_default();
        Corner { x, y, weight: weight(text.as_bytes()[*at]) }
    });
    let corners: Vec<Corner> = corners.collect();
    Outline { area: area(&corners), corners }
}

fn weight(letter: u8) -> f32 {
    match letter {
        b'z' => f32::INFINITY,
        _ => FINEST * f32::from(1_u16 << (letter - b'a').min(15)),
    }
}

fn area(corners: &[Corner]) -> f32 {
    let next = corners.iter().cycle().skip(1);
    let twice: i64 =
        corners.iter().zip(next).map(|(a, b)| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y)).sum();
    twice.abs() as f32 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_found_by_its_codes_and_names() {
        let atlas = Atlas::bundled();
        let name = |text: &str| atlas.find(text).map(|index| atlas.countries[index].name);
        for text in ["DE", "de", "DEU", "Germany", " germany "] {
            assert_eq!(name(text), Some("Germany"), "{text}");
        }
        let cases = [("US", "United States"), ("United States of America", "United States"), ("UK", "United Kingdom")];
        let more = [("CD", "DR Congo"), ("Congo", "Congo"), ("Ivory Coast", "Côte d’Ivoire"), ("XK", "Kosovo")];
        for (text, expected) in cases.into_iter().chain(more) {
            assert_eq!(name(text), Some(expected), "{text}");
        }
        for text in ["", "--", "---", "XX", "Atlantis", "D", "AQ"] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn every_country_has_a_place_on_the_map() {
        let atlas = Atlas::bundled();
        assert!(atlas.countries.len() >= 249, "ISO 3166-1 without Antarctica, and Kosovo");
        for country in &atlas.countries {
            let mut places: Vec<(f32, f32)> =
                country.outlines.iter().flat_map(|outline| outline.simplified(0.0).expect("corners")).collect();
            places.push(country.dot);
            let inside = |(x, y): &(f32, f32)| (0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y);
            assert!(places.iter().all(inside), "{}", country.name);
        }
    }

    /// Equal Earth is equal in area: what the outlines cover is what the countries have, as shares of Brazil.
    #[test]
    fn a_country_is_as_large_as_on_the_earth() {
        let atlas = Atlas::bundled();
        let area = |code: &str| {
            let country = &atlas.countries[atlas.find(code).expect(code)];
            country.outlines.iter().map(|outline| outline.area).sum::<f32>()
        };
        for (code, square_kilometres) in
            [("AU", 7.69e6), ("IN", 3.29e6), ("DE", 0.357e6), ("GL", 2.17e6), ("CD", 2.34e6)]
        {
            let share = area(code) / area("BR");
            let expected: f32 = square_kilometres / 8.51e6;
            assert!((share / expected - 1.0).abs() < 0.06, "{code}: {share} for {expected}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_of_an_outline() {
        let atlas = Atlas::bundled();
        let norway = &atlas.countries[atlas.find("NO").expect("Norway")].outlines[0];
        let corners = |unseen| norway.simplified(unseen).map_or(0, |corners| corners.len());
        assert!(corners(0.0) > 2 * corners(300.0) && corners(300.0) > corners(5_000.0), "{}", corners(300.0));
    }
}
