//! Going through a list that changes while it is read, several pages at once.
//!
//! Lists are paged by a number of rows to leave out, in the order of ids. Were
//! a row deleted among those that have been read, all after it would move up,
//! and the next page would leave some out. So every page begins with the last
//! row of the page before: where its first id is greater than the last one
//! read, rows have moved, and the place is looked for further up. Ids only
//! grow, so rows that come in come in at the end (or, of changes, further up,
//! where the next run finds them).

use std::collections::VecDeque;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api::AT_ONCE,
    operations::{PER_PAGE, Page, Row},
};
use crate::error::{ConnectorError, Fault};

/// How often rows may have moved before the list is given up.
const MOST_MOVES: u32 = 100;

/// How far a list has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Every row up to this id has been read.
    pub(super) after_id: u64,
    /// About how many rows stand before what comes next; put right where it is
    /// not so.
    pub(super) passed: u64,
}

/// A list on its way through.
#[derive(Debug)]
pub(super) struct Pages {
    place: Place,
    /// How many rows above the place a page begins.
    overlap: u64,
    total: Option<u64>,
    /// How many rows a page of this store has.
    stride: u64,
    /// The first id of the whole list, where it was seen.
    first_id: Option<u64>,
    /// Pages that were read ahead, with the rows left out before them.
    ahead: VecDeque<(u64, Page)>,
    /// How often rows had moved; then pages are read one by one.
    moved: u32,
    /// Whether the next page need not begin with a row that is known: the
    /// store leaves rows out that it cannot read itself.
    sparse: bool,
    at_end: bool,
}

/// Rows that have not been read before.
#[derive(Debug, Default)]
pub(super) struct NewRows {
    pub(super) rows: Vec<Row>,
    /// Rows without an id.
    pub(super) unread: Vec<Value>,
    /// How many rows the list has after these, where the store says.
    pub(super) left: Option<u64>,
}

impl Pages {
    /// From a place on.
    pub(super) fn from(place: Place) -> Self {
        Self {
            place,
            overlap: 1,
            total: None,
            stride: PER_PAGE,
            first_id: None,
            ahead: VecDeque::new(),
            moved: 0,
            sparse: false,
            at_end: false,
        }
    }

    /// How far it has been read.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The rows that come next; `None` at the end. `fetch` gives the page that
    /// leaves out so many rows.
    ///
    /// # Errors
    /// What `fetch` says; [`Fault::CursorRepeats`] where pages come round again;
    /// [`Fault::Malformed`] where the list makes no sense otherwise.
    pub(super) async fn next<F, Fetching>(
        &mut self,
        fetch: F,
    ) -> Result<Option<NewRows>, ConnectorError>
    where
        F: Fn(u64) -> Fetching,
        Fetching: Future<Output = Result<Page, ConnectorError>>,
    {
        while !self.at_end {
            if self.ahead.is_empty() {
                let offsets = self.window();
                let pages = try_join_all(offsets.iter().map(|offset| fetch(*offset))).await?;
                self.ahead.extend(offsets.into_iter().zip(pages));
            }
            let Some((offset, page)) = self.ahead.pop_front() else {
                break;
            };
            if let Some(new) = self.take(offset, page)? {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }

    /// Where the next pages begin: one, until the length of the list is known.
    fn window(&self) -> Vec<u64> {
        let first = self.place.passed.saturating_sub(self.overlap);
        let step = self.stride.saturating_sub(1).max(1);
        let most = match self.total {
            Some(_) if self.moved < 2 && self.overlap == 1 => AT_ONCE,
            _ => 1,
        };
        (0_u64..)
            .map(|index| first + index * step)
            .take_while(|offset| {
                *offset == first || self.total.is_some_and(|total| offset + 1 < total)
            })
            .take(most)
            .collect()
    }

    /// Takes a page in; `None` where it brings nothing new.
    fn take(&mut self, offset: u64, page: Page) -> Result<Option<NewRows>, ConnectorError> {
        let length = count(&page.rows) + count(&page.unread);
        if !page.rows.is_sorted_by_key(|row| row.id) {
            return Err(nonsense(
                "it gives its list in another order than asked for",
            ));
        }
        let first = page.rows.first().map(|row| row.id);
        if offset == 0 {
            self.first_id = first;
        } else if first.is_some() && first == self.first_id {
            return Err(ConnectorError {
                fault: Fault::CursorRepeats,
                ..nonsense("it gives the same page again and again")
            });
        }
        // Some hosts allow fewer rows than are asked for.
        let capped = match (page.total, page.pages) {
            (Some(total), Some(pages)) => pages > total.div_ceil(PER_PAGE),
            _ => false,
        };
        self.stride = if capped { length } else { PER_PAGE };
        self.total = page.total;
        let end = offset.saturating_add(self.stride);
        let last = match page.total {
            Some(total) => end >= total,
            None => length < PER_PAGE,
        };
        let shown = page.total.map_or(offset + length, |total| end.min(total));
        let connected = offset == 0
            || std::mem::take(&mut self.sparse)
            || first.is_some_and(|first| first <= self.place.after_id);
        if !connected {
            self.look_further_up(offset)?;
            return Ok(None);
        }
        self.overlap = 1;
        let rows: Vec<Row> = page
            .rows
            .into_iter()
            .filter(|row| row.id > self.place.after_id)
            .collect();
        if let Some(row) = rows.last() {
            self.place.after_id = row.id;
        }
        self.pass(if last { shown } else { offset + length }, shown);
        self.at_end = last;
        if rows.is_empty() && page.unread.is_empty() {
            return Ok(None);
        }
        Ok(Some(NewRows {
            rows,
            unread: page.unread,
            left: self.total.map(|total| total.saturating_sub(shown)),
        }))
    }

    /// Moves the place behind a page that gave rows up to `given` of those up to
    /// `shown`. Where that is no step forward, all that is missing was left out
    /// by the store.
    fn pass(&mut self, given: u64, shown: u64) {
        if given > self.place.passed || given == shown {
            self.place.passed = given;
        } else {
            self.place.passed = shown;
            self.sparse = true;
        }
    }

    /// Rows have moved, so that what was read ahead is worth nothing. The place
    /// is looked for twice as far up each time.
    fn look_further_up(&mut self, offset: u64) -> Result<(), ConnectorError> {
        self.moved += 1;
        if self.moved > MOST_MOVES {
            return Err(nonsense("its list cannot be followed to its end"));
        }
        self.ahead.clear();
        let asked_for = self.place.passed.saturating_sub(self.overlap);
        self.place.passed = self
            .total
            .map_or(self.place.passed, |total| self.place.passed.min(total));
        if offset == asked_for {
            self.overlap = self.overlap.saturating_mul(2).saturating_add(self.stride);
        }
        Ok(())
    }
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn nonsense(why: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::Malformed,
        format!(
            "The store's catalogue or orders cannot be read: {why}. A caching or security plugin \
             may change its answers; let it leave /wp-json alone."
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use futures::executor::block_on;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn page(list: &[u64], offset: u64, cap: u64, headers: bool) -> Page {
        let rows: Vec<Row> = list
            .iter()
            .skip(usize::try_from(offset).unwrap())
            .take(usize::try_from(cap).unwrap())
            .map(|id| Row {
                id: *id,
                fields: json!({}),
            })
            .collect();
        Page {
            rows,
            unread: Vec::new(),
            total: headers.then(|| count(list)),
            pages: headers.then(|| count(list).div_ceil(cap)),
        }
    }

    /// Reads a list that `between` changes before every call.
    fn read(
        list: Vec<u64>,
        cap: u64,
        headers: bool,
        between: impl FnMut(&mut Vec<u64>),
    ) -> Result<Vec<u64>, ConnectorError> {
        let state = RefCell::new((list, between));
        let mut pages = Pages::from(Place::default());
        let mut given = Vec::new();
        block_on(async {
            while let Some(new) = pages
                .next(async |offset| {
                    let (list, between) = &mut *state.borrow_mut();
                    between(list);
                    Ok(page(list, offset, cap, headers))
                })
                .await?
            {
                given.extend(new.rows.iter().map(|row| row.id));
            }
            Ok(given)
        })
    }

    #[test]
    fn a_list_at_rest_is_given_once() {
        for length in [0, 1, 99, 100, 101, 199, 200, 1_234] {
            let list: Vec<u64> = (1..=length).collect();
            for headers in [true, false] {
                let given = read(list.clone(), 100, headers, |_| {}).unwrap();
                assert_eq!(given, list, "{length}");
            }
        }
    }

    #[test]
    fn a_host_that_allows_fewer_rows_gives_all_of_them_as_well() {
        let list: Vec<u64> = (1..=420).collect();
        assert_eq!(read(list.clone(), 30, true, |_| {}).unwrap(), list);
    }

    #[test]
    fn rows_that_the_store_leaves_out_hide_no_others() {
        let list: Vec<u64> = (1..=700).collect();
        let hidden = |id: u64| matches!(id, 100 | 200 | 398 | 150..=330 | 500..=699);
        let mut pages = Pages::from(Place::default());
        let mut given = Vec::new();
        block_on(async {
            while let Some(new) = pages
                .next(async |offset| {
                    let mut page = page(&list, offset, 100, true);
                    page.rows.retain(|row| !hidden(row.id));
                    Ok(page)
                })
                .await
                .unwrap()
            {
                given.extend(new.rows.iter().map(|row| row.id));
            }
        });
        let expected: Vec<u64> = list.into_iter().filter(|id| !hidden(*id)).collect();
        assert_eq!(given, expected);
    }

    #[test]
    fn a_store_that_ignores_the_place_is_called_out() {
        let list: Vec<u64> = (1..=300).collect();
        let mut pages = Pages::from(Place::default());
        let error = block_on(async {
            loop {
                match pages.next(async |_| Ok(page(&list, 0, 100, true))).await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("most of the list was lost in silence"),
                    Err(error) => return error,
                }
            }
        });
        assert_eq!(error.fault, Fault::CursorRepeats);
    }

    #[test]
    fn a_list_in_another_order_is_called_out() {
        let list: Vec<u64> = (1..=300).rev().collect();
        let error = read(list, 100, true, |_| {}).unwrap_err();
        assert!(error.message.contains("another order"), "{error}");
    }

    #[test]
    fn a_place_that_is_no_longer_right_is_put_right() {
        let list: Vec<u64> = (500..=800).collect();
        for passed in [0, 5, 250, 290, 40_000] {
            let mut pages = Pages::from(Place {
                after_id: 600,
                passed,
            });
            let mut given = Vec::new();
            block_on(async {
                while let Some(new) = pages
                    .next(async |offset| Ok(page(&list, offset, 100, true)))
                    .await
                    .unwrap()
                {
                    given.extend(new.rows.iter().map(|row| row.id));
                }
            });
            assert_eq!(given, (601..=800).collect::<Vec<_>>(), "{passed}");
        }
    }

    proptest! {
        #[test]
        fn no_row_that_stays_is_lost_or_given_twice(
            length in 0_u64..900,
            deletions in prop::collection::vec(prop::option::of(0_usize..900), 0..12),
        ) {
            let mut deleted = BTreeSet::new();
            let mut deletions = deletions.into_iter();
            let given = read((1..=length).collect(), 100, true, |list| {
                if let Some(from) = deletions.next().flatten().filter(|from| *from < list.len()) {
                    let until = (from + 40).min(list.len());
                    deleted.extend(list.drain(from..until));
                }
            }).unwrap();
            let unique: BTreeSet<_> = given.iter().copied().collect();
            prop_assert_eq!(unique.len(), given.len());
            for id in (1..=length).filter(|id| !deleted.contains(id)) {
                prop_assert!(unique.contains(&id), "{} was lost", id);
            }
        }
    }
}
