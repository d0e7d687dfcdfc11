//! An export as Shopify runs it: starting it, and waiting until it is done.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::{
    api::Api,
    operations::{ExportState, ExportStatus, RecentExports, StartExport, Started},
};
use crate::{
    error::{ConnectorError, Fault},
    transport::retry::{Attempts, Patience, Verdict},
    waits,
};

/// The first pause between looks at an export, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LAST_LOOK: Duration = Duration::from_secs(10);
/// Pauses while other exports are in the way.
const FIRST_TURN: Duration = Duration::from_secs(2);
const LAST_TURN: Duration = Duration::from_secs(60);
/// How long an export may stand still, and how long others may be in its way.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How far the shop's clock may be behind ours.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(90);

/// Starts an export of the whole catalogue and gives its id. Waits while others
/// are in the way; where the answer to a start was lost, finds out whether the
/// export runs before it starts another.
pub(super) async fn start(api: &Api) -> Result<String, ConnectorError> {
    let asked_from: DateTime<Utc> = api.transport.sources().now() - CLOCKS_APART;
    let begun = Instant::now();
    let mut attempts = Attempts::new(Patience::RUN);
    let mut turn = FIRST_TURN;
    loop {
        let pause = match api
            .call_once(&StartExport)
            .await
            .map(|reply| reply.data.started())
        {
            Ok(Started::Running(id)) => return Ok(id),
            Ok(Started::Refused(why)) => {
                let message = format!("{} does not export its catalogue: {why}.", api.shop);
                return Err(ConnectorError::new(Fault::Refused, message));
            }
            Ok(Started::Busy) if begun.elapsed() > LONGEST => {
                return Err(ConnectorError::new(
                    Fault::Throttled,
                    format!(
                        "Other exports of {} have been in the way for half an hour. Try again \
                         when they are done.",
                        api.shop
                    ),
                ));
            }
            Ok(Started::Busy) => {
                let pause = turn;
                turn = LAST_TURN.min(turn * 2);
                pause
            }
            Err(error) => {
                let chance = u32::from_le_bytes(api.transport.sources().bytes());
                match attempts.after(&error, begun.elapsed(), chance) {
                    Verdict::GiveUp => return Err(error),
                    Verdict::Pause(pause) => pause,
                }
            }
        };
        let why = || format!("{} is busy with another export.", api.shop);
        waits::wait(pause, why).await;
        let recent = api.call(&RecentExports, Patience::RUN).await?;
        if let Some(id) = recent.data.own_since(asked_from) {
            return Ok(id);
        }
    }
}

/// Waits until an export is no longer running, and says how it ended.
pub(super) async fn wait(api: &Api, id: &str) -> Result<ExportState, ConnectorError> {
    let mut pause = FIRST_LOOK;
    let mut done = 0;
    let mut moved = Instant::now();
    loop {
        let state = look(api, id).await?;
        let ExportState::Running { objects } = state else {
            return Ok(state);
        };
        if objects != done {
            done = objects;
            moved = Instant::now();
        } else if moved.elapsed() > LONGEST {
            return Err(ConnectorError::new(
                Fault::Server,
                format!(
                    "Shopify's export of {} has stood still for half an hour, at {objects} \
                     records. Try again later; it goes on from there.",
                    api.shop
                ),
            ));
        }
        let why = || format!("{} prepares the export of its catalogue.", api.shop);
        waits::wait(pause, why).await;
        pause = LAST_LOOK.min(pause.mul_f64(1.5));
    }
}

/// How far an export is.
pub(super) async fn look(api: &Api, id: &str) -> Result<ExportState, ConnectorError> {
    let reply = api.call(&ExportStatus { id }, Patience::RUN).await?;
    Ok(reply.data.state())
}
