//! Reading an export's file as it comes, and taking it up where the line was
//! cut.

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use crate::{
    error::{ConnectorError, Fault},
    lines::Chunks,
    transport::{
        Request, Streamed, Transport,
        retry::{Patience, Resumption},
    },
};

/// A file that is being read.
pub(super) struct Download {
    transport: Transport,
    url: Url,
    /// Where the next byte is in the file.
    offset: u64,
    /// How long the file is, where that is known.
    size: Option<u64>,
    body: Option<BoxStream<'static, Result<Bytes, ConnectorError>>>,
    /// Bytes that a server sent although they were not asked for.
    skip: u64,
    resumption: Resumption,
}

impl Download {
    /// The file from `offset` on; nothing is asked for yet.
    pub(super) fn new(transport: Transport, url: Url, offset: u64, size: Option<u64>) -> Self {
        Self {
            transport,
            url,
            offset,
            size,
            body: None,
            skip: 0,
            resumption: Resumption::new(Patience::RUN),
        }
    }

    async fn try_next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        if self.body.is_none() && self.size == Some(self.offset) {
            return Ok(None);
        }
        let body = match &mut self.body {
            Some(body) => body,
            None => {
                let body = self.open().await?;
                self.body.insert(body)
            }
        };
        let mut bytes = match body.next().await {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => return Err(error),
            None => return self.ended(),
        };
        let unwanted = usize::try_from(self.skip)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let _unwanted = bytes.split_to(unwanted);
        self.skip -= unwanted as u64;
        self.offset += bytes.len() as u64;
        Ok(Some(bytes))
    }

    fn ended(&self) -> Result<Option<Bytes>, ConnectorError> {
        match self.size {
            Some(size) if self.offset < size => Err(ConnectorError::new(
                Fault::Server,
                format!(
                    "Shopify's export file ended after {} of {size} bytes.",
                    self.offset
                ),
            )),
            _ => Ok(None),
        }
    }

    async fn open(
        &mut self,
    ) -> Result<BoxStream<'static, Result<Bytes, ConnectorError>>, ConnectorError> {
        let mut request = Request::get(self.url.clone());
        if self.offset > 0 {
            let range = HeaderValue::try_from(format!("bytes={}-", self.offset)).map_err(|_| {
                ConnectorError::new(Fault::Malformed, "The place in the file is not a number.")
            })?;
            request = request.header(header::RANGE, range);
        }
        let answer = self.transport.stream(request).await?;
        self.skip = self.check(&answer)?;
        Ok(answer.body)
    }

    /// How much of the answer lies before the place that was asked for.
    fn check(&self, answer: &Streamed) -> Result<u64, ConnectorError> {
        let malformed = |why: &str| {
            ConnectorError::new(Fault::Malformed, format!("Shopify's export file {why}."))
        };
        let packed = answer
            .headers
            .get(header::CONTENT_ENCODING)
            .is_some_and(|encoding| encoding != "identity");
        if packed {
            return Err(malformed("came packed although that was not asked for"));
        }
        match answer.status {
            StatusCode::OK => Ok(self.offset),
            StatusCode::PARTIAL_CONTENT => {
                let begins_at = answer
                    .headers
                    .get(header::CONTENT_RANGE)
                    .and_then(|range| range.to_str().ok())
                    .and_then(range_start);
                match begins_at {
                    Some(start) if start <= self.offset => Ok(self.offset - start),
                    _ => Err(malformed("does not begin where it was to go on")),
                }
            }
            StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::RANGE_NOT_SATISFIABLE => Err(ConnectorError::new(
                Fault::CheckpointLost,
                "Shopify no longer gives out the file of this export; it has to be made anew.",
            )),
            status if status.is_server_error() || status.as_u16() == 429 => {
                Err(ConnectorError::new(
                    Fault::Server,
                    format!(
                        "Shopify failed to send its export file (HTTP {}).",
                        status.as_u16()
                    ),
                ))
            }
            status => Err(malformed(&format!(
                "was answered with HTTP {}",
                status.as_u16()
            ))),
        }
    }
}

impl Chunks for Download {
    /// The next bytes; `None` at the end of the file. A line that was cut is
    /// taken up, as long as some bytes come between failures.
    ///
    /// # Errors
    /// [`Fault::CheckpointLost`] where the address is no longer good, and what
    /// lasted through all attempts.
    async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        loop {
            match self.try_next().await {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                Ok(Some(bytes)) => {
                    self.resumption.went_on();
                    return Ok(Some(bytes));
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.body = None;
                    let sources = self.transport.sources();
                    self.resumption
                        .pause_after(error, self.offset, sources)
                        .await?;
                }
            }
        }
    }
}

/// The first byte of `bytes 10-19/100`.
fn range_start(range: &str) -> Option<u64> {
    range
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_where_it_begins() {
        assert_eq!(range_start("bytes 10-19/100"), Some(10));
        assert_eq!(range_start("bytes 0-0/*"), Some(0));
        for wrong in ["", "bytes */100", "10-19/100", "bytes x-1/2"] {
            assert_eq!(range_start(wrong), None, "{wrong}");
        }
    }
}
