//! Reading a document as it comes, packed or not, and taking it up where the
//! line was cut.

use std::io::Write;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures::{StreamExt, stream::BoxStream};
use http::{StatusCode, header};
use url::Url;

use crate::{
    error::{ConnectorError, Fault},
    lines::Chunks,
    transport::{
        Request, Streamed, Transport,
        retry::{Patience, Resumption},
    },
};

/// So much of a packed document is unpacked at once: a thousandfold at most.
const BITE: usize = 4 * 1024;

/// A document that is being read.
pub(super) struct Document {
    transport: Transport,
    url: Url,
    /// Unpacked bytes that were given.
    offset: u64,
    body: Option<Body>,
    resumption: Resumption,
    content_type: Option<String>,
}

struct Body {
    stream: BoxStream<'static, Result<Bytes, ConnectorError>>,
    /// Came and was not unpacked yet.
    rest: Bytes,
    unpacking: Unpacking,
    /// Unpacked bytes that were given already, before the line was cut.
    skip: u64,
}

enum Unpacking {
    /// Nothing came yet: the first bytes tell.
    Unknown,
    Plain,
    Packed(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Document {
    /// The document from its unpacked byte `offset` on; nothing is asked for
    /// yet.
    pub(super) fn new(
        transport: Transport,
        url: &str,
        offset: u64,
    ) -> Result<Self, ConnectorError> {
        let url = url.parse().map_err(|_| {
            ConnectorError::new(
                Fault::Malformed,
                "Amazon gave an address for its document that is none.",
            )
        })?;
        Ok(Self {
            transport,
            url,
            offset,
            body: None,
            resumption: Resumption::new(Patience::RUN),
            content_type: None,
        })
    }

    /// What the document says it is, once something of it came.
    pub(super) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The whole document, where it is no longer than `most` bytes.
    pub(super) async fn whole(mut self, most: usize) -> Result<Vec<u8>, ConnectorError> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > most {
                return Err(ConnectorError::new(
                    Fault::Malformed,
                    "Amazon's document is far longer than it can be.",
                ));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }

    async fn try_next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        let body = match &mut self.body {
            Some(body) => body,
            None => {
                let answer = self
                    .transport
                    .stream(Request::get(self.url.clone()))
                    .await?;
                check(&answer)?;
                let kind = answer.headers.get(header::CONTENT_TYPE);
                self.content_type = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
                self.body.insert(Body {
                    stream: answer.body,
                    rest: Bytes::new(),
                    unpacking: Unpacking::Unknown,
                    skip: self.offset,
                })
            }
        };
        body.next().await
    }
}

impl Chunks for Document {
    /// The next bytes, unpacked; `None` at the end.
    ///
    /// # Errors
    /// [`Fault::CheckpointLost`] where the address is no longer good, and what
    /// lasted through all attempts.
    async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        loop {
            match self.try_next().await {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                Ok(Some(bytes)) => {
                    self.offset += bytes.len() as u64;
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

impl Body {
    /// Some unpacked bytes, perhaps none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        if self.rest.is_empty() {
            match self.stream.next().await {
                Some(bytes) => self.rest = bytes?,
                None => return self.end(),
            }
        }
        if let Unpacking::Unknown = self.unpacking {
            // Two bytes tell; the first chunk is never shorter but for tiny ones.
            while self.rest.len() < 2 {
                match self.stream.next().await {
                    Some(more) => self.rest = [&self.rest[..], &more?[..]].concat().into(),
                    None => break,
                }
            }
            self.unpacking = if self.rest.starts_with(&[0x1f, 0x8b]) {
                Unpacking::Packed(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Unpacking::Plain
            };
        }
        let bytes = match &mut self.unpacking {
            Unpacking::Packed(decoder) => {
                let bite = self.rest.split_to(self.rest.len().min(BITE));
                decoder.write_all(&bite).map_err(|_| spoiled())?;
                Bytes::from(std::mem::take(decoder.get_mut()))
            }
            Unpacking::Plain | Unpacking::Unknown => std::mem::take(&mut self.rest),
        };
        Ok(Some(self.unread(bytes)))
    }

    fn end(&mut self) -> Result<Option<Bytes>, ConnectorError> {
        if let Unpacking::Packed(decoder) = &mut self.unpacking {
            decoder.try_finish().map_err(|_| spoiled())?;
            let last = Bytes::from(std::mem::take(decoder.get_mut()));
            let last = self.unread(last);
            if !last.is_empty() {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    fn unread(&mut self, mut bytes: Bytes) -> Bytes {
        let known = usize::try_from(self.skip)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let _known = bytes.split_to(known);
        self.skip -= known as u64;
        bytes
    }
}

fn spoiled() -> ConnectorError {
    ConnectorError::new(
        Fault::Server,
        "Amazon's document came broken: it cannot be unpacked. Try again later.",
    )
}

fn check(answer: &Streamed) -> Result<(), ConnectorError> {
    match answer.status {
        StatusCode::OK => Ok(()),
        StatusCode::BAD_REQUEST
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::GONE => Err(ConnectorError::new(
            Fault::CheckpointLost,
            "Amazon no longer gives out this document at the address it named.",
        )),
        status if status.is_server_error() || status.as_u16() == 429 => Err(ConnectorError::new(
            Fault::Server,
            format!(
                "Amazon failed to send a document (HTTP {}).",
                status.as_u16()
            ),
        )),
        status => Err(ConnectorError::new(
            Fault::Malformed,
            format!("Amazon answered HTTP {} for a document.", status.as_u16()),
        )),
    }
}
