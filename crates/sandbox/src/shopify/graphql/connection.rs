//! Pages of connections: cursors, `first` and `last`, `edges`, `nodes` and `pageInfo`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::Context;
use super::error::Error;
use super::object::{Object, Resolved, record};
use super::plan::PlannedField;

/// The most items that a page can have.
const LARGEST_PAGE: i64 = 250;

/// A position in a list, opaque to clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) last_id: u64,
    pub(crate) last_value: Value,
}

impl Cursor {
    pub(crate) fn of(id: u64) -> Self {
        Self {
            last_id: id,
            last_value: Value::from(id.to_string()),
        }
    }

    fn write(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(text: &str) -> Result<Self, Error> {
        let decoded = STANDARD.decode(text).ok();
        decoded
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| Error::bad_request("Invalid cursor for current pagination sort."))
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    pub(crate) size: usize,
    /// From the end of the list (`last`) rather than from its beginning (`first`).
    pub(crate) from_end: bool,
    pub(crate) after: Option<Cursor>,
    pub(crate) before: Option<Cursor>,
    /// The list in the opposite order.
    pub(crate) reverse: bool,
}

impl PageRequest {
    pub(crate) fn read(context: &Context, field: &PlannedField) -> Result<Self, Error> {
        let cursor = |name| field.text(name).map(Cursor::read).transpose();
        let (after, before) = (cursor("after")?, cursor("before")?);
        let reverse = field.flag("reverse");
        if context.unpaged {
            return Ok(Self {
                size: usize::MAX - 1,
                from_end: false,
                after,
                before,
                reverse,
            });
        }
        let (name, size) = match (field.number("first"), field.number("last")) {
            (None, None) => {
                return Err(Error::bad_request("you must provide one of first or last"));
            }
            (Some(_), Some(_)) => {
                return Err(Error::bad_request(
                    "providing both first and last is not supported",
                ));
            }
            (Some(first), None) => ("first", first),
            (None, Some(last)) => ("last", last),
        };
        if !(0..=LARGEST_PAGE).contains(&size) {
            return Err(Error::bad_request(format!(
                "Argument '{name}' on Field '{}' has an invalid value ({size}). \
                 It has to be from 0 to {LARGEST_PAGE}.",
                field.name
            )));
        }
        Ok(Self {
            size: size as usize,
            from_end: name == "last",
            after,
            before,
            reverse,
        })
    }

    /// Whether the underlying order is walked from its end.
    pub(crate) fn backwards(&self) -> bool {
        self.reverse != self.from_end
    }

    /// The cursor that everything asked for comes after in the underlying order.
    pub(crate) fn lower(&self) -> Option<&Cursor> {
        if self.reverse {
            self.before.as_ref()
        } else {
            self.after.as_ref()
        }
    }

    /// The cursor that everything asked for comes before in the underlying order.
    pub(crate) fn upper(&self) -> Option<&Cursor> {
        if self.reverse {
            self.after.as_ref()
        } else {
            self.before.as_ref()
        }
    }

    /// Cuts the page from what was found walking the order as [`Self::backwards`] says.
    pub(crate) fn cut(&self, found: impl Iterator<Item = (Cursor, Object)>) -> Page {
        let mut items: Vec<_> = found.take(self.size + 1).collect();
        let more = items.len() > self.size;
        items.truncate(self.size);
        if self.from_end {
            items.reverse();
        }
        Page {
            items,
            has_next: if self.from_end {
                self.before.is_some()
            } else {
                more
            },
            has_previous: if self.from_end {
                more
            } else {
                self.after.is_some()
            },
        }
    }

    /// Cuts the page from a short list in the underlying order.
    pub(crate) fn cut_list(&self, list: Vec<(u64, Object)>) -> Page {
        let place = |cursor: &Cursor| list.iter().position(|(id, _)| *id == cursor.last_id);
        // What a cursor stood for may be gone; then the list goes on with the next id.
        let next = |cursor: &Cursor| list.iter().position(|(id, _)| *id > cursor.last_id);
        let start = self.lower().map_or(0, |cursor| match place(cursor) {
            Some(place) => place + 1,
            None => next(cursor).unwrap_or(list.len()),
        });
        let upper = self
            .upper()
            .and_then(|cursor| place(cursor).or_else(|| next(cursor)));
        let end = upper.unwrap_or(list.len()).max(start);
        let within = list.into_iter().skip(start).take(end - start);
        let found = within.map(|(id, object)| (Cursor::of(id), object));
        if self.backwards() {
            let backwards: Vec<_> = found.collect();
            self.cut(backwards.into_iter().rev())
        } else {
            self.cut(found)
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<(Cursor, Object)>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
}

/// A page as an object of the schema; its parts are made when they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) ty: &'static str,
    edge: &'static str,
    page: Page,
}

impl Page {
    /// The page as an object of the connection type with edges of the edge type.
    pub(crate) fn connection(self, ty: &'static str, edge: &'static str) -> Resolved {
        let page = self;
        Object::Connection(Arc::new(Connection { ty, edge, page })).resolved()
    }
}

impl Connection {
    /// The value of a field of the connection.
    pub(crate) fn field(&self, name: &str) -> Resolved {
        match name {
            "edges" => Resolved::objects(self.page.items.iter().map(|(cursor, object)| {
                let fields = vec![
                    ("cursor", Resolved::leaf(cursor.write())),
                    ("node", object.clone().resolved()),
                ];
                record(self.edge, fields)
            })),
            "nodes" => Resolved::objects(self.nodes()),
            "pageInfo" => self.page_info().resolved(),
            _ => Resolved::Null,
        }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = Object> + '_ {
        self.page.items.iter().map(|(_, object)| object.clone())
    }

    fn page_info(&self) -> Object {
        let Page {
            items,
            has_next,
            has_previous,
        } = &self.page;
        let cursor = |item: Option<&(Cursor, Object)>| {
            item.map_or(Resolved::Null, |(cursor, _)| Resolved::leaf(cursor.write()))
        };
        record(
            "PageInfo",
            vec![
                ("startCursor", cursor(items.first())),
                ("endCursor", cursor(items.last())),
                ("hasNextPage", Resolved::leaf(*has_next)),
                ("hasPreviousPage", Resolved::leaf(*has_previous)),
            ],
        )
    }
}

/// A number of things, at most `limit`.
pub(crate) fn count(field: &PlannedField, all: usize) -> Resolved {
    let limit = field
        .number("limit")
        .and_then(|limit| usize::try_from(limit).ok());
    let (count, precision) = match limit {
        Some(limit) if all > limit => (limit, "AT_LEAST"),
        _ => (all, "EXACT"),
    };
    let fields = vec![
        ("count", Resolved::leaf(count)),
        ("precision", Resolved::leaf(precision)),
    ];
    record("Count", fields).resolved()
}
