//! Going through a list that changes while it is read.
//!
//! Vendure's lists are paged by a number of rows to skip, and its filters know
//! no "id greater than". Were a row deleted among those that have been read,
//! all after it would move up by one, and the next page would leave one out.
//! So every page begins with the last row of the page before: where that is not
//! its first, rows have moved, and the place is looked for further back by the
//! rows last read. The order is that of the ids, which do not change; rows that
//! come in meanwhile come in at the end (or, where ids are random, are new
//! enough for the next run to bring them).

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};

use super::{
    api::Api,
    operations::{List, PageOf, Row, RowPage},
};
use crate::{
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// The fewest rows a page may have: the last one read, and a new one.
pub(super) const SMALLEST_PAGE: u32 = 2;

/// How many of the rows last read are kept to know the place by.
const REMEMBERED: usize = 10;

/// How many rows are asked for at once: fewer each time the server refuses,
/// whose `adminListQueryLimit` may be lower.
#[derive(Debug)]
pub(super) struct PageSize(AtomicU32);

impl PageSize {
    /// At most so many.
    pub(super) const fn new(most: u32) -> Self {
        Self(AtomicU32::new(most))
    }

    /// A page of a list, and how many rows it could have had.
    async fn page<L: List>(
        &self,
        api: &Api,
        list: &L,
        skip: u64,
    ) -> Result<(RowPage, u32), ConnectorError> {
        let mut take = self.0.load(Ordering::Relaxed);
        loop {
            let operation = PageOf { list, skip, take };
            match api.call(&operation, Patience::RUN).await {
                Err(error) if error.fault == Fault::Refused && take / 2 >= SMALLEST_PAGE => {
                    take /= 2;
                }
                Err(error) => return Err(error),
                Ok(data) => {
                    self.0.fetch_min(take, Ordering::Relaxed);
                    return Ok((L::rows(data), take));
                }
            }
        }
    }

    /// The rows with these ids, in as many calls as it takes; what is gone is
    /// left out. `list` gives the list that has these rows alone.
    pub(super) async fn rows<L: List>(
        &self,
        api: &Api,
        ids: &[String],
        list: fn(Vec<String>) -> L,
    ) -> Result<Vec<Row>, ConnectorError> {
        let mut rows = Vec::with_capacity(ids.len());
        let mut rest = ids;
        while !rest.is_empty() {
            let most = self.0.load(Ordering::Relaxed) as usize;
            let (these, others) = rest.split_at(most.min(rest.len()));
            let these = list(these.to_vec());
            let mut pages = Pages::default();
            loop {
                let page = pages.next(api, self, &these).await?;
                rows.extend(page.rows);
                if page.at_end {
                    break;
                }
            }
            rest = others;
        }
        Ok(rows)
    }
}

/// A list that is gone through page by page.
#[derive(Debug, Default)]
pub(super) struct Pages {
    place: Place,
    /// Whether it was read anew once already.
    anew: bool,
}

/// Rows that have not been read yet.
#[derive(Debug)]
pub(super) struct NextRows {
    pub(super) rows: Vec<Row>,
    /// Whether the list ends with them.
    pub(super) at_end: bool,
    /// The length of the whole list.
    pub(super) total: u64,
}

impl From<Place> for Pages {
    fn from(place: Place) -> Self {
        Self { place, anew: false }
    }
}

impl Pages {
    /// How far the list has been read.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The rows of the list that come next.
    pub(super) async fn next<L: List>(
        &mut self,
        api: &Api,
        size: &PageSize,
        list: &L,
    ) -> Result<NextRows, ConnectorError> {
        let server = api.address().place();
        let mut overlap = 1;
        loop {
            let skip = self.place.skip(overlap);
            let (page, take) = size.page(api, list, skip).await?;
            let total = page.total_items;
            match self.place.advance(skip, page) {
                Step::Forward { rows, at_end, anew } => {
                    if anew && std::mem::replace(&mut self.anew, true) {
                        let why = "it gives its list in another order each time";
                        return Err(nonsense(server, why));
                    }
                    return Ok(NextRows {
                        rows,
                        at_end,
                        total,
                    });
                }
                Step::FurtherUp => overlap += u64::from(take),
                Step::Nonsense => {
                    let why = format!("of {total} rows it gives {skip}");
                    return Err(nonsense(server, &why));
                }
            }
        }
    }
}

fn nonsense(server: &str, why: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::Malformed,
        format!(
            "{server} cannot be read to its end: {why}. Try again; if it stays, look at the log of \
             the Vendure server."
        ),
    )
}

/// How far a list has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// How many rows stand before what comes next.
    passed: u64,
    /// The ids of the last of these, the latest last.
    last: Vec<String>,
}

/// What a page says.
#[derive(Debug)]
pub(super) enum Step {
    /// Rows that have not been read yet, and whether the list ends with them.
    Forward {
        rows: Vec<Row>,
        at_end: bool,
        /// All rows that were remembered are gone: the list is read anew from
        /// its beginning.
        anew: bool,
    },
    /// No row that was read last is on the page; it must begin further up.
    FurtherUp,
    /// The page is empty although the list goes on.
    Nonsense,
}

impl Place {
    /// How many rows to skip for a page that begins `overlap` rows above the
    /// place.
    pub(super) fn skip(&self, overlap: u64) -> u64 {
        self.passed.saturating_sub(overlap)
    }

    /// Whether nothing has been read.
    pub(super) fn is_start(&self) -> bool {
        self.passed == 0
    }

    /// Takes in a page that was asked for with `skip`.
    pub(super) fn advance(&mut self, skip: u64, page: RowPage) -> Step {
        let RowPage { items, total_items } = page;
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let end = skip.saturating_add(count);
        if items.is_empty() && skip < total_items {
            return Step::Nonsense;
        }
        let known = items.iter().rposition(|row| self.last.contains(&row.id));
        let (new, anew) = match known {
            Some(index) => (index + 1, false),
            None if self.is_start() => (0, false),
            None if skip == 0 => {
                self.last.clear();
                (0, true)
            }
            None => return Step::FurtherUp,
        };
        let rows: Vec<_> = items.into_iter().skip(new).collect();
        self.passed = end;
        self.last.extend(rows.iter().map(|row| row.id.clone()));
        let surplus = self.last.len().saturating_sub(REMEMBERED);
        self.last.drain(..surplus);
        Step::Forward {
            rows,
            at_end: end >= total_items,
            anew,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::Map;

    use super::*;

    fn page(list: &[u32], skip: u64, take: u64) -> RowPage {
        let items = list
            .iter()
            .skip(usize::try_from(skip).unwrap())
            .take(usize::try_from(take).unwrap())
            .map(|id| Row {
                id: id.to_string(),
                fields: Map::new(),
            })
            .collect();
        RowPage {
            items,
            total_items: u64::try_from(list.len()).unwrap(),
        }
    }

    /// Reads a list that `between` changes before every call.
    fn read(mut list: Vec<u32>, take: u64, mut between: impl FnMut(&mut Vec<u32>)) -> Vec<u32> {
        let mut place = Place::default();
        let mut given = Vec::new();
        let mut overlap = 1;
        for _ in 0..10_000 {
            between(&mut list);
            let skip = place.skip(overlap);
            match place.advance(skip, page(&list, skip, take)) {
                Step::FurtherUp => overlap += take,
                Step::Nonsense => panic!("the list is sound"),
                Step::Forward { rows, at_end, .. } => {
                    given.extend(rows.iter().map(|row| row.id.parse::<u32>().unwrap()));
                    if at_end {
                        return given;
                    }
                    overlap = 1;
                }
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn a_list_at_rest_is_given_once() {
        for length in [0, 1, 9, 10, 11, 88, 100] {
            let list: Vec<_> = (0..length).collect();
            assert_eq!(read(list.clone(), 10, |_| {}), list);
        }
    }

    #[test]
    fn rows_deleted_among_those_read_move_none_out_of_sight() {
        let mut calls = 0;
        let given = read((0..50).collect(), 10, |list| {
            calls += 1;
            if calls == 3 {
                list.drain(2..9);
            }
        });
        assert_eq!(given, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn without_any_row_to_know_the_place_by_the_list_is_read_anew() {
        let mut calls = 0;
        let given = read((0..50).collect(), 20, |list| {
            calls += 1;
            if calls == 2 {
                list.drain(5..30);
            }
        });
        let unique: BTreeSet<_> = given.iter().copied().collect();
        assert!((30..50).all(|id| unique.contains(&id)), "{given:?}");
        assert_eq!(given[20..25], [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_end_may_be_cut_off_while_it_is_read() {
        let mut calls = 0;
        let given = read((0..25).collect(), 10, |list| {
            calls += 1;
            if calls == 3 {
                list.truncate(12);
            }
        });
        assert_eq!(given, (0..19).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_page_in_the_middle_is_nonsense() {
        let mut place = Place::default();
        let empty = RowPage {
            items: Vec::new(),
            total_items: 5,
        };
        assert!(matches!(place.advance(0, empty), Step::Nonsense));
    }

    #[test]
    fn a_place_is_kept_as_json() {
        let mut place = Place::default();
        place.advance(0, page(&[1, 2, 3], 0, 2));
        insta::assert_json_snapshot!(place, @r#"
        {
          "passed": 2,
          "last": [
            "1",
            "2"
          ]
        }
        "#);
    }

    proptest! {
        #[test]
        fn no_row_that_stays_is_lost(
            length in 0_u32..120,
            take in 2_u64..20,
            deletions in prop::collection::vec(prop::option::of(0_usize..120), 0..40),
        ) {
            let mut deleted = BTreeSet::new();
            let mut deletions = deletions.into_iter();
            let given = read((0..length).collect(), take, |list| {
                if let Some(index) = deletions.next().flatten().filter(|index| *index < list.len()) {
                    deleted.insert(list.remove(index));
                }
            });
            let given: BTreeSet<_> = given.into_iter().collect();
            for id in (0..length).filter(|id| !deleted.contains(id)) {
                prop_assert!(given.contains(&id), "{id} was lost");
            }
        }

        #[test]
        fn rows_that_come_in_anywhere_push_none_out(
            length in 1_u32..60,
            take in 2_u64..20,
            additions in prop::collection::vec(0_usize..60, 0..20),
        ) {
            let mut next = 1_000;
            let mut additions = additions.into_iter();
            let given = read((0..length).collect(), take, |list| {
                if let Some(index) = additions.next() {
                    next += 1;
                    list.insert(index.min(list.len()), next);
                }
            });
            let given: BTreeSet<_> = given.into_iter().collect();
            prop_assert!((0..length).all(|id| given.contains(&id)));
        }
    }
}
