//! Reading prices out of what is pasted or uploaded: CSV as spreadsheets write
//! it, in whatever encoding and with whatever separator.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use calibr_model::{Currency, FieldError, Problem, ProblemKind};
use calibr_store::prices::NamedBy;
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{
    amount::is_blank,
    judge::{Aim, Amount, CompareAim, Refusal},
    records::{Broken, Record, Records},
    upload::Bytes,
};

/// Characters of a line's first cell that are kept to know it by.
const REFERENCE: usize = 200;

/// Bytes at the beginning of a file by which its kind is known.
const HEAD: usize = 512;

/// How files of spreadsheet programs begin: of today (a ZIP archive), and of
/// before 2007.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

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
    currency: Option<usize>,
    /// How many there are, where the first line names them.
    named: Option<usize>,
}

impl Columns {
    /// Of a table without a line of names.
    const USUAL: Self = Self {
        named_by: NamedBy::Sku,
        name: 0,
        price: 1,
        compare_at: Some(2),
        currency: None,
        named: None,
    };

    /// Those that the first line names, where it names any.
    ///
    /// # Errors
    /// `invalid` where they make no price.
    fn named_in(cells: &[String]) -> Result<Option<Self>, Problem> {
        let names: Vec<String> = cells.iter().map(|cell| column_name(cell)).collect();
        let at = |wanted: &[&str]| {
            let mut found = names
                .iter()
                .enumerate()
                .filter(|(_, name)| wanted.contains(&name.as_str()))
                .map(|(position, _)| position);
            match (found.next(), found.next()) {
                (position, None) => Ok(position),
                (_, Some(_)) => Err(invalid(&format!(
                    "The first line names two columns that could be the {}. Leave one of them \
                     out, or name it otherwise.",
                    wanted.join(" or the ").replace('_', " ")
                ))),
            }
        };
        let Some(price) = at(&["price", "new_price"])? else {
            return Ok(None);
        };
        let named = [
            (NamedBy::Id, at(&["listing_id"])?),
            (NamedBy::ExternalId, at(&["external_id", "variant_id"])?),
            (NamedBy::Sku, at(&["sku"])?),
        ]
        .into_iter()
        .find_map(|(by, position)| Some((by, position?)));
        let Some((named_by, name)) = named else {
            return Err(invalid(
                "The first line names a column for the price and none for the product. Name one \
                 sku, listing_id or external_id.",
            ));
        };
        Ok(Some(Self {
            named_by,
            name,
            price,
            compare_at: at(&["compare_at", "compare_at_price"])?,
            currency: at(&["currency", "currency_code"])?,
            named: Some(names.len()),
        }))
    }
}

/// A table that is read line by line.
pub(super) struct Table {
    records: Records<Box<dyn Bytes>>,
    columns: Columns,
    /// The first line, where it holds no names.
    first: Option<Record>,
}

impl Table {
    /// Finds encoding, separator and columns. Reads all of it once where only
    /// that tells its encoding.
    ///
    /// # Errors
    /// `invalid` where it is no table, there is no line, or names of columns that
    /// make no price; `internal` where it cannot be read back.
    pub(super) fn open(mut bytes: Box<dyn Bytes>) -> Result<Self, Problem> {
        let encoding = found_encoding(&mut bytes)?;
        let mut records = Records::new(bytes, encoding).map_err(|error| not_read(&error))?;
        let first = records.next().map_err(|error| not_read(&error))?;
        let Some(first) = first else {
            return Err(invalid(
                "There is no line in it. Give a SKU and a price on each line.",
            ));
        };
        let named = match &first.cells {
            Ok(cells) => Columns::named_in(cells)?,
            Err(_) => None,
        };
        Ok(Self {
            records,
            first: named.is_none().then_some(first),
            columns: named.unwrap_or(Columns::USUAL),
        })
    }

    /// How its lines name listings.
    pub(super) const fn named_by(&self) -> NamedBy {
        self.columns.named_by
    }

    /// At most `limit` further lines; none at the end. Empty ones are left out.
    ///
    /// # Errors
    /// Where it cannot be read back.
    pub(super) fn next_lines(&mut self, limit: usize) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        while lines.len() < limit {
            let record = match self.first.take() {
                Some(first) => Some(first),
                None => self.records.next()?,
            };
            match record {
                Some(record) => lines.push(self.line(&record)),
                None => break,
            }
        }
        Ok(lines)
    }

    fn line(&self, record: &Record) -> Line {
        let name = match &record.cells {
            Ok(cells) => cells.get(self.columns.name).map(String::as_str),
            Err(_) => None,
        };
        Line {
            number: record.line,
            name: name.unwrap_or_default().chars().take(REFERENCE).collect(),
            aim: match &record.cells {
                Ok(cells) => self.aim(cells),
                Err(broken) => Err(Refusal::new(
                    "line_unreadable",
                    match broken {
                        Broken::Quote => {
                            "A quotation mark is opened in this line and not closed where a cell \
                             ends. Close it, or write it twice where it belongs to the cell."
                        }
                        Broken::TooLong => "This line is longer than a line of a table can be.",
                    },
                )),
            },
        }
    }

    fn aim(&self, cells: &[String]) -> Result<Aim, Refusal> {
        let cell = |index: usize| cells.get(index).map(String::as_str).unwrap_or_default();
        if cell(self.columns.name).is_empty() {
            return Err(Refusal::new(
                "name_missing",
                "This line does not say which product it is for.",
            ));
        }
        if cells.len() == 1 {
            return Err(Refusal::new(
                "price_missing",
                "This line has one cell. Give the SKU and the price with a tab, a semicolon or a \
                 comma between them.",
            ));
        }
        self.refuse_split_decimals(cells)?;
        let currency = match self.columns.currency.map(cell) {
            None | Some("") => None,
            Some(code) => Some(
                code.parse::<Currency>()
                    .map_err(|error| Refusal::new("other_currency", format!("{error}.")))?,
            ),
        };
        let amount = |text: &str| match currency {
            Some(currency) => Amount::TextIn(text.to_owned(), currency),
            None => Amount::Text(text.to_owned()),
        };
        let compare_at = match self.columns.compare_at.map(cell) {
            None | Some("") => CompareAim::Keep,
            Some("-" | "none" | "None" | "NONE") => CompareAim::Clear,
            Some(text) => CompareAim::Set(amount(text)),
        };
        Ok(Aim::Price(amount(cell(self.columns.price)), compare_at))
    }

    /// Where commas stand between cells, a decimal comma makes two cells of one
    /// price. Read as they stand they would be another price.
    fn refuse_split_decimals(&self, cells: &[String]) -> Result<(), Refusal> {
        if self.records.separator() != b',' {
            return Ok(());
        }
        let filled = cells
            .iter()
            .rposition(|cell| !cell.is_empty())
            .map_or(0, |last| last + 1);
        if filled > self.columns.named.unwrap_or(3) {
            return Err(Refusal::new(
                "line_unreadable",
                "This line has more cells than there are columns. Where decimals have commas, put \
                 semicolons between the cells.",
            ));
        }
        let digits = |index: usize| {
            let cell = cells.get(index).map(String::as_str).unwrap_or_default();
            (!cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())).then_some(cell)
        };
        let behind = self.columns.price + 1;
        if let (Some(whole), Some(decimals)) = (digits(self.columns.price), digits(behind))
            && self.columns.compare_at == Some(behind)
            && decimals.len() == 2
        {
            return Err(Refusal::new(
                "price_unreadable",
                format!(
                    "This could be a price of {whole}.{decimals}, or one of {whole} and a \
                     struck-through one of {decimals}. Put semicolons between the cells, or write \
                     decimals with a point."
                ),
            ));
        }
        Ok(())
    }
}

fn invalid(message: &str) -> Problem {
    Problem::invalid(vec![FieldError {
        field: "prices.table".to_owned(),
        message: message.to_owned(),
    }])
}

/// The problem of a table that was kept and cannot be read back.
pub(super) fn not_read(error: &io::Error) -> Problem {
    tracing::error!(%error, "a table of prices could not be read back");
    Problem::new(
        ProblemKind::Internal,
        "The table could not be read back. Nothing was changed; upload it again.",
    )
}

/// The encoding, whatever wrote it: by its byte order mark, else UTF-8, else what
/// spreadsheets write on Windows. Afterwards `bytes` stands behind the mark.
fn found_encoding(bytes: &mut Box<dyn Bytes>) -> Result<&'static Encoding, Problem> {
    let head = head_of(bytes).map_err(|error| not_read(&error))?;
    if WORKBOOKS.iter().any(|begin| head.starts_with(begin)) {
        return Err(invalid(
            "This is a workbook of a spreadsheet program. Save the sheet as CSV there, and upload \
             that file.",
        ));
    }
    let (encoding, begin) = match (Encoding::for_bom(&head), wide(&head)) {
        (Some((encoding, mark)), _) => (encoding, mark),
        (None, Some(wide)) => (wide, 0),
        (None, None) if head.contains(&0) => {
            return Err(invalid(
                "This is no text. Save the table as CSV, and upload that file.",
            ));
        }
        (None, None) if is_utf8(bytes).map_err(|error| not_read(&error))? => (UTF_8, 0),
        (None, None) => (WINDOWS_1252, 0),
    };
    bytes
        .seek(SeekFrom::Start(begin as u64))
        .map_err(|error| not_read(&error))?;
    Ok(encoding)
}

fn head_of(bytes: &mut Box<dyn Bytes>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    bytes.take(HEAD as u64).read_to_end(&mut head)?;
    bytes.rewind()?;
    Ok(head)
}

fn is_utf8(bytes: &mut Box<dyn Bytes>) -> io::Result<bool> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut part = vec![0; 64 * 1024];
    let mut text = vec![0; 256 * 1024];
    loop {
        let count = bytes.read(&mut part)?;
        let read = part.get(..count).unwrap_or_default();
        let (result, ..) = decoder.decode_to_utf8_without_replacement(read, &mut text, count == 0);
        match result {
            DecoderResult::Malformed(..) => return Ok(false),
            _ if count == 0 => return Ok(true),
            _ => {}
        }
    }
}

/// UTF-16 without a mark: every other byte of plain text in it is zero.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| {
        let every_other = head.iter().skip(from).step_by(2);
        every_other.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let most = |zeros: usize| head.len() >= 4 && zeros * 3 > head.len();
    match (most(even), most(odd)) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

fn column_name(cell: &str) -> String {
    cell.trim_matches(is_blank)
        .to_lowercase()
        .replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn opened(bytes: &[u8]) -> Result<Table, Problem> {
        Table::open(Box::new(Cursor::new(bytes.to_vec())))
    }

    fn read(bytes: &[u8]) -> Vec<(i64, String, String)> {
        let mut table = opened(bytes).unwrap();
        let lines = table.next_lines(100).unwrap();
        lines.into_iter().map(shown).collect()
    }

    fn refused(bytes: &[u8]) -> String {
        opened(bytes).err().unwrap().detail
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
        let by_id = opened(b"listing_id,price\nx,1").unwrap();
        assert_eq!(by_id.named_by(), NamedBy::Id);
        assert!(refused(b"title,price\nTent,1").contains("sku"));
        assert!(refused(b"sku;price;Price\nTent;1;2").contains("two columns"));
        for nothing in [&b""[..], b"\n\n", b"\xef\xbb\xbf\r\n"] {
            assert!(refused(nothing).contains("no line"));
        }
    }

    #[test]
    fn encodings_of_spreadsheets_are_read() {
        let expected = lines(&[(1, "Größe-M", "12,50")]);
        assert_eq!(read("Größe-M;12,50\n".as_bytes()), expected);
        assert_eq!(read("\u{feff}Größe-M;12,50\n".as_bytes()), expected);
        assert_eq!(read(b"Gr\xf6\xdfe-M;12,50\n"), expected);
        for text in ["\u{feff}Größe-M;12,50\n", "Größe-M;12,50\n"] {
            let little = text.encode_utf16().flat_map(u16::to_le_bytes);
            assert_eq!(read(&little.collect::<Vec<_>>()), expected);
            let big = text.encode_utf16().flat_map(u16::to_be_bytes);
            assert_eq!(read(&big.collect::<Vec<_>>()), expected);
        }
    }

    #[test]
    fn what_is_no_table_is_told_apart() {
        for workbook in [&b"PK\x03\x04\x14\x00"[..], b"\xd0\xcf\x11\xe0\xa1\xb1"] {
            assert!(refused(workbook).contains("workbook"));
        }
        assert!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").contains("no text"));
    }

    #[test]
    fn decimal_commas_between_commas_are_not_guessed_at() {
        let aims = |table: &str| -> Vec<String> {
            let lines = read(table.as_bytes()).into_iter();
            lines.map(|(.., aim)| aim).collect()
        };
        assert_eq!(
            aims("A-1,12,50\nA-2,12.00,15.00\nA-3,12,150\nA-4,12,50,15,00\nA-5,\"12,50\",,"),
            [
                "price_unreadable",
                "12.00 of 15.00",
                "12 of 150",
                "line_unreadable",
                "12,50"
            ]
        );
        assert_eq!(
            aims("sku,price\nA-1,12,50\nA-2,12\nA-3,12,,"),
            ["line_unreadable", "12", "12"]
        );
        assert_eq!(
            aims("sku,price,compare_at,title\nA-1,12,50,Tent"),
            ["price_unreadable"]
        );
        assert_eq!(aims("sku,title,price\nA-1,12,50"), ["50"]);
        assert_eq!(aims("A-1\t12\t50\tTent"), ["12 of 50"]);
    }

    #[test]
    fn a_column_may_name_the_currency() {
        let mut table =
            opened(b"sku;price;compare_at;Currency\nA;1;2;USD\nB;1;;\nC;1;;dollars").unwrap();
        let aims = table.next_lines(10).unwrap().into_iter();
        let dollars = |text: &str| Amount::TextIn(text.to_owned(), "USD".parse().unwrap());
        let aims: Vec<_> = aims.map(|line| line.aim).collect();
        assert_eq!(
            aims[0],
            Ok(Aim::Price(dollars("1"), CompareAim::Set(dollars("2"))))
        );
        let plain = Amount::Text("1".to_owned());
        assert_eq!(aims[1], Ok(Aim::Price(plain, CompareAim::Keep)));
        assert_eq!(aims[2].as_ref().unwrap_err().code, "other_currency");
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
        let open = format!("A-1;1\n\"A-2;2\n{}", "A-3;3\n".repeat(50));
        let told = read(open.as_bytes());
        assert_eq!(told[0], (1, "A-1".to_owned(), "1".to_owned()));
        assert_eq!((told[1].0, told[1].2.as_str()), (2, "line_unreadable"));
        assert_eq!(told[2], (3, "A-3".to_owned(), "3".to_owned()));
        assert_eq!(told.len(), 52);
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
            if let Ok(mut table) = opened(&bytes) {
                while !table.next_lines(10).unwrap().is_empty() {}
            }
        }
    }
}
