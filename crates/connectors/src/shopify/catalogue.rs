//! A shop's catalogue: all of it by a bulk export, changes by pages.

use calibr_model::Currency;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    api::Api,
    bulk::{Export, ExportPosition},
    changes::{Changes, ChangesPosition},
    operations::CatalogueStart,
    store::ShopifyStore,
};
use crate::{
    catalogue::{CatalogueBatch, CataloguePlan, CatalogueSource, Checkpoint, Scope},
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Position {
    /// In an export's file.
    Export(ExportPosition),
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
    Export(Box<Export<'a>>),
    Changes(Box<Changes<'a>>),
}

impl CatalogueSource for ShopifyStore {
    fn pull<'a>(
        &'a self,
        plan: CataloguePlan,
    ) -> BoxStream<'a, Result<CatalogueBatch, ConnectorError>> {
        stream::try_unfold(Pull::Beginning(plan), move |mut pull| async move {
            let batch = pull.next(self.api()).await?;
            Ok(batch.map(|batch| (batch, pull)))
        })
        .boxed()
    }
}

impl<'a> Pull<'a> {
    async fn next(&mut self, api: &'a Api) -> Result<Option<CatalogueBatch>, ConnectorError> {
        if let Self::Beginning(plan) = self {
            let (begun, batch) = begin(api, plan).await?;
            *self = begun;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        match self {
            Self::Beginning(_) => Ok(None),
            Self::Export(export) => export.next().await,
            Self::Changes(changes) => changes.next().await,
        }
    }
}

async fn begin<'a>(
    api: &'a Api,
    plan: &CataloguePlan,
) -> Result<(Pull<'a>, Option<CatalogueBatch>), ConnectorError> {
    let position = plan.resume.as_ref().map(Checkpoint::read).transpose()?;
    let start = api.call(&CatalogueStart, Patience::RUN).await?.data;
    let expected = start.variants();
    let currency = read_currency(&start.shop.currency_code)?;
    match (plan.scope, position) {
        (Scope::Full, None) => {
            let (export, batch) = Export::start(api, currency, expected).await?;
            Ok((Pull::Export(Box::new(export)), Some(batch)))
        }
        (Scope::Full, Some(Position::Export(position))) => {
            let export = Export::resume(api, currency, expected, position);
            Ok((Pull::Export(Box::new(export)), None))
        }
        (Scope::Since(since), None) => Ok((
            Pull::Changes(Box::new(Changes::since(api, currency, since))),
            None,
        )),
        (Scope::Since(_), Some(Position::Changes(position))) => Ok((
            Pull::Changes(Box::new(Changes::resume(api, currency, position))),
            None,
        )),
        (Scope::Full, Some(Position::Changes(_)))
        | (Scope::Since(_), Some(Position::Export(_))) => Err(Checkpoint::unreadable()),
    }
}

/// The shop's currency.
pub(super) fn read_currency(code: &str) -> Result<Currency, ConnectorError> {
    code.parse().map_err(|error| {
        ConnectorError::new(
            Fault::Malformed,
            format!("Shopify named a currency that is none: {error}."),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_checkpoint_reads_back() {
        let note = json!({
            "kind": "export", "id": "gid://shopify/BulkOperation/1",
            "offset": 4096, "products": 3, "variants": 9,
        });
        let position = Checkpoint(note.clone()).read::<Position>().unwrap();
        assert_eq!(Checkpoint::from(position).0, note);
        let note = json!({ "kind": "changes", "since": "2026-07-01T12:00:00Z", "after": "eyJ9" });
        let position = Checkpoint(note.clone()).read::<Position>().unwrap();
        assert_eq!(Checkpoint::from(position).0, note);
    }

    #[test]
    fn a_note_of_another_kind_means_to_begin_anew() {
        for note in [
            json!(null),
            json!({}),
            json!({ "skip": 100 }),
            json!({ "kind": "export" }),
        ] {
            let refused = Checkpoint(note).read::<Position>().unwrap_err();
            assert_eq!(refused.fault, Fault::CheckpointLost);
        }
    }
}
