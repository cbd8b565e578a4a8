//! The decoded answers of what is on the screen, so that a redraw (resize,
//! scroll, theme) neither unseals nor decodes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use perch_offline::Question;
use perch_tinybird::Answer;

/// The most bytes of encoded answers to hold decoded.
const MOST_BYTES: usize = 32 << 20;
/// The most answers: two dashboards of tiles that compare.
const MOST_ANSWERS: usize = 64;

/// A decoded answer.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) answer: Arc<Answer>,
    /// When it was asked for.
    pub(crate) fetched: SystemTime,
}

/// The decoded answers, the least recently used leaving first.
#[derive(Default)]
pub(crate) struct Memory {
    entries: HashMap<Question, Entry>,
    bytes: usize,
    uses: u64,
}

struct Entry {
    kept: Kept,
    bytes: usize,
    last_use: u64,
}

impl Memory {
    pub(crate) fn get(&mut self, question: &Question) -> Option<Kept> {
        self.uses += 1;
        let entry = self.entries.get_mut(question)?;
        entry.last_use = self.uses;
        Some(entry.kept.clone())
    }

    /// When an answer that is held was asked for. Asking is no use of it.
    pub(crate) fn fetched(&self, question: &Question) -> Option<SystemTime> {
        self.entries.get(question).map(|entry| entry.kept.fetched)
    }

    /// Holds an answer that took `bytes` encoded. The newest one is always
    /// held, however large.
    pub(crate) fn insert(&mut self, question: Question, kept: Kept, bytes: usize) {
        self.uses += 1;
        self.bytes += bytes;
        let former = self.entries.insert(question, Entry { kept, bytes, last_use: self.uses });
        self.bytes -= former.map_or(0, |former| former.bytes);
        while self.entries.len() > 1 && (self.bytes > MOST_BYTES || self.entries.len() > MOST_ANSWERS) {
            let oldest =
                self.entries.iter().min_by_key(|(_, entry)| entry.last_use).map(|(question, _)| question.clone());
            let Some(left) = oldest.and_then(|question| self.entries.remove(&question)) else { return };
            self.bytes -= left.bytes;
        }
    }

    pub(crate) fn remove(&mut self, question: &Question) {
        self.bytes -= self.entries.remove(question).map_or(0, |entry| entry.bytes);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let answer = perch_tinybird::decode(br#"{"meta": [], "data": [], "rows": 0}"#).expect("an answer");
        Kept { answer: Arc::new(answer), fetched: SystemTime::UNIX_EPOCH }
    }

    fn question(number: usize) -> Question {
        Question::new(format!("pipe{number}"))
    }

    #[test]
    fn the_least_recently_used_answer_leaves_first() {
        let mut memory = Memory::default();
        for number in 0..MOST_ANSWERS {
            memory.insert(question(number), kept(), 1);
        }
        assert!(memory.get(&question(0)).is_some());
        memory.insert(question(MOST_ANSWERS), kept(), 1);
        assert!(memory.get(&question(0)).is_some());
        assert!(memory.get(&question(1)).is_none());
    }

    #[test]
    fn large_answers_leave_room_and_the_newest_is_always_held() {
        let mut memory = Memory::default();
        for number in 0..5 {
            memory.insert(question(number), kept(), MOST_BYTES / 2);
        }
        assert_eq!((memory.entries.len(), memory.bytes), (2, MOST_BYTES));
        memory.insert(question(9), kept(), 10 * MOST_BYTES);
        assert_eq!(memory.entries.len(), 1);
        assert!(memory.get(&question(9)).is_some());
        memory.insert(question(9), kept(), 3);
        assert_eq!(memory.bytes, 3);
    }
}
