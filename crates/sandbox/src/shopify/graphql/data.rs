//! The data of an answer, its fields in the order they were asked for.

use std::sync::Arc;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A completed value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Leaf(Value),
    List(Vec<Data>),
    Object(Vec<(Arc<str>, Data)>),
}

impl Data {
    /// The field answered under that key.
    pub(crate) fn field(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields
                .iter()
                .find(|(name, _)| **name == *key)
                .map(|(_, data)| data),
            _ => None,
        }
    }

    /// The items of a list; nothing for everything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Leaf(value) => value.serialize(serializer),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, data) in fields {
                    map.serialize_entry(&**key, data)?;
                }
                map.end()
            }
        }
    }
}
