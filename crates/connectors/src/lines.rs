//! Cutting a stream of bytes into lines, with the place of each.

use bytes::{Buf, Bytes, BytesMut};

use crate::error::ConnectorError;

/// Gives bytes as they come.
pub(crate) trait Chunks {
    /// The next bytes; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, ConnectorError>> + Send;
}

/// A line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A whole one.
    Whole(Bytes),
    /// One that is too long to be held; its beginning.
    TooLong(Bytes),
}

/// Lines out of chunks. Holds no more than one line.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: BytesMut,
    /// How much of the buffer holds no line end.
    scanned: usize,
    /// Where the buffer begins in the file.
    offset: u64,
    longest: usize,
    /// The beginning of a line that is being left out.
    too_long: Option<Bytes>,
}

/// How much of a line that is too long is kept.
const BEGINNING: usize = 4 * 1024;

impl Lines {
    /// Lines of at most `longest` bytes, of a file from `offset` on.
    pub(crate) fn new(offset: u64, longest: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            offset,
            longest,
            too_long: None,
        }
    }

    /// Where the next line begins in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How far the file was received.
    pub(crate) fn received(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    /// The next line of `source`, with or without a line end; `None` at the end.
    ///
    /// # Errors
    /// What `source` failed with; it may be read on from [`Self::received`].
    pub(crate) async fn read_from(
        &mut self,
        source: &mut impl Chunks,
    ) -> Result<Option<Line>, ConnectorError> {
        loop {
            if let Some(line) = self.next_line() {
                return Ok(Some(line));
            }
            match source.next().await? {
                Some(bytes) => self.push(&bytes),
                None => return Ok(self.last_line()),
            }
        }
    }

    /// Takes in what came.
    fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next line that is complete.
    fn next_line(&mut self) -> Option<Line> {
        match self.buffer[self.scanned..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            Some(place) => {
                let end = self.scanned + place;
                let line = self.take(end);
                self.buffer.advance(1);
                self.offset += 1;
                Some(line)
            }
            None => {
                self.scanned = self.buffer.len();
                if self.scanned > self.longest {
                    let beginning = self.buffer.len().min(BEGINNING);
                    self.too_long
                        .get_or_insert_with(|| Bytes::copy_from_slice(&self.buffer[..beginning]));
                    self.offset += self.buffer.len() as u64;
                    self.buffer.clear();
                    self.scanned = 0;
                }
                None
            }
        }
    }

    /// The last line, where the file ends without a line end.
    fn last_line(&mut self) -> Option<Line> {
        if self.buffer.is_empty() && self.too_long.is_none() {
            return None;
        }
        Some(self.take(self.buffer.len()))
    }

    fn take(&mut self, end: usize) -> Line {
        let line = self.buffer.split_to(end).freeze();
        self.offset += end as u64;
        self.scanned = 0;
        match self.too_long.take() {
            Some(beginning) => Line::TooLong(beginning),
            None if line.len() > self.longest => {
                Line::TooLong(line.slice(..line.len().min(BEGINNING)))
            }
            None => Line::Whole(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(lines: &mut Lines, chunks: &[&[u8]]) -> Vec<Line> {
        let mut found = Vec::new();
        for chunk in chunks {
            lines.push(chunk);
            while let Some(line) = lines.next_line() {
                found.push(line);
            }
        }
        found.extend(lines.last_line());
        found
    }

    fn whole(text: &str) -> Line {
        Line::Whole(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn lines_are_found_across_chunks_and_know_their_place() {
        let mut lines = Lines::new(100, 1024);
        lines.push(b"ab\ncd");
        assert_eq!(lines.next_line(), Some(whole("ab")));
        assert_eq!(lines.offset(), 103);
        assert_eq!(lines.next_line(), None);
        assert_eq!((lines.offset(), lines.received()), (103, 105));
        lines.push(b"ef\n\ng");
        assert_eq!(lines.next_line(), Some(whole("cdef")));
        assert_eq!(lines.next_line(), Some(whole("")));
        assert_eq!(lines.next_line(), None);
        assert_eq!(lines.last_line(), Some(whole("g")));
        assert_eq!(lines.last_line(), None);
        assert_eq!(lines.offset(), 110);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_next_is_read() {
        let mut lines = Lines::new(0, 8);
        let found = all(
            &mut lines,
            &[b"0123456", b"789", b"more", b"\nshort\n", b"0123456789\nz"],
        );
        assert!(
            matches!(&found[0], Line::TooLong(beginning) if beginning.starts_with(b"0123456789"))
        );
        assert_eq!(found[1], whole("short"));
        assert!(matches!(found[2], Line::TooLong(_)));
        assert_eq!(found[3], whole("z"));
        assert_eq!(lines.offset(), 33);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_lines_are_the_same(
            text in "[a-c\\n]{0,60}",
            cuts in prop::collection::vec(1_usize..8, 1..40),
        ) {
            let mut chunks: Vec<&[u8]> = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (chunk, after) = rest.split_at((*cut).min(rest.len()));
                chunks.push(chunk);
                rest = after;
            }
            let mut lines = Lines::new(0, 1024);
            let found = all(&mut lines, &chunks);
            let mut expected: Vec<Line> = text.split('\n').map(whole).collect();
            if text.is_empty() || text.ends_with('\n') { expected.pop(); }
            prop_assert_eq!(found, expected);
            prop_assert_eq!(lines.offset(), text.len() as u64);
        }
    }
}
