//! Reading prices out of what is pasted or uploaded: CSV as spreadsheets write
//! it, in whatever encoding and with whatever separator.

use std::io::Cursor;

use calibr_model::{FieldError, Problem};
use calibr_store::prices::NamedBy;
use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::judge::{Aim, Amount, CompareAim, Refusal};

/// A cell of more characters is none: a quote was opened and not closed.
const LONGEST_CELL: usize = 2_000;

/// Characters of a line's first cell that are kept to know it by.
const REFERENCE: usize = 200;

/// One line of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: i64,
    /// How it names the listing.
    pub(super) name: String,
    /// What it wants, or why that cannot be read.
    pub(super) aim: Result<Aim, Refusal>,
}

/// Which cell holds what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Columns {
    named_by: NamedBy,
    name: usize,
    price: usize,
    compare_at: Option<usize>,
}

impl Columns {
    /// Of a table without a line of names.
    const USUAL: Self = Self {
        named_by: NamedBy::Sku,
        name: 0,
        price: 1,
        compare_at: Some(2),
    };
}

/// A table that is read line by line.
pub(super) struct Table {
    reader: Reader<Cursor<Vec<u8>>>,
    columns: Columns,
    /// The first line, where it holds no names.
    first: Option<ByteRecord>,
}

impl Table {
    /// Finds encoding, separator and columns.
    ///
    /// # Errors
    /// `invalid` where there is no line, or names of columns that make no price.
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Problem> {
        let text = with_plain_line_ends(decoded(bytes));
        let separator = separator(&text);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(separator)
            .from_reader(Cursor::new(text.into_bytes()));
        let mut first = ByteRecord::new();
        let any = reader.read_byte_record(&mut first).unwrap_or(false);
        if !any {
            return Err(invalid(
                "There is no line in it. Give a SKU and a price on each line.",
            ));
        }
        let names: Vec<String> = first
            .iter()
            .map(|cell| column_name(&String::from_utf8_lossy(cell)))
            .collect();
        let at = |wanted: &[&str]| {
            names
                .iter()
                .position(|name| wanted.contains(&name.as_str()))
        };
        let Some(price) = at(&["price", "new_price"]) else {
            return Ok(Self {
                reader,
                columns: Columns::USUAL,
                first: Some(first),
            });
        };
        let named = [
            (NamedBy::Id, at(&["listing_id"])),
            (NamedBy::ExternalId, at(&["external_id", "variant_id"])),
            (NamedBy::Sku, at(&["sku"])),
        ]
        .into_iter()
        .find_map(|(by, position)| Some((by, position?)));
        let Some((named_by, name)) = named else {
            return Err(invalid(
                "The first line names a column for the price and none for the product. Name one \
                 sku, listing_id or external_id.",
            ));
        };
        Ok(Self {
            reader,
            columns: Columns {
                named_by,
                name,
                price,
                compare_at: at(&["compare_at", "compare_at_price"]),
            },
            first: None,
        })
    }

    /// How its lines name listings.
    pub(super) const fn named_by(&self) -> NamedBy {
        self.columns.named_by
    }

    /// At most `limit` further lines; none at the end. Empty ones are left out.
    pub(super) fn next_lines(&mut self, limit: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        while lines.len() < limit {
            let record = match self.first.take() {
                Some(first) => first,
                None => {
                    let mut record = ByteRecord::new();
                    match self.reader.read_byte_record(&mut record) {
                        Ok(true) => record,
                        // A file in memory cannot fail to be read, and lines may be
                        // of any length.
                        Ok(false) | Err(_) => break,
                    }
                }
            };
            if record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            lines.push(self.line(record));
        }
        lines
    }

    fn line(&self, record: ByteRecord) -> Line {
        let number = record.position().map_or(0, |position| {
            i64::try_from(position.line()).unwrap_or(i64::MAX)
        });
        let record = StringRecord::from_byte_record_lossy(record);
        let cell = |index: usize| record.get(index).unwrap_or_default();
        let name: String = cell(self.columns.name).chars().take(REFERENCE).collect();
        Line {
            number,
            aim: self.aim(&record),
            name,
        }
    }

    fn aim(&self, record: &StringRecord) -> Result<Aim, Refusal> {
        if record.iter().any(|cell| cell.len() > LONGEST_CELL) {
            return Err(Refusal::new(
                "line_unreadable",
                "A cell goes on for thousands of characters: a quotation mark is opened and not \
                 closed. Everything after it until the next one was left out.",
            ));
        }
        let cell = |index: usize| record.get(index).unwrap_or_default();
        if cell(self.columns.name).is_empty() {
            return Err(Refusal::new(
                "name_missing",
                "This line does not say which product it is for.",
            ));
        }
        if record.len() == 1 {
            return Err(Refusal::new(
                "price_missing",
                "This line has one cell. Give the SKU and the price with a tab, a semicolon or a \
                 comma between them.",
            ));
        }
        let compare_at = match self.columns.compare_at.map(cell) {
            None | Some("") => CompareAim::Keep,
            Some("-" | "none" | "None" | "NONE") => CompareAim::Clear,
            Some(text) => CompareAim::Set(Amount::Text(text.to_owned())),
        };
        let price = Amount::Text(cell(self.columns.price).to_owned());
        Ok(Aim::Price(price, compare_at))
    }
}

fn invalid(message: &str) -> Problem {
    Problem::invalid(vec![FieldError {
        field: "prices.table".to_owned(),
        message: message.to_owned(),
    }])
}

/// The text, whatever wrote it: by its byte order mark, else UTF-8, else what
/// spreadsheets write on Windows.
fn decoded(bytes: Vec<u8>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[mark..])
            .0
            .into_owned();
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let bytes = error.into_bytes();
            let encoding = if looks_like_utf16(&bytes) {
                encoding_rs::UTF_16LE
            } else if std::str::from_utf8(&bytes).is_err() {
                WINDOWS_1252
            } else {
                UTF_8
            };
            encoding.decode_without_bom_handling(&bytes).0.into_owned()
        }
    }
}

/// Lines end with a line feed, so that they are counted alike.
fn with_plain_line_ends(text: String) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    }
}

/// Every other byte of plain text in UTF-16 is zero.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(200)];
    head.len() >= 4
        && head
            .iter()
            .skip(1)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
            * 3
            > head.len()
}

/// What stands between the cells of the first line that has any: a tab, a
/// semicolon, or else a comma. Where decimals have commas, semicolons stand
/// between cells.
fn separator(text: &str) -> u8 {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut in_quotes = false;
    let mut met = [false; 2];
    for character in first.chars() {
        match character {
            '"' => in_quotes = !in_quotes,
            '\t' if !in_quotes => met[0] = true,
            ';' if !in_quotes => met[1] = true,
            _ => {}
        }
    }
    match met {
        [true, _] => b'\t',
        [_, true] => b';',
        _ => b',',
    }
}

fn column_name(cell: &str) -> String {
    cell.trim()
        .trim_start_matches('\u{feff}')
        .to_lowercase()
        .replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(i64, String, String)> {
        let mut table = Table::open(bytes.to_vec()).unwrap();
        table.next_lines(100).into_iter().map(shown).collect()
    }

    fn shown(line: Line) -> (i64, String, String) {
        let aim = match line.aim {
            Ok(Aim::Price(Amount::Text(price), CompareAim::Keep)) => price,
            Ok(Aim::Price(Amount::Text(price), CompareAim::Clear)) => format!("{price} clear"),
            Ok(Aim::Price(Amount::Text(price), CompareAim::Set(Amount::Text(compare)))) => {
                format!("{price} of {compare}")
            }
            Ok(other) => format!("{other:?}"),
            Err(refusal) => refusal.code.to_owned(),
        };
        (line.number, line.name, aim)
    }

    fn lines(expected: &[(i64, &str, &str)]) -> Vec<(i64, String, String)> {
        expected
            .iter()
            .map(|(number, name, aim)| (*number, (*name).to_owned(), (*aim).to_owned()))
            .collect()
    }

    #[test]
    fn tabs_semicolons_and_commas_separate() {
        let expected = lines(&[(1, "A-1", "12.50"), (2, "A-2", "9")]);
        assert_eq!(read(b"A-1\t12.50\nA-2\t9\n"), expected);
        assert_eq!(read(b"A-1;12.50\r\nA-2;9"), expected);
        assert_eq!(read(b"A-1,12.50\nA-2,9"), expected);
        assert_eq!(
            read(b"A-1;12,50;15,00"),
            lines(&[(1, "A-1", "12,50 of 15,00")])
        );
    }

    #[test]
    fn a_first_line_may_name_the_columns_in_any_order() {
        let table = "\u{feff}Price;Title;SKU;Compare at\n12,50;Tent;A-1;-\n9;Tarp;A-2;\n";
        assert_eq!(
            read(table.as_bytes()),
            lines(&[(2, "A-1", "12,50 clear"), (3, "A-2", "9")])
        );
        let by_id = Table::open(b"listing_id,price\nx,1".to_vec()).unwrap();
        assert_eq!(by_id.named_by(), NamedBy::Id);
        let refused = Table::open(b"title,price\nTent,1".to_vec()).err().unwrap();
        assert!(refused.detail.contains("sku"), "{refused}");
        assert!(Table::open(Vec::new()).is_err());
        assert!(Table::open(b"\n\n".to_vec()).is_err());
    }

    #[test]
    fn encodings_of_spreadsheets_are_read() {
        let expected = lines(&[(1, "Größe-M", "12,50")]);
        assert_eq!(read("Größe-M;12,50\n".as_bytes()), expected);
        assert_eq!(read("\u{feff}Größe-M;12,50\n".as_bytes()), expected);
        assert_eq!(read(b"Gr\xf6\xdfe-M;12,50\n"), expected);
        let utf16: Vec<u8> = "\u{feff}Größe-M;12,50\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&utf16), expected);
    }

    #[test]
    fn quoted_cells_hold_separators_and_line_breaks() {
        let table = "\"A;1\";12,50\n\"A\n2\";9\n\"say \"\"hi\"\"\";7\n";
        assert_eq!(
            read(table.as_bytes()),
            lines(&[
                (1, "A;1", "12,50"),
                (2, "A\n2", "9"),
                (4, "say \"hi\"", "7")
            ])
        );
    }

    #[test]
    fn a_bad_line_is_refused_and_the_rest_is_read() {
        let table = "A-1;1\n;5\nA-2\nA-3;\n\n  \nA-4;2;;;;\n";
        assert_eq!(
            read(table.as_bytes()),
            lines(&[
                (1, "A-1", "1"),
                (2, "", "name_missing"),
                (3, "A-2", "price_missing"),
                (4, "A-3", ""),
                (7, "A-4", "2"),
            ])
        );
        let open = format!("A-1;1\n\"A-2;2\n{}", "A-3;3\n".repeat(1_000));
        let told = read(open.as_bytes());
        assert_eq!(told[0], (1, "A-1".to_owned(), "1".to_owned()));
        assert_eq!((told[1].0, told[1].2.as_str()), (2, "line_unreadable"));
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        for seed in 0_u8..=255 {
            let bytes: Vec<u8> = (0..200_u16)
                .map(|index| {
                    seed.wrapping_mul(31)
                        .wrapping_add((index as u8).wrapping_mul(seed))
                })
                .collect();
            if let Ok(mut table) = Table::open(bytes) {
                while !table.next_lines(10).is_empty() {}
            }
        }
    }
}
