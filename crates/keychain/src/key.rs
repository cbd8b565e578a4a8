//! New keys.

use perch_tenant::Secret;

use crate::KeychainError;

/// 256 bits from the operating system's random source, as 64 lower-case
/// hexadecimal digits: the key of an offline store.
///
/// Fails only where the system has no random source. There is no second choice
/// then: a guessable key is worse than none.
pub fn new_key() -> Result<Secret, KeychainError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| KeychainError::Other { reason: error.to_string() })?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_64_hexadecimal_digits_and_is_never_the_same_twice() {
        let (first, second) = (new_key().expect("a key"), new_key().expect("a key"));
        assert_eq!(first.expose().len(), 64);
        assert!(first.expose().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(first, second);
    }
}
