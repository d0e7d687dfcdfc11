//! What a run's log says.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use calibr_connectors::waits::{Listener, Wait};
use calibr_model::{
    SyncRunId,
    status::{RunEvent, RunPhase},
    views::RetryView,
};
use calibr_store::{StoreError, TenantTx, runs::ClaimedRun};
use chrono::{DateTime, TimeDelta, Utc};

use super::outcome::{Figures, count};

/// The same wait is told again after this.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(2);

/// Most lines that wait to be written; while the database is away they may
/// become many.
const MOST_HELD: usize = 50;

/// Lines of what is waited for, until they are written with the next heartbeat.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    lines: Vec<(DateTime<Utc>, String)>,
    /// What was told last, and when.
    last: Option<(String, DateTime<Utc>)>,
}

impl Waits {
    /// Hears of waits, by this clock.
    pub(super) fn listener(&self, sources: calibr_model::Sources) -> Listener {
        let held = Arc::clone(&self.held);
        Arc::new(move |wait| {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            held.note(&wait, sources.now());
        })
    }

    /// Writes what was heard.
    pub(super) async fn write(&self, tx: &mut TenantTx, run: SyncRunId) -> Result<(), StoreError> {
        let lines = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut held.lines)
        };
        for (at, text) in lines {
            tx.log_run(run, RunEvent::Waiting, &text, at).await?;
        }
        Ok(())
    }
}

impl Held {
    fn note(&mut self, wait: &Wait, now: DateTime<Utc>) {
        if let Some((why, told)) = &self.last
            && *why == wait.why
            && (now - *told).abs() < AGAIN_AFTER
        {
            return;
        }
        if self.lines.len() < MOST_HELD {
            let text = format!("{} Waiting {}.", wait.why, span(wait.long));
            self.lines.push((now, text));
            self.last = Some((wait.why.clone(), now));
        }
    }
}

/// A span as people say it.
pub(super) fn span(long: Duration) -> String {
    match long.as_secs_f64().round() as u64 {
        0 | 1 => "a second".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

pub(super) fn taken_up(run: &ClaimedRun) -> String {
    if run.phase == RunPhase::Authenticate && run.fruitless <= 1 {
        return "A worker took it up.".to_owned();
    }
    format!("A worker took it up again: {}.", doing(run.phase))
}

/// A phase in the middle of a sentence.
fn doing(phase: RunPhase) -> String {
    phase.label().to_lowercase()
}

pub(super) fn phase(phase: RunPhase) -> String {
    format!("{}.", phase.label())
}

/// What came of reading the catalogue.
pub(super) fn catalogue(figures: Figures) -> String {
    let failed = match figures.failed {
        0 => String::new(),
        failed => format!(" {} could not be read.", count(failed, "record")),
    };
    format!("{} came through.{failed}", count(figures.synced, "item"))
}

/// What came of reading the orders.
pub(super) fn orders(figures: Figures) -> String {
    let failed = match figures.orders_failed {
        0 => String::new(),
        failed => format!(" {} could not be read.", count(failed, "order")),
    };
    format!("{} read.{failed}", count(figures.orders_read, "order"))
}

pub(super) fn prices(taken: i64, refused: i64) -> String {
    match (taken, refused) {
        (taken, 0) => format!("{} sent and taken.", count(taken, "price")),
        (0, refused) => format!("{} sent or checked, none taken.", count(refused, "price")),
        (taken, refused) => format!(
            "{} sent and taken, {refused} not taken.",
            count(taken, "price")
        ),
    }
}

pub(super) fn gone(listings: i64) -> String {
    let verb = are(listings);
    format!("{} {verb} gone from the store.", count(listings, "listing"))
}

/// What a retry is about to do.
pub(super) fn retry(view: &RetryView) -> String {
    let mut text = format!(
        "{} to read again that failed before.",
        count(view.items, "item")
    );
    if view.skipped > 0 {
        let what = count(view.skipped, "item");
        let verb = are(view.skipped);
        text.push_str(&format!(" {what} came through since and {verb} left out."));
    }
    if view.parked > 0 {
        let what = count(view.parked, "item");
        let verb = are(view.parked);
        text.push_str(&format!(" {what} {verb} parked and left out."));
    }
    text
}

const fn are(number: i64) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// Items that a retry asked for and the store no longer has.
pub(super) fn items_gone(items: i64) -> String {
    let verb = are(items);
    format!(
        "{} {verb} no longer in the store: nothing is left to retry there.",
        count(items, "item")
    )
}

/// That a retry follows by itself.
pub(crate) fn retry_follows(items: i64, wait: Duration) -> String {
    format!(
        "{} may go through later: a retry follows by itself in about {}.",
        count(items, "item"),
        span(wait)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_wait_is_told_once_in_a_while() {
        let mut held = Held::default();
        let wait = |why: &str| Wait {
            long: Duration::from_secs(178),
            why: why.to_owned(),
        };
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        held.note(&wait("Amazon allows searchOrders only so often."), at(0));
        held.note(&wait("Amazon allows searchOrders only so often."), at(1));
        held.note(&wait("The store is busy."), at(1));
        held.note(&wait("The store is busy."), at(4));
        let texts: Vec<&str> = held.lines.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Amazon allows searchOrders only so often. Waiting 3 minutes.",
                "The store is busy. Waiting 3 minutes.",
                "The store is busy. Waiting 3 minutes.",
            ]
        );
        for minute in 10..1_000 {
            held.note(&wait("The store is busy."), at(minute));
        }
        assert_eq!(held.lines.len(), MOST_HELD);
    }

    #[test]
    fn a_retry_says_what_it_leaves_out() {
        let view = RetryView {
            of: None,
            code: None,
            number: 0,
            items: 12,
            came_through: 0,
            failed: 0,
            gone: 0,
            skipped: 2,
            parked: 1,
        };
        assert_eq!(
            retry(&view),
            "12 items to read again that failed before. 2 items came through since and are left \
             out. 1 item is parked and left out."
        );
    }
}
