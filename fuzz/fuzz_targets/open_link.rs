//! A link to a dashboard that some program hands over. What is read of it is
//! written so that it reads the same, and holds nothing that no dashboard has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perch_dashboard::{OpenLink, Whose};
use url::Url;

fuzz_target!(|link: &str| {
    let Ok(read) = OpenLink::parse(link) else { return };
    assert!(link.len() <= 8 * 1024 && OpenLink::is_meant_by(link));
    let url = Url::parse(link).expect("an address");
    assert_eq!((url.scheme(), url.host_str(), url.port()), ("perch", Some("open"), None));
    assert!(matches!(url.path(), "" | "/") && url.fragment().is_none(), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");

    // They name folders and files.
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    assert!(!read.connection().is_empty() && plain(read.connection()));
    assert!(!read.dashboard().contains(['/', '\\', '\0']) && !read.dashboard().is_empty());
    if let Whose::Organization(id) = read.whose() {
        assert!(!id.is_empty() && plain(id));
    }
    assert!(read.filters().len() <= 50 && read.filters().values().all(|values| values.len() <= 100));

    // A text is written longer than it came where it was not spelt in the shortest way.
    let written = read.to_string();
    if written.len() <= 8 * 1024 {
        assert_eq!(OpenLink::parse(&written), Ok(read));
    }
});
