//! Time as it is, and chance that is none.

use std::sync::Arc;

use calibr_model::{Random, Sources};

/// Chance that always falls the same way, so that jittered pauses are none.
#[derive(Debug)]
struct NoChance;

impl Random for NoChance {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

pub(crate) fn sources() -> Sources {
    Sources {
        random: Arc::new(NoChance),
        ..Sources::system()
    }
}
