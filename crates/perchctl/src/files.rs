//! Reading and writing whole files. `-` is standard input or output.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use perch_tinybird::Answer;
use tempfile::NamedTempFile;

use crate::Failure;

/// The answer in the file at `path`.
pub(crate) fn read_answer(path: &Path) -> Result<Answer, Failure> {
    let bytes = read(path)?;
    perch_tinybird::decode(&bytes).map_err(|source| Failure::Answer { path: path.to_owned(), source })
}

/// All bytes of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if is_standard(path) {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    bytes.map_err(|source| Failure::Read { path: path.to_owned(), source })
}

/// The text of the file at `path`, without a byte order mark.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(path)?).map_err(|error| {
        let source = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
        Failure::Read { path: path.to_owned(), source }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Writes a file whole or not at all: beside its place first, then renamed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    stream(path, |out| out.write_all(bytes))
}

/// Writes a file whole where there is none yet, and the folder that it stands in.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Failure::Exists { path: path.to_owned() },
        _ => Failure::Write { path: path.to_owned(), source },
    };
    fs::create_dir_all(folder_of(path)).map_err(failed)?;
    let mut file = beside(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist_noclobber(path).map(drop).map_err(|error| failed(error.error))
}

/// The same for what is too much to gather first. Standard output has it piece
/// by piece; a reader there that has seen enough is no failure.
pub(crate) fn stream(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    if is_standard(path) {
        return print_from(fill);
    }
    replace(path, fill).map_err(|source| Failure::Write { path: path.to_owned(), source })
}

/// Writes to standard output.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    print_from(|out| out.write_all(bytes))
}

fn print_from(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = beside(path)?;
    fill(&mut file)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is to take its place at `path`.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".perchctl-");
    // What the person's umask leaves, as any other program's file has it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}
