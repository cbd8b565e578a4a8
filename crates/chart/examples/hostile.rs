//! Writes a page with hostile text in every place of every kind of chart, for a browser to show that nothing runs,
//! nothing loads and nothing leaves its box: `cargo run -p perch-chart --example hostile -- target/hostile`.
//!
//! `index.html` holds all pictures; each stands beside it as a file of its own, for who opens SVG by itself.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

#[path = "../tests/common/hostile.rs"]
mod hostile;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    let mut page = String::from(HEAD);
    for (what, svg) in hostile::pictures() {
        let name = what.replace(' ', "-").to_lowercase();
        fs::write(folder.join(format!("{name}.svg")), &svg)?;
        page.push_str(&format!("<figure id=\"{name}\">{svg}</figure>\n"));
    }
    page.push_str("</body></html>\n");
    fs::write(folder.join("index.html"), page)?;
    Ok(())
}

/// The policy lets a script run, so that one that got out of a text would: it would change the page's title.
const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>untouched</title>
<script>window.alert = () => { document.title = 'a text has run' }</script>
<style>figure { margin: 8px; width: 520px; height: 260px; overflow: visible }</style></head><body>
";
