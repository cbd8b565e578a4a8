//! An SVG read for painting, with the bundled fonts, and nothing else from outside but letters that they lack.

use std::sync::{Arc, LazyLock};

use perch_chart::page;
use resvg::usvg::fontdb::{Database, ID};
use resvg::usvg::{FontResolver, ImageHrefResolver, Options, Tree};

use crate::ExportError;
use crate::letters::Letters;

/// A box for each letter that no font holds; `fonts/boxes.py` makes it.
static BOXES: &[u8] = include_bytes!("../fonts/PerchBoxes.ttf");

/// The fonts, and which of them has the boxes.
struct Bundled {
    fonts: Arc<Database>,
    boxes: Option<ID>,
}

static BUNDLED: LazyLock<Bundled> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for face in page::FACES {
        fonts.load_font_data(face.to_vec());
    }
    // Whatever a text asks for, there is one family.
    fonts.set_serif_family(page::FAMILY);
    fonts.set_sans_serif_family(page::FAMILY);
    fonts.set_monospace_family(page::FAMILY);
    let before: Vec<ID> = fonts.faces().map(|face| face.id).collect();
    fonts.load_font_data(BOXES.to_vec());
    let boxes = fonts.faces().map(|face| face.id).find(|id| !before.contains(id));
    Bundled { fonts: Arc::new(fonts), boxes }
});

/// The system's fonts behind the bundled ones. Whoever writes Latin, Greek or Cyrillic never waits for them.
static SYSTEM: LazyLock<Letters> = LazyLock::new(|| {
    let bundled: Vec<ID> = BUNDLED.fonts.faces().map(|face| face.id).collect();
    let mut fonts = Database::clone(&BUNDLED.fonts);
    fonts.load_system_fonts();
    Letters::behind(fonts, &bundled)
});

/// Reads an SVG.
pub(crate) fn read(svg: &str) -> Result<Tree, ExportError> {
    let Bundled { fonts, boxes } = &*BUNDLED;
    let options = Options {
        font_family: page::FAMILY.to_owned(),
        fontdb: Arc::clone(fonts),
        font_resolver: FontResolver {
            select_font: FontResolver::default_font_selector(),
            select_fallback: Box::new(move |character, used, fonts| {
                let face = SYSTEM.face(character, used).inspect(|_| *fonts = SYSTEM.fonts());
                face.or(boxes.filter(|boxes| !used.contains(boxes)))
            }),
        },
        // Charts refer to no image; usvg would look for one on the disk.
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|error| ExportError::Unreadable(error.to_string()))
}
