//! Where a part of a TOML text stands in its file: a text may be written with
//! escapes, on several lines, or with line ends that do not count.

use std::ops::Range;

/// The byte of `file` where the byte `at` of `text` stands, whose value is
/// written at `span`, with its quotes (TOML 1.0, String).
pub(crate) fn place_in_file(file: &str, span: Range<usize>, text: &str, at: usize) -> usize {
    let raw = file.get(span.clone()).unwrap_or_default();
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or_default();
    let mut offset = quotes.len();
    if quotes.len() == 3 {
        // A line end right after the opening quotes is none.
        let inside = raw.get(offset..).unwrap_or_default();
        offset += ["\r\n", "\n"].into_iter().find(|end| inside.starts_with(end)).map_or(0, str::len);
    }
    let mut read = 0;
    loop {
        let rest = raw.get(offset..).unwrap_or_default();
        let next = text.get(read..).and_then(|text| text.chars().next());
        let Some(character) = rest.chars().next() else { break };
        let escape = rest.strip_prefix('\\').filter(|_| quotes.starts_with('"'));
        if let Some(blank) = escape.filter(|escape| escape.starts_with(char::is_whitespace)) {
            offset += rest.len() - blank.trim_start().len();
        } else if character == '\r' && next != Some('\r') {
            offset += 1;
        } else if read >= at {
            break;
        } else {
            offset += escape.map_or(character.len_utf8(), length_of_escape);
            read += next.map_or(1, char::len_utf8);
        }
    }
    span.start + offset
}

/// How many bytes an escape has that goes on with `rest` after its backslash.
fn length_of_escape(rest: &str) -> usize {
    1 + match rest.as_bytes().first() {
        Some(b'x') => 3,
        Some(b'u') => 5,
        Some(b'U') => 9,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::de::DeTable;

    use super::*;

    /// The text that is written as `raw`, and what of the file stands where its
    /// part `@` is said to.
    fn marked(raw: &str) -> (String, String) {
        let file = format!("# ñ\n[token]\ntemplate = {raw}\n");
        let document = DeTable::parse(&file).expect(raw);
        let token = document.get_ref().get("token").and_then(|token| token.get_ref().as_table()).expect("a table");
        let value = token.get("template").expect("a text");
        let text = value.get_ref().as_str().expect("a text").to_owned();
        let at = text.find('@').expect("a mark");
        let place = place_in_file(&file, value.span(), &text, at);
        let there = file.get(place..).expect("a character's boundary").to_owned();
        (text, there)
    }

    #[test]
    fn a_mark_is_found_in_each_way_to_write_a_text() {
        for raw in [
            "'@'",
            "\"@\"",
            "'a \\u0041 @'",
            r#""\"\\\t\u00e9\U0001f426\x41 é @""#,
            "'''@'''",
            "'''\n@'''",
            "'''\r\n\r\n ''@'''",
            "\"\"\"\n{\"\" \\\"\\u0041\n@\"\"\"",
            "\"\"\"\r\nfolded \\  \r\n\r\n   here @\"\"\"",
            "\"\"\"folded \\\n   @\"\"\"",
        ] {
            let (text, there) = marked(raw);
            assert!(there.starts_with('@'), "{raw}: {text:?}: {there}");
        }
        // Where the mark itself is an escape, the escape is the place.
        assert!(marked(r#""a \u0040""#).1.starts_with("\\u0040"));
    }

    proptest! {
        #[test]
        fn any_text_is_found_again(before in "(\\PC|[\t\n\\\\\"'])*", after in "\\PC*", escaped in any::<u64>(), lines in any::<bool>()) {
            let text = format!("{}@{}", before.replace('@', ""), after.replace('@', ""));
            let mut raw = String::new();
            for (index, character) in text.chars().enumerate() {
                match character {
                    _ if character != '@' && escaped >> (index % 64) & 1 == 1 => {
                        raw.push_str(&format!("\\U{:08x}", u32::from(character)));
                    }
                    '\\' | '"' => raw.extend(['\\', character]),
                    '\n' if !lines => raw.push_str("\\n"),
                    '\n' if index % 2 == 0 => raw.push_str("\r\n"),
                    _ => raw.push(character),
                }
            }
            let raw = if lines { format!("\"\"\"\n{raw}\"\"\"") } else { format!("\"{raw}\"") };
            let (read, there) = marked(&raw);
            prop_assert_eq!(read.replace("\r\n", "\n"), text, "{}", raw);
            prop_assert!(there.starts_with('@'), "{}: {}", raw, there);
        }
    }
}
