//! Answers of the real engine, served as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use axum::body::Bytes;

use crate::SandboxError;

/// Reads every `NAME.json` of a folder whose `NAME` can be a pipe's name.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Bytes>, SandboxError> {
    let failed = |source| SandboxError::Answers { path: folder.to_owned(), source };
    let mut answers = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
        if let Some(name) = name.filter(|name| is_pipe_name(name)) {
            answers.insert(name.to_owned(), fs::read(&path).map_err(failed)?.into());
        }
    }
    Ok(answers)
}

fn is_pipe_name(name: &str) -> bool {
    let starts = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_can_be_pipes_become_pipes() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["big.json", "big.csv", "ints.quoted.json", "1st.json", "README.md", "_x9.json"] {
            fs::write(folder.path().join(name), name).expect("a file");
        }
        let answers = read(folder.path()).expect("answers");
        assert_eq!(answers.keys().collect::<Vec<_>>(), ["_x9", "big"]);
        assert_eq!(answers["big"], "big.json");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let error = read(Path::new("/nowhere/at/all")).expect_err("no folder");
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
        assert_eq!(error.code(), "sandbox-answers");
    }
}
