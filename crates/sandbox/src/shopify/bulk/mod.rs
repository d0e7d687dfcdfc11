//! Bulk operations: queries that Shopify runs by itself, and whose result is a file.
//!
//! They advance when they are looked at, never by waiting: by a share per look, or by the clock.

mod check;
mod export;
mod file;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use self::export::Export;
pub(super) use self::file::{Signed, download};
use crate::fault::{FaultKind, Spot};
use crate::lock::lock;
use crate::shopify::graphql::access::open_to;
use crate::shopify::graphql::context::Context;
use crate::shopify::shop::Shop;

/// How long a result can be fetched ("Bulk operations", shopify.dev: seven days).
const KEPT: TimeDelta = TimeDelta::days(7);

/// How fast bulk operations run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Done when looked at that often.
    Polls(u32),
    /// By the sandbox's clock.
    ObjectsPerSecond(u32),
}

impl Default for Pace {
    fn default() -> Self {
        Self::Polls(3)
    }
}

/// `BulkOperationStatus` of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Created,
    Running,
    Completed,
    Canceling,
    Canceled,
    Failed,
    Expired,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Canceling => "CANCELING",
            Self::Canceled => "CANCELED",
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
        }
    }

    fn is_under_way(self) -> bool {
        matches!(self, Self::Created | Self::Running | Self::Canceling)
    }
}

/// Where a batch of the file ends, counted from the beginning of the file.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    bytes: u64,
    lines: u64,
}

struct Operation {
    number: u64,
    app: String,
    query: String,
    status: Status,
    error_code: Option<&'static str>,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    export: Arc<Export>,
    /// The scopes do not open everything the query asks for.
    denied: bool,
    /// By a fault: fails after that many root objects.
    fails_after: Option<u64>,
    looks: u32,
    roots: u64,
    ends: Vec<End>,
}

/// A bulk operation as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) number: u64,
    pub(crate) query: String,
    pub(crate) status: Status,
    pub(crate) error_code: Option<&'static str>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) objects: u64,
    pub(crate) roots: u64,
    pub(crate) file_size: Option<u64>,
    /// Path and query of the result's address.
    pub(crate) path: Option<String>,
    /// Path and query of the address of what there was when the operation ended early.
    pub(crate) partial_path: Option<String>,
}

/// Why a query is not run.
pub(crate) enum CannotRun {
    Invalid(Vec<String>),
    /// One is running, and only one may.
    InProgress(u64),
    /// As many are running as may.
    LimitReached,
}

/// Why an operation is not cancelled.
pub(crate) enum CannotCancel {
    Unknown,
    Over(Box<Report>),
}

/// The bulk operations of a shop, oldest first.
pub(crate) struct BulkOperations {
    operations: Mutex<Vec<Arc<Mutex<Operation>>>>,
    pace: Pace,
    concurrent: u32,
}

impl BulkOperations {
    pub(crate) fn new(pace: Pace, concurrent: u32) -> Self {
        Self {
            operations: Mutex::new(Vec::new()),
            pace,
            concurrent,
        }
    }

    /// Starts to run a query for the context's app.
    pub(crate) fn run(
        &self,
        context: &Context,
        query: &str,
        grouped: bool,
    ) -> Result<Report, CannotRun> {
        let plan = check::check(query).map_err(CannotRun::Invalid)?;
        let mut operations = lock(&self.operations);
        let under_way: Vec<u64> = operations
            .iter()
            .map(|operation| lock(operation))
            .filter(|operation| {
                operation.app == context.grant.app && operation.status.is_under_way()
            })
            .map(|operation| operation.number)
            .collect();
        if under_way.len() >= self.concurrent as usize {
            return Err(match under_way.as_slice() {
                [number] => CannotRun::InProgress(*number),
                _ => CannotRun::LimitReached,
            });
        }
        let fails_after = match context.shop.strike(Spot::Export, None) {
            Some(FaultKind::ExportFails { after_objects }) => Some(u64::from(after_objects)),
            _ => None,
        };
        let operation = Operation {
            number: 6_000_000_000_001 + operations.len() as u64,
            app: context.grant.app.clone(),
            query: query.to_owned(),
            status: Status::Created,
            error_code: None,
            created_at: context.now,
            completed_at: None,
            denied: !open_to(&plan, &context.grant.scopes),
            export: Arc::new(Export::new(context, plan, grouped)),
            fails_after,
            looks: 0,
            roots: 0,
            ends: Vec::new(),
        };
        let report = operation.report(&context.shop);
        operations.push(Arc::new(Mutex::new(operation)));
        Ok(report)
    }

    /// The operation of the context's app with that number, after it had time to advance.
    pub(crate) fn find(&self, context: &Context, number: u64) -> Option<Report> {
        let operation = self.operation(number)?;
        let mut operation = lock(&operation);
        (operation.app == context.grant.app)
            .then(|| operation.look(&context.shop, self.pace, context.now))
    }

    /// All operations of the context's app, oldest first.
    pub(crate) fn all(&self, context: &Context) -> Vec<Report> {
        let operations = lock(&self.operations).clone();
        let numbers = operations.iter().map(|operation| lock(operation).number);
        numbers
            .filter_map(|number| self.find(context, number))
            .collect()
    }

    /// The newest operation of the context's app.
    pub(crate) fn newest(&self, context: &Context) -> Option<Report> {
        let operations = lock(&self.operations).clone();
        let own = |operation: &&Arc<Mutex<Operation>>| lock(operation).app == context.grant.app;
        let number = lock(operations.iter().rev().find(own)?).number;
        self.find(context, number)
    }

    /// Begins to cancel an operation of the context's app.
    pub(crate) fn cancel(&self, context: &Context, number: u64) -> Result<Report, CannotCancel> {
        let operation = self.operation(number).ok_or(CannotCancel::Unknown)?;
        let mut operation = lock(&operation);
        if operation.app != context.grant.app {
            return Err(CannotCancel::Unknown);
        }
        if !operation.status.is_under_way() {
            return Err(CannotCancel::Over(Box::new(
                operation.report(&context.shop),
            )));
        }
        operation.status = Status::Canceling;
        Ok(operation.report(&context.shop))
    }

    fn operation(&self, number: u64) -> Option<Arc<Mutex<Operation>>> {
        let operations = lock(&self.operations);
        operations
            .iter()
            .find(|operation| lock(operation).number == number)
            .cloned()
    }
}

impl Operation {
    fn look(&mut self, shop: &Arc<Shop>, pace: Pace, now: DateTime<Utc>) -> Report {
        match self.status {
            Status::Created | Status::Running if self.denied => self.fail("ACCESS_DENIED", now),
            Status::Created | Status::Running => {
                self.status = Status::Running;
                self.looks += 1;
                self.advance(shop, pace, now);
            }
            Status::Canceling => {
                self.status = Status::Canceled;
                self.completed_at = Some(now);
            }
            Status::Completed if self.completed_at.is_some_and(|at| now >= at + KEPT) => {
                self.status = Status::Expired;
            }
            Status::Completed | Status::Canceled | Status::Failed | Status::Expired => {}
        }
        self.report(shop)
    }

    fn advance(&mut self, shop: &Arc<Shop>, pace: Pace, now: DateTime<Utc>) {
        let batches = u64::from(self.export.batches());
        let context = self.export.context(shop);
        while (self.ends.len() as u64) < batches {
            let enough = match pace {
                Pace::Polls(polls) => {
                    let share = batches * u64::from(self.looks) / u64::from(polls.max(1));
                    self.ends.len() as u64 >= share
                }
                Pace::ObjectsPerSecond(rate) => {
                    let elapsed = (now - self.created_at).num_milliseconds().max(0) as u64;
                    self.end().lines >= elapsed * u64::from(rate) / 1_000
                }
            };
            if enough {
                return;
            }
            if self.fails_after.is_some_and(|roots| self.roots >= roots) {
                return self.fail("INTERNAL_SERVER_ERROR", now);
            }
            let batch = self.export.batch(&context, self.ends.len() as u32);
            let end = self.end();
            self.roots += batch.roots;
            self.ends.push(End {
                bytes: end.bytes + batch.bytes.len() as u64,
                lines: end.lines + batch.lines,
            });
        }
        if self.fails_after.is_some() {
            return self.fail("INTERNAL_SERVER_ERROR", now);
        }
        self.status = Status::Completed;
        self.completed_at = Some(now);
    }

    fn fail(&mut self, code: &'static str, now: DateTime<Utc>) {
        self.status = Status::Failed;
        self.error_code = Some(code);
        self.completed_at = Some(now);
    }

    fn end(&self) -> End {
        self.ends.last().copied().unwrap_or_default()
    }

    fn report(&self, shop: &Shop) -> Report {
        let end = self.end();
        let path = self.completed_at.filter(|_| end.bytes > 0).map(|at| {
            let expires = (at + KEPT).timestamp();
            format!(
                "/_files/{}/bulk/{}.jsonl?expires={expires}&signature={}",
                shop.settings.domain,
                self.number,
                shop.sign(&format!("{}:{expires}", self.number)),
            )
        });
        let completed = self.status == Status::Completed;
        let partial = matches!(self.status, Status::Failed | Status::Canceled);
        Report {
            number: self.number,
            query: self.query.clone(),
            status: self.status,
            error_code: self.error_code,
            created_at: self.created_at,
            completed_at: self
                .completed_at
                .filter(|_| completed || self.status == Status::Expired),
            objects: end.lines,
            roots: self.roots,
            file_size: completed.then_some(end.bytes),
            path: path.clone().filter(|_| completed),
            partial_path: path.filter(|_| partial),
        }
    }
}
