//! A tenant's files on the disk: where they are, who may read them, and how
//! they go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use perch_tenant::TenantId;

use crate::StoreError;

/// The tenant's file in `dir`. SQLite puts `-wal` and `-shm` beside it.
pub(crate) fn path(dir: &Path, tenant: &TenantId) -> PathBuf {
    dir.join(format!("{tenant}.perch"))
}

/// Makes the folder and an empty file, readable by their owner only. SQLite
/// gives its side files the modes of the file that they stand beside.
pub(crate) fn prepare(dir: &Path, file: &Path) -> Result<(), StoreError> {
    make_folder(dir).map_err(|error| StoreError::folder(dir, &error))?;
    make_file(file).map_err(|error| StoreError::folder(file, &error))
}

/// Deletes every file of `tenant` in `dir`. Nothing there is fine.
pub(crate) fn remove(dir: &Path, tenant: &TenantId) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::folder(dir, &error)),
    };
    let prefix = format!("{tenant}.");
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::folder(dir, &error))?;
        if !entry.file_name().to_string_lossy().starts_with(&prefix) {
            continue;
        }
        match fs::remove_file(entry.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::folder(&entry.path(), &error));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_folder(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    if fs::metadata(dir)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_file(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Elsewhere the folder lies in the person's own profile, whose access list
/// it inherits.
#[cfg(not(unix))]
fn make_folder(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(not(unix))]
fn make_file(file: &Path) -> io::Result<()> {
    fs::OpenOptions::new().create(true).truncate(false).write(true).open(file).map(drop)
}
