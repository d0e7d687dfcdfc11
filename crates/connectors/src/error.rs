//! What can go wrong with a platform, by what can be done about it.

use std::time::Duration;

use calibr_model::{
    Problem, ProblemKind,
    status::{FailureClass, IntegrationStatus},
};
use thiserror::Error;

/// The kinds of failure, alike over all platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// What the merchant entered cannot be right; no call was made.
    Config,
    /// The host's name does not resolve, nothing listens, or it did not answer
    /// in time.
    Unreachable,
    /// The host's certificate is not trusted or not its own.
    Tls,
    /// The address is one that Calibr does not call (private networks, unless
    /// the operator allows them).
    BlockedAddress,
    /// The platform does not accept the credentials, or no longer does.
    CredentialsRefused,
    /// The person declined, or the answer to the consent is not genuine or not
    /// fresh.
    ConsentRefused,
    /// The credentials are good but lack a permission.
    MissingScope,
    /// There is no such store, or no longer, or it is closed, frozen or locked.
    StoreGone,
    /// The API version asked for is not what answered, or there is no such API
    /// at that address.
    WrongVersion,
    /// Too many calls; `retry_after` says how long to wait where the platform
    /// says so.
    Throttled,
    /// The platform failed (5xx, a cut line, an error page).
    Server,
    /// The platform answered something that is not its protocol.
    Malformed,
    /// Where a listing was to go on is no longer known to the platform: begin
    /// the catalogue anew.
    CheckpointLost,
    /// The platform's pages go round in circles: reading on never ends.
    CursorRepeats,
    /// The platform understood and refused the request itself.
    Refused,
}

impl Fault {
    /// The short code that stands with runs and failures.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Config => "config_invalid",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls_untrusted",
            Self::BlockedAddress => "address_blocked",
            Self::CredentialsRefused => "credentials_refused",
            Self::ConsentRefused => "consent_refused",
            Self::MissingScope => "missing_scope",
            Self::StoreGone => "store_gone",
            Self::WrongVersion => "wrong_api_version",
            Self::Throttled => "throttled",
            Self::Server => "platform_failed",
            Self::Malformed => "answer_malformed",
            Self::CheckpointLost => "checkpoint_lost",
            Self::CursorRepeats => "cursor_repeats",
            Self::Refused => "request_refused",
        }
    }

    /// What can be done about it.
    pub const fn class(self) -> FailureClass {
        match self {
            Self::Unreachable
            | Self::Throttled
            | Self::Server
            | Self::Malformed
            | Self::CheckpointLost => FailureClass::Retryable,
            Self::Config
            | Self::Tls
            | Self::BlockedAddress
            | Self::CredentialsRefused
            | Self::ConsentRefused
            | Self::MissingScope
            | Self::StoreGone
            | Self::WrongVersion
            | Self::CursorRepeats => FailureClass::NeedsAction,
            Self::Refused => FailureClass::Permanent,
        }
    }

    /// What it says about the integration as a whole, if anything.
    pub const fn integration_status(self) -> Option<IntegrationStatus> {
        match self {
            Self::CredentialsRefused => Some(IntegrationStatus::Expired),
            Self::Config
            | Self::Unreachable
            | Self::Tls
            | Self::BlockedAddress
            | Self::MissingScope
            | Self::StoreGone
            | Self::WrongVersion => Some(IntegrationStatus::Error),
            _ => None,
        }
    }
}

/// A failed call or refused input. `message` is for the merchant: what
/// happened and what to do. It never holds a secret.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct ConnectorError {
    /// The kind.
    pub fault: Fault,
    /// For the merchant.
    pub message: String,
    /// How long the platform asked to be left alone.
    pub retry_after: Option<Duration>,
    /// The platform's own answer, redacted and shortened, for the run's detail.
    pub answer: Option<String>,
}

impl ConnectorError {
    /// A failure with a message for the merchant.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            retry_after: None,
            answer: None,
        }
    }

    /// Says how long to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Keeps the platform's answer, already redacted.
    #[must_use]
    pub fn answer(mut self, answer: impl Into<String>) -> Self {
        self.answer = Some(answer.into());
        self
    }

    /// Whether the same call may go through later.
    pub fn is_retryable(&self) -> bool {
        self.fault.class() == FailureClass::Retryable
    }
}

/// What whoever asked is told: the merchant's own input is `invalid`, the rest
/// is the store's word.
impl From<ConnectorError> for Problem {
    fn from(error: ConnectorError) -> Self {
        let kind = match error.fault {
            Fault::Config | Fault::BlockedAddress => ProblemKind::Invalid,
            _ => ProblemKind::Platform,
        };
        Self::new(kind, error.message)
    }
}
