//! The one thread that talks to the system's keychain.
//!
//! Its calls block, for as long as a person takes to answer the system's
//! prompt, and for ever when nobody does. So they run on a thread of their own
//! and not on the runtime's blocking threads: a runtime waits for those when it
//! ends, and a forgotten prompt would keep Perch from quitting. One thread also
//! means one question at a time, in the order asked: an older secret can never
//! overwrite a newer one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;

type Question = Box<dyn FnOnce() + Send>;

/// A queue of questions and the thread that asks them.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    questions: mpsc::Sender<Question>,
    /// A question has been waiting for longer than its asker was patient.
    stuck: Arc<AtomicBool>,
}

/// The answer did not come in time. The question stays in the queue, and what
/// it changes still changes once the keychain answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoAnswer;

impl Thread {
    /// Starts the thread. It ends with the last clone of this value. Where the
    /// system gives no thread, every question has [`NoAnswer`].
    pub(crate) fn start() -> Self {
        let (questions, queue) = mpsc::channel::<Question>();
        let stuck = Arc::new(AtomicBool::new(false));
        let free = Arc::clone(&stuck);
        // On failure the queue's end is dropped with the closure, which is how
        // `ask` learns of it.
        let _ = std::thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            for question in queue {
                question();
                free.store(false, Ordering::Release);
            }
        });
        Self { questions, stuck }
    }

    /// Asks, and waits for at most `patience`; not at all while an earlier
    /// question is overdue.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (answer, waiting) = oneshot::channel();
        let overdue = self.stuck.load(Ordering::Acquire);
        self.questions
            .send(Box::new(move || {
                // Nobody may be waiting any more; the question was asked all the same.
                let _ = answer.send(question());
            }))
            .map_err(|_| NoAnswer)?;
        if overdue {
            return Err(NoAnswer);
        }
        match tokio::time::timeout(patience, waiting).await {
            Ok(answer) => answer.map_err(|_| NoAnswer),
            Err(_) => {
                self.stuck.store(true, Ordering::Release);
                Err(NoAnswer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_prompt_that_nobody_answers_does_not_hang_the_app() {
        let thread = Thread::start();
        let (answer_prompt, prompt) = mpsc::channel::<()>();
        let started = Instant::now();

        assert_eq!(thread.ask(SHORT, move || prompt.recv()).await, Err(NoAnswer));
        // While that one is overdue, the next does not even wait.
        assert_eq!(thread.ask(Duration::from_secs(60), || ()).await, Err(NoAnswer));
        assert!(started.elapsed() < Duration::from_secs(10));

        answer_prompt.send(()).expect("the thread still waits");
        let deadline = Instant::now() + Duration::from_secs(10);
        while thread.ask(Duration::from_secs(10), || ()).await.is_err() {
            assert!(Instant::now() < deadline, "it recovers once the prompt is answered");
            tokio::time::sleep(SHORT).await;
        }
    }

    #[tokio::test]
    async fn what_was_asked_in_vain_still_happens_and_in_order() {
        let thread = Thread::start();
        let (answer_prompt, prompt) = mpsc::channel::<()>();
        let written = Arc::new(Mutex::new(Vec::new()));
        let write = |number: u8| {
            let written = Arc::clone(&written);
            move || written.lock().expect("a lock").push(number)
        };

        assert_eq!(thread.ask(SHORT, move || prompt.recv()).await, Err(NoAnswer));
        assert_eq!(thread.ask(SHORT, write(1)).await, Err(NoAnswer));
        assert_eq!(thread.ask(SHORT, write(2)).await, Err(NoAnswer));
        answer_prompt.send(()).expect("the thread still waits");

        let deadline = Instant::now() + Duration::from_secs(10);
        while written.lock().expect("a lock").len() < 2 {
            assert!(Instant::now() < deadline, "both are written once the prompt is answered");
            tokio::time::sleep(SHORT).await;
        }
        assert_eq!(*written.lock().expect("a lock"), [1, 2]);
    }
}
