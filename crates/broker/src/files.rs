//! Reading files, and remembering what was read, so that a change of any of
//! them shows without knowing beforehand which ones there are.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config_error::ConfigError;

/// Nothing that an operator writes is larger.
const LARGEST: u64 = 4 << 20;

/// What was read so far, as one digest.
#[derive(Default)]
pub(crate) struct Files(Sha256);

impl Files {
    /// The bytes of a file.
    pub(crate) fn bytes(&mut self, path: &Path) -> Result<Vec<u8>, ConfigError> {
        let read = fs::metadata(path).and_then(|told| {
            if told.len() > LARGEST {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 4 MB"));
            }
            fs::read(path)
        });
        self.note(path, read.as_deref().unwrap_or(b"\0unreadable"));
        read.map_err(|source| ConfigError::Read { path: path.to_owned(), source })
    }

    /// The text of a file, without its byte order mark.
    pub(crate) fn text(&mut self, path: &Path) -> Result<String, ConfigError> {
        let text = String::from_utf8(self.bytes(path)?).map_err(|_| ConfigError::NotText { path: path.to_owned() })?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// The `.toml` files of a folder, in the order of their names. None where
    /// there is no such folder.
    pub(crate) fn toml_files(&mut self, folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
        let failed = |source| ConfigError::Read { path: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut paths =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?;
        paths.retain(|path| path.extension() == Some(OsStr::new("toml")) && path.is_file());
        paths.sort();
        for path in &paths {
            self.note(path, b"");
        }
        Ok(paths)
    }

    /// What was read, in 256 bits.
    pub(crate) fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn note(&mut self, path: &Path, bytes: &[u8]) {
        for part in [path.as_os_str().as_encoded_bytes(), bytes] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }
}
