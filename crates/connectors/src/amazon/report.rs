//! The whole catalogue by a report
//! ([reports](https://developer-docs.amazon.com/sp-api/docs/reports-api)): asked
//! for, waited for, then read line by line.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    api::Api,
    catalogue::Position,
    document::Document,
    operations::{CountListings, CreateReport, GetReport, GetReportDocument, ReportState},
    record::{self, At},
    report_line::{Columns, Letters},
};
use crate::{
    catalogue::CatalogueBatch,
    error::{ConnectorError, Fault},
    lines::{Line, Lines},
    transport::retry::Patience,
    waits,
};

/// A batch ends after so many listings and faults.
const BATCH: usize = 2_000;
/// No line is longer, whatever stands in it.
const LONGEST_LINE: usize = 16 * 1024 * 1024;
/// The first pause between looks at a report, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LAST_LOOK: Duration = Duration::from_secs(30);
/// How long a report may take. Amazon's own limit is hours; a run that long is
/// better begun again later.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How far a report was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReportPosition {
    /// The report.
    id: String,
    /// Where the next line begins, in bytes, unpacked.
    offset: u64,
    /// Listings before it.
    listings: u64,
}

/// A full import under way.
pub(super) struct Report<'a> {
    api: &'a Api,
    at: At,
    expected: Option<u64>,
    position: ReportPosition,
    /// Whether this stream asked for the report itself.
    fresh: bool,
    /// Products that were given.
    seen: HashSet<u64>,
    stage: Stage,
}

enum Stage {
    Waiting,
    Reading(Box<Reading>),
    Done,
}

struct Reading {
    document_id: String,
    document: Document,
    lines: Lines,
    columns: Option<Columns>,
    /// Whether the address was asked for a second time.
    asked_again: bool,
}

impl<'a> Report<'a> {
    /// Asks for a report and gives it, with the batch that says so.
    pub(super) async fn start(
        api: &'a Api,
        at: At,
        expected: Option<u64>,
    ) -> Result<(Self, CatalogueBatch), ConnectorError> {
        let id = api.call(&CreateReport, Patience::RUN).await?;
        let position = ReportPosition {
            id,
            offset: 0,
            listings: 0,
        };
        let mut report = Self::resume(api, at, expected, position);
        report.fresh = true;
        let batch = report.batch();
        Ok((report, batch))
    }

    /// Takes a report up where an earlier stream stopped.
    pub(super) fn resume(
        api: &'a Api,
        at: At,
        expected: Option<u64>,
        position: ReportPosition,
    ) -> Self {
        Self {
            api,
            at,
            expected,
            position,
            fresh: false,
            seen: HashSet::new(),
            stage: Stage::Waiting,
        }
    }

    /// The next batch; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        loop {
            match &self.stage {
                Stage::Waiting => self.wait().await?,
                Stage::Reading(_) => {
                    if let Some(batch) = self.read().await? {
                        return Ok(Some(batch));
                    }
                }
                Stage::Done => return Ok(None),
            }
        }
    }

    /// An empty batch at the present place.
    fn batch(&self) -> CatalogueBatch {
        CatalogueBatch {
            expected: self.expected,
            checkpoint: Some(Position::Report(self.position.clone()).into()),
            ..CatalogueBatch::default()
        }
    }

    /// Waits until the report can be read.
    async fn wait(&mut self) -> Result<(), ConnectorError> {
        let begun = Instant::now();
        let mut pause = FIRST_LOOK;
        loop {
            let id = &self.position.id;
            match self.api.call(&GetReport { id }, Patience::RUN).await? {
                ReportState::UnderWay if begun.elapsed() > LONGEST => {
                    return Err(ConnectorError::new(
                        Fault::Server,
                        "Amazon has worked on its report of the listings for an hour and is not \
                         done. The import goes on from here when it is run again.",
                    ));
                }
                ReportState::UnderWay => {
                    let why = || "Amazon prepares its report of the listings.".to_owned();
                    waits::wait(pause, why).await;
                    pause = LAST_LOOK.min(pause.mul_f64(1.5));
                }
                ReportState::Done { document } => return self.open(document).await,
                ReportState::Cancelled => return self.cancelled().await,
                ReportState::Failed => {
                    return Err(self.gone("Amazon failed to make its report of the listings"));
                }
                ReportState::Forgotten => {
                    return Err(self.gone("Amazon no longer keeps this report"));
                }
            }
        }
    }

    /// A report that was taken up from an earlier stream has to be made anew.
    fn gone(&self, what: &str) -> ConnectorError {
        let fault = if self.fresh {
            Fault::Server
        } else {
            Fault::CheckpointLost
        };
        ConnectorError::new(fault, format!("{what}. Run the import again."))
    }

    /// Amazon cancels a report by itself where there is nothing to report.
    async fn cancelled(&mut self) -> Result<(), ConnectorError> {
        if self.api.call(&CountListings, Patience::RUN).await? > 0 {
            return Err(self.gone("Amazon's report of the listings was cancelled"));
        }
        self.stage = Stage::Done;
        Ok(())
    }

    async fn open(&mut self, document_id: String) -> Result<(), ConnectorError> {
        // The column names are in the first line: it is always read from there,
        // and what was taken before is passed over.
        let document = ask_for(self.api, &document_id, 0).await?;
        self.stage = Stage::Reading(Box::new(Reading {
            document_id,
            document,
            lines: Lines::new(0, LONGEST_LINE),
            columns: None,
            asked_again: false,
        }));
        Ok(())
    }

    /// Reads until a batch is full or the document ends.
    async fn read(&mut self) -> Result<Option<CatalogueBatch>, ConnectorError> {
        let mut batch = self.batch();
        let mut given = HashSet::new();
        let begun_at = self.position.offset;
        loop {
            let Stage::Reading(reading) = &mut self.stage else {
                return Ok(None);
            };
            let line = match reading.lines.read_from(&mut reading.document).await {
                Ok(line) => line,
                Err(error) if error.fault == Fault::CheckpointLost && !reading.asked_again => {
                    self.ask_again().await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let offset = reading.lines.offset();
            match line {
                Some(line) => {
                    if !reading.passes(&line, offset, self.position.offset)? {
                        let letters = Letters::of(reading.document.content_type());
                        let columns = reading.columns.clone();
                        self.take(line, letters, columns.as_ref(), &mut batch, &mut given);
                        self.position.offset = offset;
                    }
                    if batch.variants.len() + batch.faults.len() >= BATCH {
                        return Ok(Some(self.placed(batch)));
                    }
                }
                None => {
                    if reading.columns.is_none() {
                        return Err(ConnectorError::new(
                            Fault::Malformed,
                            "Amazon's report of the listings is empty: not even the names of its \
                             columns are in it. Run the import again.",
                        ));
                    }
                    self.stage = Stage::Done;
                    let some = self.position.offset > begun_at;
                    return Ok(some.then(|| self.placed(batch)));
                }
            }
        }
    }

    /// The batch, with the place it ends at.
    fn placed(&self, batch: CatalogueBatch) -> CatalogueBatch {
        CatalogueBatch {
            products: batch.products,
            variants: batch.variants,
            faults: batch.faults,
            ..self.batch()
        }
    }

    /// The address is no longer good: asks for a new one, once.
    async fn ask_again(&mut self) -> Result<(), ConnectorError> {
        let Stage::Reading(reading) = &self.stage else {
            return Ok(());
        };
        let (received, id) = (reading.lines.received(), reading.document_id.clone());
        let again = ask_for(self.api, &id, received).await?;
        if let Stage::Reading(reading) = &mut self.stage {
            reading.document = again;
            reading.asked_again = true;
        }
        Ok(())
    }

    fn take(
        &mut self,
        line: Line,
        letters: Letters,
        columns: Option<&Columns>,
        batch: &mut CatalogueBatch,
        given: &mut HashSet<u64>,
    ) {
        let Some(columns) = columns else { return };
        let line = match line {
            Line::Whole(line) if line.iter().all(u8::is_ascii_whitespace) => return,
            Line::Whole(line) => line,
            Line::TooLong(beginning) => {
                let beginning = letters.read(&beginning);
                batch
                    .faults
                    .push(record::malformed(None, &beginning, "it is too long"));
                return;
            }
        };
        match columns.listing(&letters.read(&line), self.at) {
            Ok(listing) => {
                self.position.listings += 1;
                let product = hash_of(&listing.product.external_id);
                if given.insert(product) && self.seen.insert(product) {
                    batch.products.push(listing.product);
                }
                batch.variants.push(listing.variant);
            }
            Err(fault) => batch.faults.push(fault),
        }
    }
}

impl Reading {
    /// Whether a line that ends at `offset` is to be passed over: the column
    /// names, which are read here, and all that was taken before.
    fn passes(&mut self, line: &Line, offset: u64, taken: u64) -> Result<bool, ConnectorError> {
        if self.columns.is_some() {
            return Ok(offset <= taken);
        }
        let bytes = match line {
            Line::Whole(bytes) | Line::TooLong(bytes) => bytes,
        };
        let letters = Letters::of(self.document.content_type());
        self.columns = Some(Columns::read(&letters.read(bytes))?);
        Ok(true)
    }
}

/// Asks where a document is, to read it from its unpacked byte `offset` on.
async fn ask_for(api: &Api, id: &str, offset: u64) -> Result<Document, ConnectorError> {
    let found = api.call(&GetReportDocument { id }, Patience::RUN).await?;
    Document::new(api.transport.clone(), &found.url, offset)
}

/// A hash is shorter to remember than an id.
fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
