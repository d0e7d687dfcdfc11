//! A seller's catalogue: all of it by a report, changes by pages.

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    api::Api,
    changes::{Changes, ChangesPosition},
    operations::CountListings,
    record::At,
    report::{Report, ReportPosition},
    store::AmazonStore,
};
use crate::{
    catalogue::{CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, Scope},
    error::ConnectorError,
    transport::retry::Patience,
};

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Position {
    /// In a report.
    Report(ReportPosition),
    /// In the pages of changes.
    Changes(ChangesPosition),
}

impl From<Position> for Checkpoint {
    fn from(position: Position) -> Self {
        Self::of(&position)
    }
}

/// A stream of the catalogue under way.
enum Pull<'a> {
    Beginning(CataloguePlan),
    Report(Box<Report<'a>>),
    Changes(Box<Changes<'a>>),
}

impl CatalogueSource for AmazonStore {
    fn pull<'a>(
        &'a self,
        plan: CataloguePlan,
    ) -> BoxStream<'a, Result<CatalogueBatch, ConnectorError>> {
        stream::try_unfold(Pull::Beginning(plan), move |mut pull| async move {
            let batch = pull.next(self.api(), self.at()).await?;
            Ok(batch.map(|batch| (batch, pull)))
        })
        .boxed()
    }
}

impl<'a> Pull<'a> {
    async fn next(
        &mut self,
        api: &'a Api,
        at: At,
    ) -> Result<Option<CatalogueBatch>, ConnectorError> {
        if let Self::Beginning(plan) = self {
            let (begun, batch) = begin(api, at, plan).await?;
            *self = begun;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        match self {
            Self::Beginning(_) => Ok(None),
            Self::Report(report) => report.next().await,
            Self::Changes(changes) => changes.next().await,
        }
    }
}

async fn begin<'a>(
    api: &'a Api,
    at: At,
    plan: &CataloguePlan,
) -> Result<(Pull<'a>, Option<CatalogueBatch>), ConnectorError> {
    let position = plan.resume.as_ref().map(Checkpoint::read).transpose()?;
    match (plan.scope, position) {
        (Scope::Full, None) => {
            let expected = api.call(&CountListings, Patience::RUN).await?;
            let (report, batch) = Report::start(api, at, Some(expected)).await?;
            Ok((Pull::Report(Box::new(report)), Some(batch)))
        }
        (Scope::Full, Some(Position::Report(position))) => {
            let expected = api.call(&CountListings, Patience::RUN).await?;
            let report = Report::resume(api, at, Some(expected), position);
            Ok((Pull::Report(Box::new(report)), None))
        }
        (Scope::Since(since), None) => Ok((
            Pull::Changes(Box::new(Changes::since(api, at, since))),
            None,
        )),
        (Scope::Since(_), Some(Position::Changes(position))) => Ok((
            Pull::Changes(Box::new(Changes::resume(api, at, &position))),
            None,
        )),
        (Scope::Full, Some(Position::Changes(_)))
        | (Scope::Since(_), Some(Position::Report(_))) => Err(Checkpoint::unreadable()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Fault;

    #[test]
    fn a_checkpoint_reads_back() {
        for note in [
            json!({ "kind": "report", "id": "50001", "offset": 4096, "listings": 9 }),
            json!({ "kind": "changes", "since": "2026-07-01T12:00:00Z" }),
        ] {
            let position = Checkpoint(note.clone()).read::<Position>().unwrap();
            assert_eq!(Checkpoint::from(position).0, note);
        }
    }

    #[test]
    fn a_note_of_another_kind_means_to_begin_anew() {
        for note in [json!(null), json!({}), json!({ "kind": "report" })] {
            let refused = Checkpoint(note).read::<Position>().unwrap_err();
            assert_eq!(refused.fault, Fault::CheckpointLost);
        }
    }
}
