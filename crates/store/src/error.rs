//! What can go wrong with the database, by what a caller can do about it.

use std::borrow::Cow;

use calibr_model::{CursorError, FieldError, Problem, ProblemKind};
use thiserror::Error;

/// A failed operation of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The row would stand twice; names the constraint.
    #[error("this is there already ({constraint})")]
    Duplicate {
        /// The constraint that refused.
        constraint: String,
    },
    /// The database cannot be reached, or the line was cut: nothing was
    /// committed, and the same may go through later.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Two changes got in each other's way (a deadlock) and the database gave
    /// this one up: nothing was committed, and the same may go through now.
    #[error("another change got in the way: {0}")]
    Conflict(#[source] sqlx::Error),
    /// The run's lease is another worker's by now: what was written with it is
    /// rolled back.
    #[error("another worker has taken over this run")]
    LeaseLost,
    /// The page asked for begins at a cursor that is not ours.
    #[error(transparent)]
    BadCursor(#[from] CursorError),
    /// What is stored is not what the program knows: data of a newer version,
    /// or changed by hand.
    #[error("the stored {what} cannot be read: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// The schema was made by a newer version of the program.
    #[error(
        "the database was set up by a newer version of Calibr Console (its schema has step \
         {found}, this program knows steps up to {known}); start that version, or restore a \
         backup from before the upgrade"
    )]
    SchemaNewer {
        /// The newest step the database has.
        found: i64,
        /// The newest step this program has.
        known: i64,
    },
    /// A migration failed; the database is as before it.
    #[error("the database could not be brought up to date: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Anything else the database said.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Duplicate {
                constraint: database.constraint().unwrap_or("unique").to_owned(),
            },
            // Class 57P: the server is shutting down or restarting. 53300: too
            // many connections. 53100: disk full, which an operator can mend, and
            // so is 25006: the server takes no changes.
            sqlx::Error::Database(database)
                if database.code().is_some_and(|code| {
                    code.starts_with("57P")
                        || code.starts_with("08")
                        || code.starts_with("53")
                        || code == READ_ONLY
                }) =>
            {
                Self::Unavailable(error)
            }
            // Class 40: the transaction was rolled back for another's sake.
            sqlx::Error::Database(database)
                if database.code().is_some_and(|code| code.starts_with("40")) =>
            {
                Self::Conflict(error)
            }
            // Protocol: a server or proxy went away in the middle of a greeting.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// SQLSTATE of a server that takes no changes, and of one whose disk is full.
const READ_ONLY: &str = "25006";
const DISK_FULL: &str = "53100";

impl StoreError {
    /// What the server called the failure that keeps it from being of use.
    fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Unavailable(sqlx::Error::Database(error)) => error.code(),
            _ => None,
        }
    }

    /// Why the database does not do what was asked, for people.
    pub fn told(&self) -> &'static str {
        match self.code().as_deref() {
            Some(DISK_FULL) => {
                "The disk of the console's own database is full; whoever runs the console has to \
                 make room."
            }
            Some(READ_ONLY) => {
                "The console's own database takes no changes for the moment: it is set to read \
                 only."
            }
            _ => "The console's own database does not answer for the moment.",
        }
    }

    /// Whether the same operation may go through later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }

    pub(crate) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            what,
            reason: reason.to_string(),
        }
    }
}

/// What whoever asked is told; the rest is for the log.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadCursor(error) => Self::invalid(vec![FieldError {
                field: "cursor".to_owned(),
                message: format!("{error}."),
            }]),
            StoreError::Duplicate { .. } => Self::new(
                ProblemKind::Conflict,
                "Somebody else did this a moment ago. Reload to see it.",
            ),
            unavailable @ StoreError::Unavailable(_) => {
                tracing::warn!(error = %unavailable, "the database cannot be reached");
                let detail = match unavailable.code().as_deref() {
                    Some(DISK_FULL | READ_ONLY) => format!(
                        "{} Nothing was changed; what is here can be looked at.",
                        unavailable.told()
                    ),
                    _ => "The database cannot be reached for the moment. Nothing was changed; try \
                          again in a few seconds."
                        .to_owned(),
                };
                Self::new(ProblemKind::Unavailable, detail)
            }
            StoreError::Conflict(error) => {
                tracing::warn!(%error, "two changes got in each other's way");
                Self::new(
                    ProblemKind::Conflict,
                    "Another change got in the way. Nothing was changed; try again.",
                )
            }
            other => {
                tracing::error!(error = %other, "the database did not do what was asked");
                Self::new(
                    ProblemKind::Internal,
                    "Nothing was changed. Try again; if it stays so, tell whoever runs this \
                     console.",
                )
            }
        }
    }
}
