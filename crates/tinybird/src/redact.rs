//! What must not stand in an error or a log, left out: values whose names say
//! that they are secret, and whatever looks like a token wherever it stands.

/// Stands where a secret stood.
const LEFT_OUT: &str = "[left out]";

/// Anywhere in a name.
const SECRET_PARTS: [&str; 9] =
    ["token", "secret", "passw", "credential", "apikey", "bearer", "jwt", "cookie", "signature"];

/// A whole word of a name.
const SECRET_WORDS: [&str; 7] = ["key", "auth", "authorization", "pass", "pwd", "pin", "sig"];

/// Shorter words than this are no keys that anybody makes.
const SHORTEST_KEY: usize = 24;

/// A parameter's value as it may be told.
pub(crate) fn value(name: &str, value: &str) -> String {
    if is_secret_name(name) { LEFT_OUT.to_owned() } else { text(value) }
}

/// A text as it may be told: without what looks like a token.
pub(crate) fn text(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|letter| !is_of_token(letter)).unwrap_or(rest.len());
        told.push_str(if looks_like_token(&rest[..word]) { LEFT_OUT } else { &rest[..word] });
        rest = &rest[word..];
        let between = rest.find(is_of_token).unwrap_or(rest.len());
        told.push_str(&rest[..between]);
        rest = &rest[between..];
    }
    told
}

/// A text without `token`, which may be of any form, and without what looks
/// like one.
pub(crate) fn text_about(told: &str, token: &str) -> String {
    if token.is_empty() { text(told) } else { text(&told.replace(token, LEFT_OUT)) }
}

fn is_secret_name(name: &str) -> bool {
    let name = spaced(name);
    let whole: String = name.split(' ').collect();
    SECRET_PARTS.iter().any(|part| whole.contains(part)) || name.split(' ').any(|word| SECRET_WORDS.contains(&word))
}

/// `apiKey`, `api-key` and `API_KEY` as `api key`.
fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            words.push(' ');
        } else {
            if letter.is_uppercase() && after_small {
                words.push(' ');
            }
            words.extend(letter.to_lowercase());
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
    }
    words
}

/// The letters of base64url, base64 and a JWT's dots.
fn is_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.+=".contains(letter)
}

/// A JWT, Tinybird's own form around one, or a long word that no person chose.
/// A UUID is an id.
fn looks_like_token(word: &str) -> bool {
    let inner = word.strip_prefix("p.").unwrap_or(word);
    if inner.starts_with("eyJ") && inner.len() >= 8 {
        return true;
    }
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|byte| kind(&byte));
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let hex = word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    (mixed && word.len() >= SHORTEST_KEY) || hex
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_left_out_where_its_name_says_that_it_is_secret() {
        for name in [
            "token",
            "accessToken",
            "ACCESS_TOKEN",
            "client-secret",
            "password",
            "pass",
            "api_key",
            "apiKey",
            "APIKEY",
            "key",
            "Authorization",
            "session_cookie",
            "jwt",
            "sig",
            "card_pin",
        ] {
            assert_eq!(value(name, "abc"), LEFT_OUT, "{name}");
        }
        for name in ["keyword", "monkey", "date_from", "author", "passenger_count", "compass", "q", "pinned", "design"]
        {
            assert_eq!(value(name, "abc"), "abc", "{name}");
        }
    }

    #[test]
    fn what_looks_like_a_token_is_left_out_wherever_it_stands() {
        for token in [
            "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl",
            "p.eyJ1IjogIjEyMyJ9.abc",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "9e107d9d372bb6826bd81d3542a419d6",
        ] {
            assert_eq!(text(&format!("Invalid token ({token}), sorry")), format!("Invalid token ({LEFT_OUT}), sorry"));
            assert_eq!(value("q", token), LEFT_OUT);
        }
        for plain in [
            "2026-01-01 00:00:00",
            "DE,FR,a,b",
            "018f3b1c-9f1e-7c52-a3de-5a1f2b3c4d5e",
            "Mozilla",
            "/a/long/path/of/a/page.html",
            "[Error] Missing columns: 'date' while processing query",
            "123456789012345678901234567890",
            "ñandú",
            "",
        ] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn the_requests_own_token_is_left_out_whatever_its_form() {
        assert_eq!(text_about("who is short?", "short"), format!("who is {LEFT_OUT}?"));
        assert_eq!(text_about("nobody", ""), "nobody");
    }

    proptest! {
        #[test]
        fn a_jwt_never_comes_through(before in "\\PC{0,20}", claims in "[A-Za-z0-9_-]{5,40}", after in "[ ,;)].{0,20}") {
            let token = format!("eyJ{claims}.eyJ{claims}.{claims}");
            let told = text(&format!("{before} {token}{after}"));
            prop_assert!(!told.contains(&token), "{}", told);
        }

        #[test]
        fn a_text_of_short_words_is_told_as_it_is(words in "([a-zA-Z]{1,20}[ ,:\\[\\]'\"/ñ]{1,3}){0,9}") {
            prop_assume!(!words.contains("eyJ"));
            prop_assert_eq!(text(&words), words);
        }
    }
}
