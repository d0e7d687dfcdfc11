//! Going through pages by their cursors.

use crate::error::{ConnectorError, Fault};

/// Shopify refuses a cursor that it no longer knows as it does any wrong
/// argument; only the words tell. `resumed` is whether one was sent.
pub(super) fn lost_cursor(error: ConnectorError, resumed: bool) -> ConnectorError {
    let about_cursor = error.fault == Fault::Refused && error.message.contains("cursor");
    if about_cursor && resumed {
        return ConnectorError {
            fault: Fault::CheckpointLost,
            message: "Shopify no longer knows where this import stopped; it has to begin anew."
                .to_owned(),
            ..error
        };
    }
    error
}

/// Notices when cursors come round again, by remembering one at a time, at
/// growing distances.
#[derive(Debug, Default)]
pub(super) struct Circle {
    remembered: Option<String>,
    steps: u64,
    next_to_remember: u64,
}

impl Circle {
    /// Takes in the cursor of the next page.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where there is none, or the pages go in circles.
    pub(super) fn go_on(&mut self, cursor: Option<&str>) -> Result<(), ConnectorError> {
        let Some(cursor) = cursor else {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Shopify says there are more pages, but not where the next one begins.",
            ));
        };
        if self.remembered.as_deref() == Some(cursor) {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Shopify gives the same pages over and over. Try again later.",
            ));
        }
        if self.steps >= self.next_to_remember {
            self.remembered = Some(cursor.to_owned());
            self.next_to_remember = (self.steps + 1) * 2;
        }
        self.steps += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_without_a_next_place_are_refused() {
        let refused = Circle::default().go_on(None).unwrap_err();
        assert_eq!(refused.fault, Fault::Malformed);
    }

    proptest! {
        #[test]
        fn a_circle_is_noticed_wherever_it_begins(before in 0_usize..50, length in 1_usize..50) {
            let mut circle = Circle::default();
            let cursors = (0..before + length).map(|n| n.to_string()).collect::<Vec<_>>();
            let endless = cursors.iter().chain(cursors[before..].iter().cycle());
            let steps = endless.take(1_000).take_while(|cursor| circle.go_on(Some(cursor)).is_ok()).count();
            prop_assert!(steps >= before + length, "a cursor was refused the first time");
            prop_assert!(steps < 1_000, "the circle was not noticed");
        }

        #[test]
        fn a_straight_way_is_none(length in 0_u32..300) {
            let mut circle = Circle::default();
            for step in 0..length {
                prop_assert!(circle.go_on(Some(&step.to_string())).is_ok());
            }
        }
    }
}
