//! Tables as files for spreadsheets: CSV (RFC 4180) in UTF-8.

use std::borrow::Cow;

use csv::{Terminator, Writer, WriterBuilder};

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Lines of CSV, taken off piece by piece.
pub(crate) struct Sheet {
    lines: Writer<Vec<u8>>,
}

impl Sheet {
    /// Without a line.
    pub(crate) fn new() -> Self {
        let lines = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(Vec::new());
        Self { lines }
    }

    /// Adds a line. A cell that a spreadsheet would run as a formula gets an
    /// apostrophe before it, which spreadsheets take for "this is text".
    pub(crate) fn add<'a>(&mut self, cells: impl IntoIterator<Item = Cow<'a, str>>) {
        let cells = cells.into_iter().map(|cell| {
            if cell.starts_with(FORMULA) {
                Cow::Owned(format!("'{cell}"))
            } else {
                cell
            }
        });
        // Into memory, and with any number of cells: this cannot fail.
        let _infallible = self
            .lines
            .write_record(cells.map(|cell| cell.into_owned().into_bytes()));
    }

    /// The lines so far.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.lines.into_inner().unwrap_or_default()
    }
}

/// A name for a file: what is left of `title` in plain letters, for any system.
pub(crate) fn file_stem(title: &str) -> String {
    let mut stem = String::new();
    for character in title.chars().take(60) {
        if character.is_ascii_alphanumeric() {
            stem.push(character.to_ascii_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    stem.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut sheet = Sheet::new();
        sheet.add(cells.iter().map(|cell| Cow::Borrowed(*cell)));
        String::from_utf8(sheet.into_bytes()).unwrap()
    }

    #[test]
    fn cells_with_separators_quotes_and_line_ends_are_quoted() {
        assert_eq!(
            written(&["a", "b,c", "say \"no\"", "two\nlines", "", "Zürich"]),
            "a,\"b,c\",\"say \"\"no\"\"\",\"two\nlines\",,Zürich\r\n"
        );
    }

    #[test]
    fn nothing_is_run_as_a_formula() {
        assert_eq!(
            written(&["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "1-1", "'=1"]),
            "'=1+1,'+1,'-1,'@SUM(A1),'\t=1,\"'\r=1\",1-1,'=1\r\n"
        );
    }

    #[test]
    fn a_file_is_named_in_plain_letters() {
        assert_eq!(
            file_stem("Acme Shop (Zürich) / B2B"),
            "acme-shop-z-rich-b2b"
        );
        assert_eq!(file_stem("日本"), "");
    }
}
