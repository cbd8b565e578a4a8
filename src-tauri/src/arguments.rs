//! What Perch was started with. A second start hands its words to the first.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use tauri::{AppHandle, Manager, Url};

use perch_desktop::Desktop;

use crate::link::Link;
use crate::window;

/// How many words one start may ask to open. A person or a browser asks for one;
/// whoever sends hundreds shall not fill the screen with what is wrong with each.
const AT_ONCE: usize = 8;

/// See your organization's dashboards.
#[derive(Debug, Parser)]
#[command(name = "perch", version)]
pub struct Arguments {
    /// Start the embedded sandbox, a stand-in for Clerk and Tinybird, and open its connection.
    #[arg(long)]
    demo: bool,
    /// A connection file to open.
    #[arg(value_name = "CONNECTION", value_parser = OsStringValueParser::new().map(ToOpen::from))]
    to_open: Vec<ToOpen>,
}

/// What a word that is no option asks to open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ToOpen {
    Connection(PathBuf),
    Link(Link),
}

impl From<OsString> for ToOpen {
    /// The desktop names a file by its path or as a `file:` address (Desktop
    /// Entry Specification, `%u`).
    fn from(word: OsString) -> Self {
        if let Some(link) = Link::parse(&word) {
            return Self::Link(link);
        }
        let address = word.to_str().and_then(|word| Url::parse(word).ok()).filter(|url| url.scheme() == "file");
        Self::Connection(address.and_then(|url| url.to_file_path().ok()).unwrap_or_else(|| word.into()))
    }
}

impl Arguments {
    /// Does what the arguments ask for, behind the window that is opening.
    pub fn follow(self, app: &AppHandle) {
        let desktop = app.state::<Desktop>().inner().clone();
        tauri::async_runtime::spawn(async move {
            if self.demo
                && let Err(problem) = desktop.start_demo().await
            {
                desktop.tell(problem);
            }
            for word in self.to_open.into_iter().take(AT_ONCE) {
                match word {
                    ToOpen::Link(link) => desktop.follow_link(link.as_str()),
                    ToOpen::Connection(file) => {
                        if let Err(problem) = desktop.open_connection(&file).await {
                            desktop.tell(problem);
                        }
                    }
                }
            }
        });
    }

    /// The same arguments, for a process in another folder than the one they
    /// were written for.
    fn seen_from(mut self, folder: &Path) -> Self {
        for word in &mut self.to_open {
            if let ToOpen::Connection(file) = word {
                *file = folder.join(&file);
            }
        }
        self
    }
}

/// Follows the arguments of a second process, which were written for the
/// folder it was started in. Arguments that make no sense are dropped.
///
/// The second process may come while the first still opens its core: the main
/// thread gets here when that is done.
pub fn follow_second_start(app: &AppHandle, words: Vec<String>, folder: String) {
    let handle = app.clone();
    let followed = app.run_on_main_thread(move || {
        window::bring_to_front(&handle);
        if let Ok(arguments) = Arguments::try_parse_from(words) {
            arguments.seen_from(Path::new(&folder)).follow(&handle);
        }
    });
    if let Err(error) = followed {
        tracing::info!(%error, "a second start came while Perch was leaving");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "perch://callback?state=abc&rotating_token_nonce=def&created_session_id=ghi";

    fn parsed(words: &[&str]) -> Vec<ToOpen> {
        let words = ["perch"].iter().chain(words);
        Arguments::try_parse_from(words).expect("arguments that make sense").to_open
    }

    fn link(word: &str) -> ToOpen {
        ToOpen::Link(Link::parse(word.as_ref()).expect("a link"))
    }

    #[test]
    fn a_link_is_never_taken_for_a_connection_file() {
        for word in [LINK, "PERCH://callback", "perch:", "perch:callback", "perch:///etc/passwd"] {
            assert_eq!(parsed(&[word]), [link(word)], "{word}");
        }
    }

    #[test]
    fn a_file_stays_a_file_whatever_it_is_called() {
        for word in ["perch", "perch.toml", "./perch:acme.toml", "/srv/perch://x", "perches:x", "https://acme.test"] {
            assert_eq!(parsed(&[word]), [ToOpen::Connection(word.into())], "{word}");
        }
    }

    #[test]
    fn a_file_may_be_named_by_its_address() {
        assert_eq!(parsed(&["file:///srv/a%20b.toml"]), [ToOpen::Connection("/srv/a b.toml".into())]);
    }

    #[test]
    fn files_and_links_are_opened_in_their_order() {
        let opened = parsed(&["--demo", "a.toml", LINK, "perch:x"]);
        assert_eq!(opened, [ToOpen::Connection("a.toml".into()), link(LINK), link("perch:x")]);
    }

    #[test]
    fn a_second_starts_file_is_looked_for_in_its_own_folder_and_its_link_is_as_it_was() {
        let arguments = Arguments::try_parse_from(["perch", "a.toml", "/srv/b.toml", LINK]).expect("arguments");
        let seen = arguments.seen_from(Path::new("/home/ada")).to_open;
        let file = |path: &str| ToOpen::Connection(path.into());
        assert_eq!(seen, [file("/home/ada/a.toml"), file("/srv/b.toml"), link(LINK)]);
    }

    #[test]
    fn a_link_is_not_in_what_arguments_print_of_themselves() {
        let arguments = Arguments::try_parse_from(["perch", LINK]).expect("arguments");
        assert!(!format!("{arguments:?}").contains("rotating_token_nonce"));
        let refused = Arguments::try_parse_from(["perch", "--nonsense", LINK]).expect_err("an unknown option");
        assert!(!refused.to_string().contains("rotating_token_nonce"), "{refused}");
    }

    #[test]
    fn the_packages_register_the_same_scheme() {
        let config: serde_json::Value =
            serde_json::from_str(include_str!("../../tauri.conf.json")).expect("the app's configuration");
        assert_eq!(config["plugins"]["deep-link"]["desktop"]["schemes"], serde_json::json!([crate::link::SCHEME]));
    }
}
