//! The whole catalogue by a bulk export
//! ([bulk operations](https://shopify.dev/docs/api/usage/bulk-operations/queries)):
//! once it is done its file is read line by line, products before their
//! variants.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use calibr_model::Currency;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    api::Api,
    catalogue::Position,
    download::Download,
    job,
    operations::{ExportState, FailedBy},
    record::{self, Record},
};
use crate::{
    catalogue::CatalogueBatch,
    error::{ConnectorError, Fault},
    lines::{Line, Lines},
};

/// A batch ends after so many variants or other records, or bytes of lines.
const BATCH_RECORDS: usize = 2_000;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// No record is longer, whatever stands in it.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// How far an export's file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExportPosition {
    /// The export.
    id: String,
    /// Where the next line begins, in bytes.
    offset: u64,
    /// Products and variants before it.
    products: u64,
    variants: u64,
}

/// A full import under way.
pub(super) struct Export<'a> {
    api: &'a Api,
    currency: Currency,
    expected: Option<u64>,
    position: ExportPosition,
    /// How often this stream may start an export in place of a failed one;
    /// `None` where it took up another's.
    restarts_left: Option<u32>,
    /// Products that came; unknown where the stream began in the middle.
    seen: Option<HashSet<u64>>,
    stage: Stage,
}

enum Stage {
    Waiting,
    Reading(Box<Reading>),
    Done,
}

struct Reading {
    download: Download,
    lines: Lines,
    /// What ends the stream after the part that there is of the file.
    failure: Option<ConnectorError>,
    /// Whether the file's address was asked for a second time.
    asked_again: bool,
}

impl<'a> Export<'a> {
    /// Starts an export and gives it, with the batch that says so.
    pub(super) async fn start(
        api: &'a Api,
        currency: Currency,
        expected: Option<u64>,
    ) -> Result<(Self, CatalogueBatch), ConnectorError> {
        let mut export = Self {
            api,
            currency,
            expected,
            position: ExportPosition::beginning(job::start(api).await?),
            restarts_left: Some(1),
            seen: Some(HashSet::new()),
            stage: Stage::Waiting,
        };
        let batch = export.batch();
        Ok((export, batch))
    }

    /// Takes an export up where an earlier stream stopped.
    pub(super) fn resume(
        api: &'a Api,
        currency: Currency,
        expected: Option<u64>,
        position: ExportPosition,
    ) -> Self {
        Self {
            api,
            currency,
            expected,
            restarts_left: None,
            seen: (position.offset == 0).then(HashSet::new),
            position,
            stage: Stage::Waiting,
        }
    }

    /// The next batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        loop {
            let batch = match &self.stage {
                Stage::Waiting => self.wait().await?,
                Stage::Reading(_) => self.read().await?,
                Stage::Done => return Ok(None),
            };
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }

    /// An empty batch at the present place.
    fn batch(&mut self) -> CatalogueBatch {
        // A part of a failed export's file is not worth going on with.
        let partial = matches!(&self.stage, Stage::Reading(reading) if reading.failure.is_some());
        let position = Position::Export(self.position.clone());
        CatalogueBatch {
            expected: self.expected,
            checkpoint: (!partial).then(|| position.into()),
            ..CatalogueBatch::default()
        }
    }

    /// Waits until the file can be read. A batch comes of it only where the
    /// export had to be started anew.
    async fn wait(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        match job::wait(self.api, &self.position.id).await? {
            ExportState::Running { .. } => {}
            ExportState::Done { url: None, .. } => self.stage = Stage::Done,
            ExportState::Done {
                url: Some(url),
                size,
            } => self.stage = self.reading(&url, size, None)?,
            ExportState::Failed { by, partial_url } => return self.failed(by, partial_url).await,
            ExportState::Cancelled => {
                return Err(ConnectorError::new(
                    self.begin_anew_or(Fault::Server),
                    "The export was cancelled on Shopify's side. Run the import again.",
                ));
            }
            ExportState::Forgotten => {
                return Err(ConnectorError::new(
                    Fault::CheckpointLost,
                    "Shopify no longer keeps this export; it has to be made anew.",
                ));
            }
            ExportState::Unknown(status) => {
                return Err(ConnectorError::new(
                    Fault::Malformed,
                    format!(
                        "Shopify calls the state of its export \"{status}\", which Calibr does \
                         not know. Look for a newer version of Calibr."
                    ),
                ));
            }
        }
        Ok(None)
    }

    async fn failed(
        &mut self,
        by: FailedBy,
        partial_url: Option<String>,
    ) -> Result<Option<CatalogueBatch>, ConnectorError> {
        if by == FailedBy::Access {
            return Err(ConnectorError::new(
                Fault::MissingScope,
                format!(
                    "{} has not given Calibr the permission read_products. Connect the store \
                     again, or add the permission to the custom app.",
                    self.api.shop
                ),
            ));
        }
        match self.restarts_left {
            None => Err(ConnectorError::new(
                Fault::CheckpointLost,
                "Shopify's export failed meanwhile; it has to be made anew.",
            )),
            Some(left @ 1..) => {
                tracing::info!(shop = %self.api.shop, "Shopify's export failed; starting another");
                self.position = ExportPosition::beginning(job::start(self.api).await?);
                self.restarts_left = Some(left - 1);
                Ok(Some(self.batch()))
            }
            Some(0) => {
                let failure = ConnectorError::new(
                    Fault::Server,
                    "Shopify's export ended early, twice. What it had until then was read; run \
                     the import again for the rest.",
                );
                let Some(url) = partial_url else {
                    return Err(failure);
                };
                self.stage = self.reading(&url, None, Some(failure))?;
                Ok(None)
            }
        }
    }

    /// The fault of an export that cannot go on: one taken up from an earlier
    /// stream has to begin anew.
    fn begin_anew_or(&self, fault: Fault) -> Fault {
        match self.restarts_left {
            Some(_) => fault,
            None => Fault::CheckpointLost,
        }
    }

    fn reading(
        &self,
        url: &str,
        size: Option<u64>,
        failure: Option<ConnectorError>,
    ) -> Result<Stage, ConnectorError> {
        let offset = self.position.offset;
        Ok(Stage::Reading(Box::new(Reading {
            download: self.download(url, offset, size)?,
            lines: Lines::new(offset, LONGEST_LINE),
            failure,
            asked_again: false,
        })))
    }

    fn download(
        &self,
        url: &str,
        offset: u64,
        size: Option<u64>,
    ) -> Result<Download, ConnectorError> {
        let url: Url = url.parse().map_err(|_| {
            ConnectorError::new(
                Fault::Malformed,
                "Shopify gave an address for its export file that is none.",
            )
        })?;
        Ok(Download::new(self.api.transport.clone(), url, offset, size))
    }

    /// Reads until a batch is full or the file ends.
    async fn read(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        let mut batch = self.batch();
        let begun_at = self.position.offset;
        loop {
            let Stage::Reading(reading) = &mut self.stage else {
                return Ok(None);
            };
            let line = match reading.lines.read_from(&mut reading.download).await {
                Ok(line) => line,
                Err(error) if error.fault == Fault::CheckpointLost && !reading.asked_again => {
                    self.ask_for_address(error).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let offset = reading.lines.offset();
            match line {
                Some(line) => {
                    self.take(line, &mut batch);
                    self.position.offset = offset;
                    let records = batch.products.len() + batch.faults.len();
                    let full = batch.variants.len() >= BATCH_RECORDS
                        || records >= BATCH_RECORDS
                        || offset - begun_at >= BATCH_BYTES;
                    if full {
                        return Ok(Some(self.at_this_place(batch)));
                    }
                }
                None if offset > begun_at => return Ok(Some(self.at_this_place(batch))),
                None => {
                    let failure = reading.failure.take();
                    self.stage = Stage::Done;
                    return failure.map_or(Ok(None), Err);
                }
            }
        }
    }

    /// The batch, with the place it ends at.
    fn at_this_place(&mut self, batch: CatalogueBatch) -> CatalogueBatch {
        CatalogueBatch {
            products: batch.products,
            variants: batch.variants,
            faults: batch.faults,
            ..self.batch()
        }
    }

    /// The file's address is no longer good: asks for a new one, once.
    async fn ask_for_address(&mut self, error: ConnectorError) -> Result<(), ConnectorError> {
        let state = job::look(self.api, &self.position.id).await?;
        let ExportState::Done {
            url: Some(url),
            size,
        } = state
        else {
            return Err(error);
        };
        if let Stage::Reading(reading) = &self.stage {
            let received = reading.lines.received();
            let again = self.download(&url, received, size)?;
            if let Stage::Reading(reading) = &mut self.stage {
                reading.download = again;
                reading.asked_again = true;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: Line, batch: &mut CatalogueBatch) {
        let line = match line {
            Line::Whole(line) if line.is_empty() => return,
            Line::Whole(line) => line,
            Line::TooLong(beginning) => {
                batch.faults.push(record::too_long(&beginning));
                return;
            }
        };
        match record::line(&line, self.currency) {
            Ok(Record::Product(product)) => {
                if let Some(seen) = &mut self.seen {
                    seen.insert(number_of(&product.external_id));
                }
                self.position.products += 1;
                batch.products.push(product);
            }
            Ok(Record::Variant(variant)) => {
                let product = number_of(&variant.product_external_id);
                if self
                    .seen
                    .as_ref()
                    .is_some_and(|seen| !seen.contains(&product))
                {
                    batch.faults.push(record::without_product(variant));
                } else {
                    self.position.variants += 1;
                    batch.variants.push(variant);
                }
            }
            Err(fault) => batch.faults.push(fault),
        }
    }
}

impl ExportPosition {
    fn beginning(id: String) -> Self {
        Self {
            id,
            offset: 0,
            products: 0,
            variants: 0,
        }
    }
}

/// The number in `gid://shopify/Product/1`: shorter to remember than the text.
fn number_of(id: &str) -> u64 {
    let number = id.rsplit('/').next().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        hasher.finish()
    })
}
