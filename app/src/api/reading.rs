//! Reads the server's JSON in the browser.
//!
//! `serde_json` writes a parser out for each type that is read, with a message for
//! each way to fail. Here one parser makes a tree for all of them, and types are
//! read from that: this takes a good part off the download. Why something cannot
//! be read is told by nobody, as a person could do nothing with it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// Reads a value, or nothing where the text is not of its shape.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    let tree = parsed(json)?;
    T::deserialize(&tree).ok()
}

#[inline(never)]
fn parsed(json: &str) -> Option<Tree> {
    serde_json::from_str(json).ok()
}

/// What a text holds. Numbers are whole: amounts are in minor units.
enum Tree {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Growing)
    }
}

struct Growing;

impl<'de> Visitor<'de> for Growing {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::Null, Tree::Number))
    }

    /// No amount of ours: what wants a number there does not find one.
    fn visit_f64<E>(self, _value: f64) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Tree::Object(object))
    }
}

/// It is of another shape.
#[derive(Debug)]
struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unexpected JSON")
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }

    fn invalid_type(_found: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_found: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_length: usize, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_field: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_field: &'static str) -> Self {
        Self
    }
}

impl IntoDeserializer<'_, Unfit> for &Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            match self {
                Tree::Number(number) => visitor.visit_i64(*number),
                _ => Err(Unfit),
            }
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            match self {
                Tree::Text(text) => visitor.visit_str(text),
                _ => Err(Unfit),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &Tree {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Number(number) => visitor.visit_i64(*number),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Object(_) => self.deserialize_map(visitor),
        }
    }

    whole_numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    whole_numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    texts!(deserialize_str deserialize_string deserialize_identifier);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Tree::Bool(value) => visitor.visit_bool(*value),
            _ => Err(Unfit),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Tree::List(list) => visitor.visit_seq(SeqDeserializer::new(list.iter())),
            _ => Err(Unfit),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self {
            Tree::Object(object) => {
                let entries = object.iter().map(|(key, value)| (key.as_str(), value));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            _ => Err(Unfit),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_map(visitor)
    }

    /// Of words alone; none that is read here holds anything.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self {
            Tree::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Unfit),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        f32 f64 char bytes byte_buf unit unit_struct tuple_struct i128 u128
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use calibr_model::{
        Cursor, Page, Problem, ProblemKind,
        views::{PriceItemStatus, PriceItemView},
    };
    use serde::Serialize;

    use super::*;

    fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: T) {
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(read::<T>(&json), Some(value), "{json}");
    }

    #[test]
    fn what_the_server_writes_is_read() {
        let item = PriceItemView {
            ordinal: 3,
            line: Some(4),
            reference: "A \"1\" ü\u{1f642}".to_owned(),
            listing_id: Some("0192f0c0-0000-7000-8000-0000000003e9".parse().unwrap()),
            integration_id: None,
            integration_name: None,
            title: None,
            sku: None,
            old_price: Some(calibr_model::Money::new(-5, "EUR".parse().unwrap())),
            new_price: None,
            old_compare_at: None,
            new_compare_at: None,
            status: PriceItemStatus::Refused,
            code: None,
            message: None,
            trial: None,
        };
        there_and_back(Page {
            items: vec![item],
            next_cursor: Some(Cursor::from_text("6b".to_owned())),
        });
        there_and_back((vec![1_i64, -2, i64::MAX], true, Some(7_u16), None::<u32>));
        there_and_back(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        there_and_back(Problem::new(ProblemKind::Conflict, "No."));
    }

    #[test]
    fn unknown_fields_are_passed_over_and_another_shape_is_none() {
        let problem = r#"{"kind":"conflict","detail":"No.","new":{"a":[1,{"b":null}]}}"#;
        assert_eq!(
            read::<Problem>(problem),
            Some(Problem::new(ProblemKind::Conflict, "No."))
        );
        for other in [
            "",
            "{",
            "[]",
            "null",
            "<html>",
            r#"{"kind":"x","detail":""}"#,
        ] {
            assert_eq!(read::<Problem>(other), None, "{other}");
        }
        assert_eq!(read::<u8>("300"), None);
        assert_eq!(read::<i64>("18446744073709551615"), None);
    }
}
