use calibr_model::Sources;
use rand::{SeedableRng as _, rngs::StdRng};

/// A generator for secrets, seeded from the process's source of randomness.
pub(crate) fn random(sources: &Sources) -> StdRng {
    StdRng::from_seed(sources.bytes())
}
