//! Faults that can be switched on: what networks, proxies and platforms do to a client on a bad day.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The request is not carried out and answered with this status: 500 as JSON, 502 and 503 as
    /// the HTML page of a proxy.
    ServerError {
        /// From 500 to 599.
        status: u16,
    },
    /// The answer comes late, but comes.
    Slow {
        /// How late.
        delay_milliseconds: u64,
    },
    /// The request is carried out, and the connection lost in the middle of the answer.
    CutConnection,
    /// The token is refused, though it is good.
    BadToken,
    /// The request is carried out, but its answer is half of a JSON document.
    MalformedAnswer,
    /// An HTML page arrives with status 200.
    WrongContentType,
    /// The platform's own way of saying "too fast": on Shopify an error inside status 200.
    Throttled,
    /// Status 429.
    TooManyRequests {
        /// The `Retry-After` header; left out if `None`.
        retry_after_seconds: Option<u32>,
    },
    /// Lists have no end: each page is followed by itself.
    EndlessPages,
    /// Lines of a downloaded file are not JSON.
    MalformedLines {
        /// Which ones, counted from 0.
        #[serde(default)]
        lines: Vec<u64>,
        /// The file ends in the middle of its last line.
        #[serde(default)]
        truncate_last: bool,
    },
    /// The next export ends as failed, with what it had until then as partial data.
    ExportFails {
        /// How many root objects it manages before.
        #[serde(default)]
        after_objects: u32,
    },
}

/// Which requests a fault can strike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// All of them.
    #[default]
    Any,
    /// Calls of the API.
    Api,
    /// Exchange and refresh of tokens.
    Token,
    /// Downloads of exported files.
    File,
}

/// A fault, and when it strikes. Without `times` and `probability` it strikes the next request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Which requests it can strike.
    #[serde(default)]
    pub target: Target,
    /// Strikes only API calls of this operation name.
    #[serde(default)]
    pub operation: Option<String>,
    /// Strikes that often, then is over; without end if `None` and a probability is given.
    #[serde(default)]
    pub times: Option<u32>,
    /// Strikes this share of the requests it could, from 0 to 1, by the shop's seed.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl Fault {
    /// A fault that strikes the next request it can.
    pub fn once(kind: FaultKind) -> Self {
        Self {
            kind,
            target: Target::Any,
            operation: None,
            times: None,
            probability: None,
        }
    }

    /// The same, striking the next `times` requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// The same, striking only requests to `target`.
    #[must_use]
    pub fn on(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// The same, striking only API calls of that operation name.
    #[must_use]
    pub fn of_operation(self, operation: impl Into<String>) -> Self {
        Self {
            operation: Some(operation.into()),
            ..self
        }
    }

    /// The same, striking a share (0 to 1) of the requests without end.
    #[must_use]
    pub fn with_probability(self, probability: f64) -> Self {
        Self {
            probability: Some(probability),
            ..self
        }
    }
}

/// Where in the sandbox a fault can come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Api,
    Token,
    File,
    Export,
}

impl FaultKind {
    fn fits(&self, spot: Spot) -> bool {
        match self {
            Self::ExportFails { .. } => spot == Spot::Export,
            Self::MalformedLines { .. } => spot == Spot::File,
            Self::BadToken | Self::Throttled | Self::EndlessPages => spot == Spot::Api,
            Self::MalformedAnswer | Self::WrongContentType => {
                matches!(spot, Spot::Api | Spot::Token)
            }
            Self::ServerError { .. }
            | Self::Slow { .. }
            | Self::CutConnection
            | Self::TooManyRequests { .. } => spot != Spot::Export,
        }
    }
}

impl Target {
    fn covers(self, spot: Spot) -> bool {
        match self {
            Self::Any => true,
            Self::Api => matches!(spot, Spot::Api | Spot::Export),
            Self::Token => spot == Spot::Token,
            Self::File => spot == Spot::File,
        }
    }
}

/// The faults that are switched on for a shop, in the order they were.
#[derive(Debug)]
pub(crate) struct Faults {
    active: Vec<Fault>,
    dice: Dice,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            active: Vec::new(),
            dice: Dice::of(seed, 0xFA17),
        }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        let once = fault.times.is_none() && fault.probability.is_none();
        self.active.push(if once { fault.times(1) } else { fault });
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    pub(crate) fn active(&self) -> &[Fault] {
        &self.active
    }

    /// The fault that strikes a request at `spot`, if any does.
    pub(crate) fn strike(&mut self, spot: Spot, operation: Option<&str>) -> Option<FaultKind> {
        let dice = &mut self.dice;
        let place = self.active.iter().position(|fault| {
            fault.kind.fits(spot)
                && fault.target.covers(spot)
                && fault
                    .operation
                    .as_deref()
                    .is_none_or(|wanted| operation == Some(wanted))
                && fault
                    .probability
                    .is_none_or(|probability| dice.fraction() < probability)
        })?;
        let fault = &mut self.active[place];
        let kind = fault.kind.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.active.remove(place);
            }
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_asked_and_then_is_over() {
        let mut faults = Faults::new(1);
        faults.add(Fault::once(FaultKind::CutConnection).times(2));

        let strikes: Vec<_> = (0..3)
            .map(|_| faults.strike(Spot::Api, None).is_some())
            .collect();

        assert_eq!(strikes, [true, true, false]);
        assert!(faults.active().is_empty());
    }

    #[test]
    fn a_fault_waits_for_a_request_that_it_can_strike() {
        let mut faults = Faults::new(1);
        faults.add(
            Fault::once(FaultKind::Throttled)
                .on(Target::Api)
                .of_operation("Products"),
        );

        assert_eq!(faults.strike(Spot::Token, None), None);
        assert_eq!(faults.strike(Spot::Api, Some("Shop")), None);
        assert_eq!(
            faults.strike(Spot::Api, Some("Products")),
            Some(FaultKind::Throttled)
        );
    }

    #[test]
    fn a_probable_fault_strikes_its_share_without_end() {
        let mut faults = Faults::new(1);
        faults.add(Fault::once(FaultKind::CutConnection).with_probability(0.25));

        let strikes = (0..1_000)
            .filter(|_| faults.strike(Spot::Api, None).is_some())
            .count();

        assert!((200..300).contains(&strikes), "{strikes}");
    }

    #[test]
    fn faults_are_written_flat_in_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"kind":"server_error","status":502,"times":3}"#).unwrap();
        assert_eq!(
            fault,
            Fault::once(FaultKind::ServerError { status: 502 }).times(3)
        );
    }
}
