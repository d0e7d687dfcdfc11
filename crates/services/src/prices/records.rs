//! The lines of a table, read bit by bit: whatever its letters, line ends and
//! quotation marks, no more of it is in memory than a line may be long.

use std::io::{self, Read};

use csv_core::ReadRecordResult;
use encoding_rs::{Decoder, Encoding};

/// No line is longer, in bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// So much is read at once, in bytes.
const PART: usize = 64 * 1024;

/// No line has more cells.
const MOST_CELLS: usize = 1_000;

/// A line of a table; of several lines, where quoted cells hold line breaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The number of its first line in the file, from 1.
    pub(super) line: i64,
    /// Its cells, without the blanks around them; what is wrong where it has
    /// none.
    pub(super) cells: Result<Vec<String>, Broken>,
}

/// Why a line has no cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quotation mark is opened in it and not closed where a cell ends.
    Quote,
    /// It is longer, or has more cells, than a line of a table can have.
    TooLong,
}

/// Reads a text in any encoding as UTF-8 with line feeds at the ends of lines.
struct Text<R> {
    from: R,
    decoder: Decoder,
    raw: Vec<u8>,
    ended: bool,
    /// Whether the last byte was a carriage return, which a line feed may follow.
    after_return: bool,
}

impl<R: Read> Text<R> {
    /// Adds what comes next to `into`; nothing at the end.
    fn read_on(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let count = self.from.read(&mut self.raw)?;
        self.ended = count == 0;
        let bytes = self.raw.get(..count).unwrap_or_default();
        let room = self.decoder.max_utf8_buffer_length(count);
        let mut text = String::with_capacity(room.unwrap_or(count * 3 + 16));
        // There is room for all of it.
        let _all = self.decoder.decode_to_string(bytes, &mut text, self.ended);
        for byte in text.into_bytes() {
            match byte {
                b'\r' => into.push(b'\n'),
                b'\n' if self.after_return => {}
                _ => into.push(byte),
            }
            self.after_return = byte == b'\r';
        }
        Ok(())
    }
}

/// The lines of a table.
pub(super) struct Records<R> {
    text: Text<R>,
    separator: u8,
    /// Text that was read; of it, what lies before `at` is done with.
    window: Vec<u8>,
    at: usize,
    /// The number of the line that begins at `at`.
    line: i64,
    cells: csv_core::Reader,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// Where the record at the beginning of a text ends.
#[derive(Debug, PartialEq, Eq)]
enum Extent {
    /// After so many bytes, its line end included.
    Whole(usize),
    /// Beyond what is there.
    More,
    Broken(Broken),
}

impl<R: Read> Records<R> {
    /// Reads `from`, without a byte order mark, as text in `encoding`; the first
    /// line that is not empty says what stands between the cells.
    pub(super) fn new(from: R, encoding: &'static Encoding) -> io::Result<Self> {
        let text = Text {
            from,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; PART],
            ended: false,
            after_return: false,
        };
        let mut records = Self {
            text,
            separator: b',',
            window: Vec::new(),
            at: 0,
            line: 1,
            cells: csv_core::Reader::new(),
            unquoted: vec![0; LONGEST_LINE],
            ends: vec![0; MOST_CELLS],
        };
        while !records.text.ended && records.first_line().is_none() {
            records.fill()?;
            records.pass_empty_lines();
        }
        records.find_separator();
        Ok(records)
    }

    /// What stands between cells.
    pub(super) const fn separator(&self) -> u8 {
        self.separator
    }

    /// The next line that is not empty; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            self.pass_empty_lines();
            let rest = self.rest();
            if rest.is_empty() {
                if self.text.ended {
                    return Ok(None);
                }
                self.fill()?;
                continue;
            }
            match extent(rest, self.separator, self.text.ended) {
                Extent::More => self.fill()?,
                Extent::Broken(broken) => return self.pass_line(broken).map(Some),
                Extent::Whole(length) => {
                    let line = self.line;
                    let Some(cells) = self.split(length) else {
                        return self.pass_line(Broken::TooLong).map(Some);
                    };
                    self.pass(length);
                    if cells.iter().all(String::is_empty) {
                        continue;
                    }
                    return Ok(Some(Record {
                        line,
                        cells: Ok(cells),
                    }));
                }
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.window.get(self.at..).unwrap_or_default()
    }

    /// Reads on; what is done with makes room.
    fn fill(&mut self) -> io::Result<()> {
        self.window.drain(..self.at);
        self.at = 0;
        self.text.read_on(&mut self.window)
    }

    fn pass(&mut self, length: usize) {
        let passed = self.rest().get(..length).unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line += i64::try_from(lines).unwrap_or_default();
        self.at += length;
    }

    fn pass_empty_lines(&mut self) {
        let empty = self.rest().iter().take_while(|byte| **byte == b'\n');
        self.pass(empty.count());
    }

    /// The first line, where all of it was read or as much as a line may have.
    fn first_line(&self) -> Option<&[u8]> {
        let rest = self.rest();
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => rest.get(..end),
            None => (rest.len() >= LONGEST_LINE).then_some(rest),
        }
    }

    /// Goes by a first line that says it (`sep=;`), or else by what is in it: a
    /// tab, a semicolon, or else a comma. Where decimals have commas, semicolons
    /// stand between cells.
    fn find_separator(&mut self) {
        let line = self.first_line().unwrap_or(self.rest());
        let said = match line.strip_prefix(b"sep=") {
            Some([separator @ (b'\t' | b';' | b',')]) => Some(*separator),
            _ => None,
        };
        let length = line.len();
        self.separator = said.unwrap_or_else(|| separator_in(line));
        if said.is_some() {
            self.pass(length);
        }
        self.cells = csv_core::ReaderBuilder::new()
            .delimiter(self.separator)
            .build();
    }

    /// Passes over the one line that begins here, of any length, and gives it as
    /// broken. The next line is read for itself.
    fn pass_line(&mut self, broken: Broken) -> io::Result<Record> {
        let line = self.line;
        loop {
            let end = self.rest().iter().position(|byte| *byte == b'\n');
            match end {
                Some(end) => {
                    self.pass(end + 1);
                    break;
                }
                None => {
                    self.at = self.window.len();
                    if self.text.ended {
                        break;
                    }
                    self.fill()?;
                }
            }
        }
        Ok(Record {
            line,
            cells: Err(broken),
        })
    }

    /// The cells of the record that begins here; `None` where they are too many.
    fn split(&mut self, length: usize) -> Option<Vec<String>> {
        let record = self.window.get(self.at..self.at + length)?;
        self.cells = csv_core::ReaderBuilder::new()
            .delimiter(self.separator)
            .build();
        let (mut result, _, mut written, mut count) =
            self.cells
                .read_record(record, &mut self.unquoted, &mut self.ends);
        if result == ReadRecordResult::InputEmpty {
            // The last line of a file need not end.
            let (at_end, _, more, further) = self.cells.read_record(
                &[],
                self.unquoted.get_mut(written..)?,
                self.ends.get_mut(count..)?,
            );
            (result, written, count) = (at_end, written + more, count + further);
        }
        if result != ReadRecordResult::Record {
            return None;
        }
        let text = self.unquoted.get(..written)?;
        let mut begin = 0;
        let mut cells = Vec::with_capacity(count);
        for end in self.ends.get(..count)? {
            let cell = text.get(begin..*end)?;
            cells.push(String::from_utf8_lossy(cell).trim().to_owned());
            begin = *end;
        }
        Some(cells)
    }
}

/// What stands between the cells of a line. Where quotation marks do not come in
/// pairs, they are letters.
fn separator_in(line: &[u8]) -> u8 {
    let marks = line.iter().filter(|byte| **byte == b'"').count();
    let pairs = marks.is_multiple_of(2);
    let mut in_quotes = false;
    let mut met = [false; 2];
    for byte in line {
        match byte {
            b'"' if pairs => in_quotes = !in_quotes,
            b'\t' if !in_quotes => met[0] = true,
            b';' if !in_quotes => met[1] = true,
            _ => {}
        }
    }
    match met {
        [true, _] => b'\t',
        [_, true] => b';',
        _ => b',',
    }
}

/// Where the record at the beginning of `text` ends. A quoted cell may hold line
/// breaks; then the mark that closes it has to stand where a cell ends, or else
/// it is not the one that was meant.
fn extent(text: &[u8], separator: u8, is_all: bool) -> Extent {
    let mut quoted = false;
    let mut begins = true;
    let mut lines = 0;
    let mut bytes = text.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        if at >= LONGEST_LINE {
            return Extent::Broken(if lines > 0 {
                Broken::Quote
            } else {
                Broken::TooLong
            });
        }
        match byte {
            b'"' if quoted => {
                let after = bytes.peek().map(|(_, byte)| *byte);
                match after {
                    Some(b'"') => {
                        bytes.next();
                    }
                    None if !is_all => return Extent::More,
                    Some(other) if lines > 0 && other != separator && other != b'\n' => {
                        return Extent::Broken(Broken::Quote);
                    }
                    _ => quoted = false,
                }
            }
            b'\n' if quoted => lines += 1,
            b'\n' => return Extent::Whole(at + 1),
            _ if quoted => {}
            b'"' if begins => {
                quoted = true;
                begins = false;
            }
            _ => begins = byte == separator,
        }
    }
    match (quoted, is_all) {
        (_, false) => Extent::More,
        (true, true) => Extent::Broken(Broken::Quote),
        (false, true) => Extent::Whole(text.len()),
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;

    use super::*;

    /// Gives a few bytes at a time.
    struct Drops<'a> {
        rest: &'a [u8],
        size: usize,
    }

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.rest.len().min(self.size).min(into.len());
            let (now, later) = self.rest.split_at(count);
            into[..count].copy_from_slice(now);
            self.rest = later;
            Ok(count)
        }
    }

    fn all(text: &str) -> Vec<(i64, Result<Vec<String>, Broken>)> {
        let rest = text.as_bytes();
        let size = 3.max(rest.len() / 10);
        let mut records = Records::new(Drops { rest, size }, UTF_8).unwrap();
        let mut read = Vec::new();
        while let Some(record) = records.next().unwrap() {
            read.push((record.line, record.cells));
        }
        read
    }

    fn cells(of: &[&str]) -> Result<Vec<String>, Broken> {
        Ok(of.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn lines_end_as_they_will_and_are_counted_alike() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["", "a;1", "", "b;2", "\"c", "d\";3", " ; ", "e;4"].join(end);
            assert_eq!(
                all(&text),
                [
                    (2, cells(&["a", "1"])),
                    (4, cells(&["b", "2"])),
                    (5, cells(&["c\nd", "3"])),
                    (8, cells(&["e", "4"])),
                ],
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_mark_that_is_not_closed_spoils_its_own_line_alone() {
        assert_eq!(
            all("a;1\n\"b;2\nc;3\n\"d\";4\n\"e;5"),
            [
                (1, cells(&["a", "1"])),
                (2, Err(Broken::Quote)),
                (3, cells(&["c", "3"])),
                (4, cells(&["d", "4"])),
                (5, Err(Broken::Quote)),
            ]
        );
        let far = format!("\"b;2\n{}", "c;3\n".repeat(50_000));
        let read = all(&far);
        assert_eq!(read.len(), 50_001);
        assert_eq!(read[0], (1, Err(Broken::Quote)));
        assert_eq!(read[50_000], (50_001, cells(&["c", "3"])));
    }

    #[test]
    fn marks_within_a_cell_are_letters() {
        assert_eq!(
            all("5\" nail;1\n\"say \"\"hi\"\"\";2\n \"x\" ;3"),
            [
                (1, cells(&["5\" nail", "1"])),
                (2, cells(&["say \"hi\"", "2"])),
                (3, cells(&["\"x\"", "3"])),
            ]
        );
    }

    #[test]
    fn a_line_or_cell_of_any_length_is_passed_over() {
        let long = "x".repeat(3 * LONGEST_LINE);
        let read = all(&format!("a;1\n{long}\nb;2\n\"{long}\n\";3\nc;4"));
        assert_eq!(
            read,
            [
                (1, cells(&["a", "1"])),
                (2, Err(Broken::TooLong)),
                (3, cells(&["b", "2"])),
                (4, Err(Broken::TooLong)),
                (5, Err(Broken::Quote)),
                (6, cells(&["c", "4"])),
            ]
        );
        let wide = ";".repeat(2 * MOST_CELLS);
        assert_eq!(
            all(&format!("{wide}x\na;1")),
            [(1, Err(Broken::TooLong)), (2, cells(&["a", "1"]))]
        );
    }

    #[test]
    fn a_long_description_between_marks_is_a_cell() {
        let long = "Warm and dry.\n".repeat(1_000);
        let read = all(&format!("a;\"{long}\";1\nb;;2"));
        assert_eq!(read[0].1.as_ref().unwrap()[2], "1");
        assert_eq!(read[1], (1_002, cells(&["b", "", "2"])));
    }

    #[test]
    fn a_first_line_may_name_the_separator() {
        assert_eq!(all("sep=;\r\na,b;1"), [(2, cells(&["a,b", "1"]))]);
        assert_eq!(all("sep=,\na;b,1"), [(2, cells(&["a;b", "1"]))]);
    }
}
