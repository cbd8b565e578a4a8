//! Draws the pictures of `gallery/`, light and dark and in three sizes, as SVG files into a folder:
//! `cargo run -p perch-chart --example specimens -- target/specimens [NAME]`, where `NAME` begins the names of those to draw.
//!
//! With `index.html` beside them, so that a browser shows all of them at once on the grounds they are made for.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use perch_chart::{Size, Theme};

#[path = "../tests/common/specimen.rs"]
mod specimen;

use specimen::Specimen;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("which folder?")?);
    let wanted = env::args().nth(2).unwrap_or_default();
    fs::create_dir_all(&folder)?;
    for font in ["PerchSans-Regular.woff2", "PerchSans-SemiBold.woff2"] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts").join(font), folder.join(font))?;
    }
    let mut specimens = Specimen::all()?;
    specimens.retain(|specimen| specimen.name.starts_with(&wanted));
    let mut page = String::from("<!doctype html><meta charset=utf-8><title>Gallery</title>\n");
    page.push_str(STYLE);
    for theme in [Theme::Light, Theme::Dark] {
        let ground = if theme == Theme::Light { "light" } else { "dark" };
        writeln!(page, "<section class={ground}>")?;
        for specimen in &specimens {
            for size in [specimen.size(), Size { width: 300, height: 160 }, Size { width: 1100, height: 300 }] {
                let drawing = specimen.draw(size, theme).map_err(|error| format!("{}: {error}", specimen.name))?;
                let Size { width, height } = size;
                fs::write(folder.join(format!("{}-{ground}-{width}x{height}.svg", specimen.name)), &drawing.svg)?;
                writeln!(
                    page,
                    "<figure><figcaption>{}: {}</figcaption>{}</figure>",
                    specimen.name,
                    specimen.title(),
                    drawing.svg
                )?;
            }
        }
        page.push_str("</section>\n");
    }
    fs::write(folder.join("index.html"), page)?;
    Ok(())
}

const STYLE: &str = "<style>
@font-face { font-family: 'Perch Sans'; font-weight: 400; src: url('PerchSans-Regular.woff2') }
@font-face { font-family: 'Perch Sans'; font-weight: 600; src: url('PerchSans-SemiBold.woff2') }
body { margin: 0; font: 600 13px 'Perch Sans' }
section { padding: 16px; display: flex; flex-wrap: wrap; gap: 16px }
figure { margin: 0; padding: 12px; border: 1px solid #8884; border-radius: 6px }
figcaption { margin-bottom: 8px }
svg { display: block }
.light { background: #fff; color: #1b1f24 }
.dark { background: #15181d; color: #e9ecf0 }
</style>
";
