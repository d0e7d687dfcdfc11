//! Going through pages by their cursors, which may come round again.

use crate::error::{ConnectorError, Fault};

/// Notices when cursors come round again, by remembering one at a time, at
/// growing distances.
#[derive(Debug)]
pub(crate) struct Circle {
    platform: &'static str,
    remembered: Option<String>,
    steps: u64,
    next_to_remember: u64,
}

impl Circle {
    /// Of pages that this platform gives.
    pub(crate) const fn at(platform: &'static str) -> Self {
        Self {
            platform,
            remembered: None,
            steps: 0,
            next_to_remember: 0,
        }
    }

    /// Takes in the cursor of the next page.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where there is none, [`Fault::CursorRepeats`] where
    /// the pages go in circles.
    pub(crate) fn go_on(&mut self, cursor: Option<&str>) -> Result<(), ConnectorError> {
        let Some(cursor) = cursor else {
            return Err(ConnectorError::new(
                Fault::Malformed,
                format!(
                    "{} says there are more pages, but not where the next one begins.",
                    self.platform
                ),
            ));
        };
        if self.remembered.as_deref() == Some(cursor) {
            return Err(repeats(self.platform));
        }
        if self.steps >= self.next_to_remember {
            self.remembered = Some(cursor.to_owned());
            self.next_to_remember = (self.steps + 1) * 2;
        }
        self.steps += 1;
        Ok(())
    }
}

/// The failure of pages that never end.
pub(crate) fn repeats(platform: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::CursorRepeats,
        format!(
            "{platform} gives the same pages over and over, so its list has no end. What came \
             before is kept. Run it again later; if it stays so, this is a fault to report to \
             {platform}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_without_a_next_place_are_refused() {
        let refused = Circle::at("Shopify").go_on(None).unwrap_err();
        assert_eq!(refused.fault, Fault::Malformed);
    }

    proptest! {
        #[test]
        fn a_circle_is_noticed_wherever_it_begins(before in 0_usize..50, length in 1_usize..50) {
            let mut circle = Circle::at("Shopify");
            let cursors = (0..before + length).map(|n| n.to_string()).collect::<Vec<_>>();
            let endless = cursors.iter().chain(cursors[before..].iter().cycle());
            let steps = endless.take(1_000).take_while(|cursor| circle.go_on(Some(cursor)).is_ok()).count();
            prop_assert!(steps >= before + length, "a cursor was refused the first time");
            prop_assert!(steps < 1_000, "the circle was not noticed");
        }

        #[test]
        fn a_straight_way_is_none(length in 0_u32..300) {
            let mut circle = Circle::at("Shopify");
            for step in 0..length {
                prop_assert!(circle.go_on(Some(&step.to_string())).is_ok());
            }
        }
    }
}
