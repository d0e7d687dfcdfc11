//! What was asked of the sandbox, so that tests can look at a client from outside.
//! Never tokens, secrets or query strings.

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::lock::lock;

const KEPT: usize = 10_000;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When it came, by the sandbox's clock.
    pub at: DateTime<Utc>,
    /// The shop it was for.
    pub shop: String,
    /// HTTP method.
    pub method: String,
    /// Path without query string.
    pub path: String,
    /// Name of the GraphQL operation, or its first field where it has none.
    pub operation: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// The fault that struck, by its name in the control API.
    pub fault: Option<String>,
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<VecDeque<Entry>>,
}

impl Journal {
    pub(crate) fn write(&self, entry: Entry) {
        let mut entries = lock(&self.entries);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
    }
}
