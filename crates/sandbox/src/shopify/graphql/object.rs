//! What a query walks over: records of the catalogue, and small objects made on the way.

use std::sync::Arc;

use serde_json::Value;

use super::connection::Connection;
use super::error::Error;
use crate::generator::{Product, Variant};
use crate::shopify::orders::Order;

/// An object of the schema.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Query,
    Mutation,
    Product(Arc<Product>),
    /// A variant, by its place in its product.
    Variant(Arc<Product>, usize),
    /// The inventory item of a variant.
    InventoryItem(Arc<Product>, usize),
    Order(Arc<Order>),
    /// A refund, by its place in its order.
    Refund(Arc<Order>, usize),
    Connection(Arc<Connection>),
    /// Anything whose fields are all at hand.
    Record(Arc<Record>),
}

/// An object with its fields.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) ty: &'static str,
    pub(crate) fields: Vec<(&'static str, Resolved)>,
}

/// The value of a field before the query's selections are applied to it.
#[derive(Clone, Debug)]
pub(crate) enum Resolved {
    Null,
    Leaf(Value),
    Object(Object),
    List(Vec<Resolved>),
}

/// A value, or why there is none.
pub(crate) type Resolution = Result<Resolved, Error>;

impl Object {
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Query => "QueryRoot",
            Self::Mutation => "Mutation",
            Self::Product(_) => "Product",
            Self::Variant(..) => "ProductVariant",
            Self::InventoryItem(..) => "InventoryItem",
            Self::Order(_) => "Order",
            Self::Refund(..) => "Refund",
            Self::Connection(connection) => connection.ty,
            Self::Record(record) => record.ty,
        }
    }

    /// The object, wherever a field's value is wanted.
    pub(crate) fn resolved(self) -> Resolved {
        Resolved::Object(self)
    }
}

impl Record {
    pub(crate) fn field(&self, name: &str) -> Resolved {
        self.fields
            .iter()
            .find(|(field, _)| *field == name)
            .map_or(Resolved::Null, |(_, value)| value.clone())
    }
}

impl Resolved {
    pub(crate) fn leaf(value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => Self::Null,
            value => Self::Leaf(value),
        }
    }

    pub(crate) fn leaves<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Self {
        Self::List(values.into_iter().map(Self::leaf).collect())
    }

    pub(crate) fn objects(objects: impl IntoIterator<Item = Object>) -> Self {
        Self::List(objects.into_iter().map(Self::Object).collect())
    }

    /// The object, or null.
    pub(crate) fn maybe(object: Option<Object>) -> Self {
        object.map_or(Self::Null, Self::Object)
    }
}

/// An object of type `ty` with these fields.
pub(crate) fn record(ty: &'static str, fields: Vec<(&'static str, Resolved)>) -> Object {
    Object::Record(Arc::new(Record { ty, fields }))
}

/// The variant at a place that is known to exist.
pub(crate) fn variant_at(product: &Product, place: usize) -> &Variant {
    &product.variants[place]
}
