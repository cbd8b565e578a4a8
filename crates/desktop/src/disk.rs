//! Files that are either the old one or the new one, never half of each, and
//! that other people on this machine cannot read.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use perch_dashboard::MOST_BYTES;
use sha2::{Digest, Sha256};

/// Files of configuration are small; what is larger than the largest dashboard is not one.
const LARGEST: u64 = MOST_BYTES as u64;

/// Writes a file whole: to a temporary one beside it, which then takes its
/// place. On Unix the file is readable by its owner only.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    create_private_folder(folder)?;
    let mut file = tempfile::Builder::new().prefix(&half_written(path)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// How old a half-written file is that nobody writes any more.
pub const HALF_WRITTEN_FOR: Duration = Duration::from_secs(60);

/// Removes what processes that died in the middle of [`write_whole`] left of
/// this file: those of `age` or older, because a younger one may be somebody's.
pub fn sweep(path: &Path, age: Duration) {
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    let prefix = half_written(path);
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)) {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|written| written.elapsed().is_ok_and(|since| since >= age))
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::warn!(%error, "a half-written file was not removed");
        }
    }
}

/// The names of a folder's files up to their first dot; nothing where there is
/// no folder.
pub fn stems(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut stems: Vec<_> = names.map(|name| name.split('.').next().unwrap_or_default().to_owned()).collect();
    stems.dedup();
    stems
}

/// How the names of this file's temporary ones begin.
fn half_written(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Creates a folder that only its owner may enter, and its parents.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Reads a small text file, without a byte order mark. `InvalidData` when it is
/// larger than a megabyte or not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let text = read_whole(path)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The same, as it stands in the file.
pub fn read_whole(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is not a file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is larger than a megabyte"));
    }
    Ok(text)
}

/// What changes when one of these does: SHA-256 over each part and its length, in
/// hexadecimal digits.
pub fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_half_written_is_swept_away_once_it_is_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("accounts.json");
        let names = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .expect("listed")
                .map(|entry| entry.expect("an entry").file_name())
                .collect();
            names.sort();
            names
        };
        write_whole(&path, b"whole").expect("written");
        fs::write(folder.path().join(".accounts.json.x1y2z3"), "ha").expect("written");
        fs::write(folder.path().join(".other.json.x1y2z3"), "ha").expect("written");
        sweep(&path, HALF_WRITTEN_FOR);
        assert_eq!(names(), [".accounts.json.x1y2z3", ".other.json.x1y2z3", "accounts.json"], "it may be somebody's");
        sweep(&path, Duration::ZERO);
        assert_eq!(names(), [".other.json.x1y2z3", "accounts.json"]);
    }

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("below/accounts.json");
        write_whole(&path, b"first").expect("written");
        write_whole(&path, b"second").expect("replaced");
        assert_eq!(read_text(&path).expect("read"), "second");
        assert_eq!(fs::read_dir(folder.path().join("below")).expect("listed").count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("large.toml");
        fs::write(&path, vec![b' '; LARGEST as usize + 1]).expect("written");
        assert_eq!(read_text(&path).expect_err("refused").kind(), io::ErrorKind::InvalidData);
    }
}
