use std::fmt;

use serde::{Deserialize, Serialize};

/// Holds what must not turn up in a log: the arguments of server functions can
/// be printed, and passwords are among them. On the wire it is the value itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unlogged<T>(pub T);

impl<T> fmt::Debug for Unlogged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_value_on_the_wire_and_nothing_in_a_log() {
        let held = Unlogged("correct horse".to_owned());
        assert_eq!(serde_json::to_string(&held).unwrap(), "\"correct horse\"");
        assert_eq!(format!("{held:?}"), "(not shown)");
    }
}
