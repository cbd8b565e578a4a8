//! Which program the desktop opens `perch:` links with. A package says so when
//! it is installed. A binary that runs from a folder says so itself: at its
//! first start, unless a program that is there opens them already, and again
//! when its folder has moved.
//!
//! By the *Desktop Entry Specification* and *Association between MIME types and
//! applications* (freedesktop.org).

use std::error::Error;
use std::path::Path;

use gio::prelude::AppInfoExt;
use gio::{AppInfo, DesktopAppInfo};
use glib::GString;

use crate::link::SCHEME;

/// The entry's name: not the packages', and without a hyphen, which would stand
/// for a folder.
const ENTRY: &str = "dev.perch.desktop.link.desktop";

/// Characters that must stand in quotes in an `Exec` line.
const RESERVED: &[char] =
    &[' ', '\t', '\n', '"', '\'', '\\', '>', '<', '~', '|', '&', ';', '$', '*', '?', '#', '(', ')', '`'];

/// Makes sure, behind the window, that some program opens Perch's links.
pub fn register() {
    // Reads every entry of the desktop, which the first paint need not wait for.
    std::thread::spawn(|| match opener() {
        Ok(opener) => tracing::info!(%opener, "what opens links"),
        Err(error) => tracing::warn!(%error, "a browser cannot come back by a link"),
    });
}

/// The entry of the program that opens links; ours, where there was none. An
/// entry whose program is gone is none.
fn opener() -> Result<GString, Box<dyn Error>> {
    if let Some(opener) = AppInfo::default_for_uri_scheme(SCHEME) {
        return Ok(opener.id().unwrap_or_default());
    }
    let program = std::env::current_exe()?;
    let entry = entry(&program).ok_or("the path of this program cannot stand in a desktop entry")?;
    let folder = glib::user_data_dir().join("applications");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(ENTRY);
    glib::file_set_contents(&file, entry.as_bytes())?;
    let opener = DesktopAppInfo::from_filename(&file).ok_or("the desktop does not take Perch's entry")?;
    opener.set_as_default_for_type(&format!("x-scheme-handler/{SCHEME}"))?;
    Ok(ENTRY.into())
}

/// A desktop entry for links alone, which no menu shows.
fn entry(program: &Path) -> Option<String> {
    let program = quoted(program)?;
    Some(format!(
        "[Desktop Entry]\nType=Application\nName=Perch\nExec={program} %u\nTerminal=false\nNoDisplay=true\n\
         MimeType=x-scheme-handler/{SCHEME};\n"
    ))
}

/// A program's path as it stands in an `Exec` line; none where it cannot. In
/// quotes only where it must: `xdg-open` 1.1, which Debian 12 has and browsers
/// call, looks for a program whose name begins with a quote.
fn quoted(program: &Path) -> Option<String> {
    let path = program.to_str()?.replace('%', "%%");
    if path.contains(char::is_control) {
        return None;
    }
    if !path.contains(RESERVED) {
        return Some(path);
    }
    let mut quoted = String::from('"');
    for character in path.chars() {
        match character {
            // Once for the quotes, and once more for a value of an entry.
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => quoted.extend([r"\\", character.encode_utf8(&mut [0; 4])]),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use glib::{KeyFile, KeyFileFlags};
    use proptest::prelude::*;

    use super::*;

    /// The words of the entry's `Exec` line, as the desktop reads them.
    fn words(entry: &str) -> Vec<OsString> {
        let file = KeyFile::new();
        file.load_from_data(entry, KeyFileFlags::NONE).expect("an entry");
        let line = file.string("Desktop Entry", "Exec").expect("a line");
        glib::shell_parse_argv(line).expect("words")
    }

    proptest! {
        #[test]
        fn the_desktop_reads_the_path_that_was_written(path in r"/[^\p{Cc}]{0,60}") {
            let entry = entry(Path::new(&path)).expect("an entry");
            let expected = [OsString::from(path.replace('%', "%%")), "%u".into()];
            prop_assert_eq!(words(&entry), expected);
        }

        #[test]
        fn a_path_of_plain_characters_stands_without_quotes(path in r"/[a-zA-Z0-9/_.+@:,=-]{1,60}") {
            prop_assert_eq!(quoted(Path::new(&path)), Some(path));
        }
    }

    #[test]
    fn a_path_that_cannot_stand_in_an_entry_makes_none() {
        use std::os::unix::ffi::OsStringExt;
        let not_text = PathBuf::from(OsString::from_vec(b"/opt/\xff/perch".to_vec()));
        for path in [Path::new("/opt/a\nExec=evil/perch"), Path::new("/opt/a\u{7f}/perch"), &not_text] {
            assert_eq!(entry(path), None, "{}", path.display());
        }
    }
}
