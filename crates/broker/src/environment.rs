//! The variables that the broker reads: the process's own, and below them those
//! of an `.env` file, as the Clerk and Tinybird template for Next.js has one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use perch_tenant::Secret;

use crate::config_error::ConfigError;
use crate::files::Files;

/// Variables by name. An empty one counts as absent: `.env` files list what
/// they do not set.
pub(crate) struct Environment {
    process: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

impl Environment {
    /// The process's variables, and those of `env_file`, which lose where both
    /// have one.
    pub(crate) fn read(
        process: &BTreeMap<String, String>,
        env_file: Option<&Path>,
        files: &mut Files,
    ) -> Result<Self, ConfigError> {
        let mut file = BTreeMap::new();
        if let Some(path) = env_file {
            let bytes = files.bytes(path)?;
            for (index, pair) in dotenvy::Iter::new(bytes.as_slice()).enumerate() {
                // dotenvy's own message repeats the line, and the line may be a key.
                let (name, value) =
                    pair.map_err(|_| ConfigError::EnvFile { path: path.to_owned(), variable: index + 1 })?;
                file.insert(name, value);
            }
        }
        Ok(Self { process: process.clone(), file })
    }

    /// The value of a variable, without the space around it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let set = |from: &'_ BTreeMap<String, String>| from.get(name).is_some_and(|value| !value.trim().is_empty());
        let from = if set(&self.process) { &self.process } else { &self.file };
        from.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A key: the value of `name`, or what the file holds that `name_FILE` names.
    pub(crate) fn secret(&self, name: &'static str, files: &mut Files) -> Result<Option<Secret>, ConfigError> {
        let in_file = format!("{name}_FILE");
        let text = match (self.get(name), self.get(&in_file)) {
            (Some(_), Some(_)) => return Err(ConfigError::TwoKeys { name }),
            (Some(text), None) => text.to_owned(),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let text = files.text(&path)?.trim().to_owned();
                if text.is_empty() {
                    return Err(ConfigError::EmptyKey { path });
                }
                text
            }
            (None, None) => return Ok(None),
        };
        // What is no line of printable ASCII would be refused by Clerk or
        // Tinybird later, and in stranger words.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::NoKey { name });
        }
        Ok(Some(Secret::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(process: &[(&str, &str)], env_file: &str) -> Environment {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, env_file).expect("written");
        let process = process.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment::read(&process, Some(&path), &mut Files::default()).expect("variables")
    }

    #[test]
    fn the_process_wins_over_the_file_and_an_empty_variable_is_none() {
        let read = environment(
            &[("A", "process"), ("B", ""), ("C", " ")],
            "A=file\nB='in quotes' # a comment\nexport D=\"d\"\nE=\n",
        );
        let all = ["A", "B", "C", "D", "E", "F"].map(|name| read.get(name));
        assert_eq!(all, [Some("process"), Some("in quotes"), None, Some("d"), None, None]);
    }

    #[test]
    fn a_line_that_is_no_variable_is_told_by_its_number_and_not_repeated() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "A=1\np.the-admin-token without a name\n").expect("written");
        let error = Environment::read(&BTreeMap::new(), Some(&path), &mut Files::default()).err().expect("an error");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("p.the-admin-token"), "{text}");
    }

    #[test]
    fn a_key_comes_from_its_variable_or_from_a_file_and_not_from_both() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "p.from-a-file\n").expect("written");
        let named = path.to_str().expect("a path");
        let secret = |variables: &[(&str, &str)]| environment(variables, "").secret("K", &mut Files::default());
        assert_eq!(secret(&[("K", "p.direct")]).expect("a key"), Some(Secret::new("p.direct")));
        assert_eq!(secret(&[("K_FILE", named)]).expect("a key"), Some(Secret::new("p.from-a-file")));
        assert!(matches!(secret(&[("K", "p.a"), ("K_FILE", named)]), Err(ConfigError::TwoKeys { .. })));
        assert!(matches!(secret(&[("K", "p.a p.b")]), Err(ConfigError::NoKey { .. })));
        assert_eq!(secret(&[]).expect("none"), None);
    }
}
