//! Authorizations under way: what a client asked for, from the first request
//! until the person has answered. They belong to one browser each, so that a
//! page of one cannot be answered from another.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::request::Request;

/// How long a person may take, in seconds.
const PATIENCE: i64 = 30 * 60;
/// More at once are a mistake or an attack: the oldest is forgotten.
const AT_MOST: usize = 1_000;

/// One authorization under way.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) request: Request,
    /// The browser's name, see [`super::browser::Browser`].
    pub(super) browser: String,
    /// Whether somebody must sign in before consent is asked for.
    pub(super) must_sign_in: bool,
    pub(super) began: i64,
}

/// All of them, by id.
#[derive(Debug, Default)]
pub(super) struct Flows(Mutex<HashMap<String, Flow>>);

impl Flows {
    /// Remembers a flow.
    pub(super) fn begin(&self, id: String, flow: Flow) {
        let now = flow.began;
        let mut flows = self.lock();
        flows.retain(|_, flow| now - flow.began < PATIENCE);
        if flows.len() >= AT_MOST {
            let oldest = flows.iter().min_by_key(|(_, flow)| flow.began).map(|(id, _)| id.clone());
            oldest.and_then(|id| flows.remove(&id));
        }
        flows.insert(id, flow);
    }

    /// The flow with this id, if it is this browser's.
    pub(super) fn find(&self, id: &str, browser: &str, now: i64) -> Option<Flow> {
        self.lock().get(id).filter(|flow| flow.browser == browser && now - flow.began < PATIENCE).cloned()
    }

    /// Changes a flow that is still there.
    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Flow)) {
        if let Some(flow) = self.lock().get_mut(id) {
            change(flow);
        }
    }

    /// Forgets a flow; whether it was still there. A page that is sent twice
    /// is answered once.
    pub(super) fn end(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Flow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
