//! Lists, some rows at a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{Operation, Permission};

/// A list of Vendure's.
pub(in crate::vendure) trait List: Send + Sync {
    /// The document; it takes the list's options as `$options`.
    const DOCUMENT: &'static str;
    /// What an account must be let do for it.
    const NEEDS: Permission = Permission::ReadCatalogue;
    /// `data` of an answer.
    type Data: DeserializeOwned + Send;

    /// Which rows are in it; `Null` for all.
    fn filter(&self) -> Value;

    /// The rows of an answer.
    fn rows(data: Self::Data) -> RowPage;
}

/// Asks for some rows of a list in the order of their ids.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct PageOf<'a, L> {
    pub(in crate::vendure) list: &'a L,
    /// How many rows to leave out first.
    pub(in crate::vendure) skip: u64,
    /// How many rows to give.
    pub(in crate::vendure) take: u32,
}

impl<L: List> Operation for PageOf<'_, L> {
    const DOCUMENT: &'static str = L::DOCUMENT;
    const NEEDS: Permission = L::NEEDS;
    type Data = L::Data;

    fn variables(&self) -> Value {
        let mut options = json!({
            "skip": self.skip,
            "take": self.take,
            "sort": { "id": "ASC" },
        });
        let filter = self.list.filter();
        if !filter.is_null() {
            options["filter"] = filter;
        }
        json!({ "options": options })
    }
}

/// Some rows of a list, and how many it has in all.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct RowPage {
    /// The rows, in the list's order.
    pub(in crate::vendure) items: Vec<Row>,
    /// The length of the whole list.
    pub(in crate::vendure) total_items: u64,
}

/// A row with its id, otherwise still as it came, so that one that cannot be
/// read spoils no other.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct Row {
    /// Vendure's id; the schema promises it.
    pub(in crate::vendure) id: String,
    /// Everything else.
    #[serde(flatten)]
    pub(in crate::vendure) fields: Map<String, Value>,
}

/// At or after a moment: Vendure's `after` leaves the moment itself out, and it
/// gives milliseconds.
pub(super) fn at_or_after(moment: DateTime<Utc>) -> Value {
    json!({ "after": moment - TimeDelta::milliseconds(1) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendure::operations::{Products, Variants};

    fn options(list: &impl List) -> Value {
        let page = PageOf {
            list,
            skip: 99,
            take: 100,
        };
        page.variables()["options"].take()
    }

    #[test]
    fn all_variants_are_asked_for_without_a_filter() {
        insta::assert_json_snapshot!(options(&Variants::All), @r#"
        {
          "skip": 99,
          "sort": {
            "id": "ASC"
          },
          "take": 100
        }
        "#);
    }

    #[test]
    fn changed_variants_are_asked_for_by_time() {
        let moment = DateTime::parse_from_rfc3339("2026-07-01T12:00:00.999+02:00").unwrap();
        let list = Variants::ChangedSince(moment.to_utc());
        insta::assert_json_snapshot!(options(&list)["filter"], @r#"
        {
          "updatedAt": {
            "after": "2026-07-01T10:00:00.998Z"
          }
        }
        "#);
    }

    #[test]
    fn variants_are_asked_for_by_their_products() {
        let list = Variants::OfProducts(vec!["7".to_owned()]);
        insta::assert_json_snapshot!(options(&list)["filter"], @r#"
        {
          "productId": {
            "in": [
              "7"
            ]
          }
        }
        "#);
    }

    #[test]
    fn rows_are_asked_for_by_their_ids() {
        let list = Products {
            ids: vec!["1".to_owned(), "7".to_owned()],
        };
        insta::assert_json_snapshot!(options(&list)["filter"], @r#"
        {
          "id": {
            "in": [
              "1",
              "7"
            ]
          }
        }
        "#);
    }
}
