//! What a run's figures say of how it ended.

use calibr_model::status::{RunType, SyncStatus};
use calibr_store::runs::Outcome;

use crate::error::EngineError;

/// The code of a run that the store did not take every price of.
pub(super) const PRICES_FAILED: &str = "prices_failed";

/// A run's figures at its end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    /// Items that came through.
    pub(super) synced: i64,
    /// Items that did not.
    pub(super) failed: i64,
    /// Items the store said it has.
    pub(super) expected: Option<i64>,
    /// Orders that came through.
    pub(super) orders_read: i64,
    /// Orders that did not.
    pub(super) orders_failed: i64,
    /// Prices that the store took.
    pub(super) prices_pushed: i64,
    /// Prices that it did not.
    pub(super) prices_failed: i64,
    /// Items that a retry asked for and the store no longer has.
    pub(super) gone: i64,
}

impl Figures {
    /// Whether every item that the store has came through: only then is what was
    /// not met gone from the store.
    pub(super) fn is_clean(self) -> bool {
        self.failed == 0 && self.expected.is_none_or(|expected| self.synced >= expected)
    }
}

/// How a run that reached its end is told. `known_before` is how many listings
/// the integration had.
pub(super) fn of(figures: Figures, r#type: RunType, known_before: i64) -> Outcome {
    if r#type == RunType::Retry
        && let Some(failed) = nothing_mended(figures)
    {
        return failed;
    }
    let catalogue = of_catalogue(figures, r#type, known_before);
    if catalogue.status == SyncStatus::Error {
        return catalogue;
    }
    let Figures {
        prices_pushed,
        prices_failed,
        orders_failed,
        ..
    } = figures;
    let prices = (prices_failed > 0).then(|| {
        format!(
            "{} not taken; the failures say why.",
            were(prices_failed, "price")
        )
    });
    let orders = (orders_failed > 0).then(|| {
        format!(
            "{} could not be read; the failures say why.",
            count(orders_failed, "order")
        )
    });
    let code = match (&prices, &orders) {
        (None, None) => return catalogue,
        (Some(_), _) => PRICES_FAILED,
        (None, Some(_)) => "orders_failed",
    };
    let told: Vec<String> = [catalogue.error, prices, orders]
        .into_iter()
        .flatten()
        .collect();
    let nothing_else = r#type == RunType::Prices && prices_pushed == 0;
    Outcome {
        status: if nothing_else {
            SyncStatus::Error
        } else {
            SyncStatus::Partial
        },
        error: Some(told.join(" ")),
        error_code: catalogue.error_code.or_else(|| Some(code.to_owned())),
    }
}

/// How a retry is told of which everything failed again.
fn nothing_mended(figures: Figures) -> Option<Outcome> {
    let came = figures.synced + figures.orders_read + figures.prices_pushed + figures.gone;
    let failed = figures.failed + figures.orders_failed;
    (came == 0 && failed > 0).then(|| Outcome {
        status: SyncStatus::Error,
        error: Some(format!(
            "{} failed again; the failures say why.",
            count(failed, "item")
        )),
        error_code: Some("all_failed".to_owned()),
    })
}

fn were(number: i64, what: &str) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", count(number, what))
}

fn of_catalogue(figures: Figures, r#type: RunType, known_before: i64) -> Outcome {
    let Figures {
        synced,
        failed,
        expected,
        ..
    } = figures;
    // A record that cannot be read may be no item of its own: the store's count
    // goes before the sum.
    let wanted = expected.unwrap_or(synced + failed).max(synced);
    if r#type == RunType::Full && synced == 0 && failed == 0 && (wanted > 0 || known_before > 0) {
        let had = wanted.max(known_before);
        return Outcome {
            status: SyncStatus::Error,
            error: Some(format!(
                "The store gave none of the {} that were expected. Nothing was removed here. Check \
                 that its products are visible to the app, then sync again.",
                count(had, "item")
            )),
            error_code: Some("empty_catalogue".to_owned()),
        };
    }
    if wanted > synced || failed > 0 {
        let (status, code) = if synced == 0 && r#type != RunType::Retry {
            (SyncStatus::Error, "all_failed")
        } else {
            (SyncStatus::Partial, "some_failed")
        };
        return Outcome {
            status,
            error: Some(told(synced, failed, wanted)),
            error_code: Some(code.to_owned()),
        };
    }
    Outcome {
        status: SyncStatus::Success,
        error: None,
        error_code: None,
    }
}

fn told(synced: i64, failed: i64, wanted: i64) -> String {
    let missing = wanted - synced - failed;
    let mut text = format!("{synced} of {} came through.", count(wanted, "item"));
    if failed > 0 {
        text.push_str(&format!(
            " {} could not be read; the failures say why.",
            count(failed, "record")
        ));
    }
    if missing > 0 {
        text.push_str(&format!(
            " {missing} that the store counts were not given; sync again to read them."
        ));
    }
    text
}

pub(super) fn count(number: i64, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// A fault ended the run.
pub(super) fn failed(error: &EngineError) -> Outcome {
    let error_text = match error {
        EngineError::Connector(fault) => fault.message.clone(),
        // What the database said is for whoever runs the console; it is in the log.
        EngineError::Store(_) => "The console's own database refused a part of this sync. What \
                                  came through before is kept. Sync again; if it stays so, tell \
                                  whoever runs this console."
            .to_owned(),
        other => format!("{other}. What came through before is kept; sync again."),
    };
    Outcome {
        status: SyncStatus::Error,
        error: Some(error_text),
        error_code: Some(error.code().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(
        synced: i64,
        failed: i64,
        expected: Option<i64>,
        known: i64,
    ) -> (SyncStatus, String) {
        let figures = Figures {
            synced,
            failed,
            expected,
            ..Figures::default()
        };
        let outcome = of(figures, RunType::Full, known);
        (outcome.status, outcome.error.unwrap_or_default())
    }

    #[test]
    fn all_of_all_is_success() {
        assert_eq!(told_of(3, 0, Some(3), 0).0, SyncStatus::Success);
        assert_eq!(told_of(3, 0, None, 3).0, SyncStatus::Success);
        assert_eq!(told_of(0, 0, Some(0), 0).0, SyncStatus::Success);
    }

    #[test]
    fn nothing_where_something_was_expected_is_no_success() {
        assert_eq!(told_of(0, 0, Some(5), 0).0, SyncStatus::Error);
        let (status, text) = told_of(0, 0, Some(0), 88);
        assert_eq!(status, SyncStatus::Error);
        assert!(text.contains("none of the 88 items"), "{text}");
    }

    #[test]
    fn partial_says_how_many_of_how_many() {
        let (status, text) = told_of(97, 2, Some(100), 0);
        assert_eq!(status, SyncStatus::Partial);
        assert!(
            text.starts_with("97 of 100 items came through. 2 records could not"),
            "{text}"
        );
        assert!(text.contains("1 that the store counts"), "{text}");
        assert_eq!(told_of(0, 4, Some(4), 0).0, SyncStatus::Error);
        // A product that cannot be read takes its variants along.
        let (status, text) = told_of(186, 15, Some(200), 0);
        assert_eq!(status, SyncStatus::Partial);
        assert!(
            text.starts_with("186 of 200 items came through. 15 records"),
            "{text}"
        );
        assert_eq!(told_of(200, 1, Some(200), 0).0, SyncStatus::Partial);
    }

    #[test]
    fn orders_that_failed_make_a_run_partial() {
        let figures = Figures {
            synced: 3,
            orders_read: 7,
            orders_failed: 1,
            ..Figures::default()
        };
        let outcome = of(figures, RunType::Full, 3);
        assert_eq!(outcome.status, SyncStatus::Partial);
        assert_eq!(
            outcome.error.as_deref(),
            Some("1 order could not be read; the failures say why.")
        );
        let failed = Figures {
            synced: 2,
            failed: 1,
            ..figures
        };
        let told = of(failed, RunType::Full, 3).error.unwrap();
        assert!(told.starts_with("2 of 3 items came through."), "{told}");
        assert!(
            told.ends_with("1 order could not be read; the failures say why."),
            "{told}"
        );
    }

    #[test]
    fn prices_that_were_not_taken_are_told() {
        let figures = |prices_pushed, prices_failed| Figures {
            prices_pushed,
            prices_failed,
            ..Figures::default()
        };
        let outcome = |pushed, failed| of(figures(pushed, failed), RunType::Prices, 88);
        assert_eq!(outcome(3, 0).status, SyncStatus::Success);
        assert_eq!(outcome(0, 0).status, SyncStatus::Success);
        assert_eq!(outcome(0, 2).status, SyncStatus::Error);
        let partial = outcome(2, 1);
        assert_eq!(partial.status, SyncStatus::Partial);
        assert_eq!(
            partial.error.as_deref(),
            Some("1 price was not taken; the failures say why.")
        );
    }

    #[test]
    fn a_retry_is_partial_where_any_of_it_was_mended() {
        let outcome = |figures| of(figures, RunType::Retry, 88);
        let gone = Figures {
            gone: 2,
            ..Figures::default()
        };
        assert_eq!(outcome(gone).status, SyncStatus::Success);
        let orders = Figures {
            failed: 1,
            expected: Some(1),
            orders_read: 1,
            ..Figures::default()
        };
        assert_eq!(outcome(orders).status, SyncStatus::Partial);
        let nothing = outcome(Figures {
            failed: 2,
            orders_failed: 1,
            expected: Some(2),
            ..Figures::default()
        });
        assert_eq!(
            (nothing.status, nothing.error.as_deref()),
            (
                SyncStatus::Error,
                Some("3 items failed again; the failures say why.")
            )
        );
    }

    #[test]
    fn an_incremental_run_without_changes_is_success() {
        let outcome = of(Figures::default(), RunType::Incremental, 88);
        assert_eq!(outcome.status, SyncStatus::Success);
    }

    #[test]
    fn only_a_complete_full_run_tells_what_is_gone() {
        let figures = |synced, failed, expected| Figures {
            synced,
            failed,
            expected,
            ..Figures::default()
        };
        assert!(figures(10, 0, Some(10)).is_clean());
        assert!(figures(10, 0, None).is_clean());
        assert!(!figures(9, 0, Some(10)).is_clean());
        assert!(!figures(9, 1, Some(10)).is_clean());
    }
}
