//! How an answer is kept small: as a frame of zstd (RFC 8878) with a dictionary.
//!
//! Most answers are a few hundred bytes, and most of those are the form that every
//! answer has: `meta`, the names of types, `statistics`. The dictionary is an
//! answer of that form, of raw content (RFC 8878, 5), so that a frame holds only
//! what is the answer's own. A frame without a dictionary is read all the same.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

/// Never to be changed: without it, no frame can be read that was made with it.
/// Another one would be another version of the file (see `schema`).
const DICTIONARY: &[u8] = include_bytes!("packed/answer.json");

/// Compression level: above it, time doubles for a hundredth of the size.
const LEVEL: i32 = 6;
/// What is small is worth a millisecond, which makes it a twentieth smaller.
const SMALL: (usize, i32) = (64 * 1024, 15);

/// The frame of an answer.
pub(crate) fn pack(answer: &[u8]) -> io::Result<Vec<u8>> {
    let level = if answer.len() <= SMALL.0 { SMALL.1 } else { LEVEL };
    Compressor::with_dictionary(level, DICTIONARY)?.compress(answer)
}

thread_local! {
    /// Making one takes as long as reading with it.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The answer in a frame. How long it is stands in the frame, except in those that were streamed.
pub(crate) fn unpack(frame: &[u8]) -> io::Result<Vec<u8>> {
    let Ok(Some(size)) = zstd::zstd_safe::get_frame_content_size(frame) else {
        return zstd::stream::decode_all(frame);
    };
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::with_dictionary(DICTIONARY)?),
        };
        decompressor.decompress(frame, usize::try_from(size).unwrap_or(usize::MAX))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What became of [`ANSWER`] when the dictionary was made.
    const FRAME: &str = "28b52ffd2076bd00002839310a7d0a0580b00f784b5c8b1028ec628598b59851";

    #[test]
    fn a_frame_of_the_first_perch_with_this_dictionary_is_read() {
        let frame: Vec<u8> =
            (0..FRAME.len()).step_by(2).map(|at| u8::from_str_radix(&FRAME[at..at + 2], 16).expect("hex")).collect();
        assert_eq!(unpack(&frame).expect("an answer"), ANSWER);
    }

    /// A pipe's answer that has what the dictionary has, and something of its own.
    const ANSWER: &[u8] =
        b"{\n\t\"meta\":\n\t[\n\t\t{\n\t\t\t\"name\": \"hits\",\n\t\t\t\"type\": \"UInt64\"\n\t\t}\n\t],\n\n\
        \t\"data\":\n\t[\n\t\t{\n\t\t\t\"hits\": 19\n\t\t}\n\t],\n\n\t\"rows\": 1\n}\n";

    #[test]
    fn the_form_of_an_answer_takes_hardly_any_room() {
        let (with, without) = (pack(ANSWER).expect("a frame"), zstd::bulk::compress(ANSWER, LEVEL).expect("a frame"));
        assert!(with.len() * 2 < without.len(), "{} bytes beside {}", with.len(), without.len());
    }

    #[test]
    fn frames_of_earlier_versions_and_streamed_ones_are_read() {
        let plain = zstd::bulk::compress(ANSWER, 3).expect("a frame");
        let streamed = zstd::stream::encode_all(ANSWER, 3).expect("a frame");
        for frame in [plain, streamed] {
            assert_eq!(unpack(&frame).expect("an answer"), ANSWER);
        }
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for bytes in [&b""[..], b"no frame", &pack(ANSWER).expect("a frame")[..20]] {
            assert!(unpack(bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn an_answer_comes_back_byte_for_byte(answer in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            prop_assert_eq!(unpack(&pack(&answer).expect("a frame")).expect("an answer"), answer);
        }
    }
}
