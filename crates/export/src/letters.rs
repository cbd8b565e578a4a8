//! Letters that the bundled fonts lack, from fonts that somebody else chose.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use resvg::usvg::fontdb::{Database, FaceInfo, ID, Style};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Fonts to look for letters in.
pub(crate) struct Letters {
    fonts: Arc<Database>,
    /// The likeliest first: upright and plain ones.
    faces: Vec<ID>,
    /// Who has a letter, once somebody asked for it.
    known: Mutex<HashMap<char, Option<ID>>>,
}

impl Letters {
    /// Looks in all fonts of a database but these.
    pub(crate) fn behind(fonts: Database, bundled: &[ID]) -> Self {
        let mut faces: Vec<&FaceInfo> = fonts.faces().filter(|face| !bundled.contains(&face.id)).collect();
        faces.sort_by_cached_key(|face| {
            let family = face.families.first().map_or_else(String::new, |(name, _)| name.clone());
            let is_sans = family.contains("Sans") || family.contains("Gothic");
            let boldness = face.weight.0.abs_diff(400);
            (face.style != Style::Normal, face.monospaced, !is_sans, boldness, family)
        });
        let faces = faces.into_iter().map(|face| face.id).collect();
        Self { fonts: Arc::new(fonts), faces, known: Mutex::default() }
    }

    /// All of the fonts.
    pub(crate) fn fonts(&self) -> Arc<Database> {
        Arc::clone(&self.fonts)
    }

    /// A face that can draw a letter and was not tried yet.
    pub(crate) fn face(&self, character: char, tried: &[ID]) -> Option<ID> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || self.faces.iter().copied().find(|face| self.draws(*face, character));
        known.entry(character).or_insert_with(find).filter(|face| !tried.contains(face))
    }

    /// Whether a face has outlines for a letter: a picture of one, as emoji often are, cannot be painted.
    fn draws(&self, face: ID, character: char) -> bool {
        let draws = self.fonts.with_face_data(face, |data, index| {
            let face = Face::parse(data, index).ok()?;
            let glyph = face.glyph_index(character).filter(|glyph| *glyph != GlyphId(0))?;
            let is_seen = face.outline_glyph(glyph, &mut Unseen).is_some() || face.is_color_glyph(glyph);
            Some(is_seen || character.is_whitespace())
        });
        draws.flatten().unwrap_or(false)
    }
}

/// Draws nothing.
struct Unseen;

impl OutlineBuilder for Unseen {
    fn move_to(&mut self, _: f32, _: f32) {}
    fn line_to(&mut self, _: f32, _: f32) {}
    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {}
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}
    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use perch_chart::page;

    use super::*;

    #[test]
    fn a_letter_comes_from_a_plain_face_that_has_it_and_only_once() {
        let mut fonts = Database::new();
        page::FACES.iter().rev().for_each(|face| fonts.load_font_data(face.to_vec()));
        let letters = Letters::behind(fonts, &[]);
        let face = letters.face('a', &[]).expect("a face");
        assert_eq!(letters.fonts().face(face).map(|face| face.weight.0), Some(400), "rather than the bold one");
        assert_eq!(letters.face('a', &[face]), None, "it was tried");
        assert_eq!(letters.face('漢', &[]), None, "nobody has it");
        let bundled: Vec<ID> = letters.faces.clone();
        assert_eq!(Letters::behind(Database::clone(&letters.fonts()), &bundled).face('a', &[]), None);
    }
}
