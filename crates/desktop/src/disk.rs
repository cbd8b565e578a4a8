//! Files that are either the old one or the new one, never half of each, and
//! that other people on this machine cannot read.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Files of configuration are small; what is larger than this is not one.
const LARGEST: u64 = 1024 * 1024;

/// Writes a file whole: to a temporary one beside it, which then takes its
/// place. On Unix the file is readable by its owner only.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    create_private_folder(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
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
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is not a file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is larger than a megabyte"));
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

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
