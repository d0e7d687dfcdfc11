//! The lines of a bulk operation's file, made batch by batch, as often as they are wanted.
//!
//! A batch is what comes of a fixed number of products, so that any part of the file can be made
//! again, byte for byte, without the parts before it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::check::node_selection;
use crate::catalogue::Catalogue;
use crate::shopify::access::Grant;
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::data::Data;
use crate::shopify::graphql::execute::Executor;
use crate::shopify::graphql::object::{Object, Resolved};
use crate::shopify::graphql::plan::{Plan, PlannedField, Selection};
use crate::shopify::graphql::resolve::{product_matches, resolve, variant_matches};
use crate::shopify::graphql::search::Search;
use crate::shopify::shop::Shop;

/// Products of a batch. Their lines come first, then those of what belongs to them, as Shopify
/// does not promise children directly behind their parents either.
const PRODUCTS_A_BATCH: u32 = 32;

/// A query over the catalogue of one moment.
pub(super) struct Export {
    plan: Plan,
    catalogue: Arc<Catalogue>,
    products: u32,
    grant: Grant,
    now: DateTime<Utc>,
    base_url: String,
    version: String,
    grouped: bool,
    /// The name of the field that says what a line belongs to.
    parent_key: Arc<str>,
}

/// A part of the file.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) lines: u64,
    /// How many lines are of the outermost connection.
    pub(super) roots: u64,
}

/// An object to be written, with what is selected on it and the id of what it belongs to.
type Pending<'a> = (Object, &'a Selection, Option<Value>);

impl Export {
    pub(super) fn new(context: &Context, plan: Plan, grouped: bool) -> Self {
        Self {
            plan,
            products: context
                .catalogue
                .keys_from(0)
                .next_back()
                .map_or(0, |last| last + 1),
            catalogue: Arc::clone(&context.catalogue),
            grant: context.grant.clone(),
            now: context.now,
            base_url: context.base_url.clone(),
            version: context.version.clone(),
            grouped,
            parent_key: Arc::from("__parentId"),
        }
    }

    /// The circumstances to make batches in.
    pub(super) fn context(&self, shop: &Arc<Shop>) -> Context {
        Context {
            shop: Arc::clone(shop),
            catalogue: Arc::clone(&self.catalogue),
            grant: self.grant.clone(),
            now: self.now,
            base_url: self.base_url.clone(),
            version: self.version.clone(),
            unpaged: true,
            search_warnings: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn batches(&self) -> u32 {
        match self.root().map(|root| root.name.as_str()) {
            Some("products" | "productVariants") => self.products.div_ceil(PRODUCTS_A_BATCH),
            _ => 1,
        }
    }

    /// The batch of that number, from 0.
    pub(super) fn batch(&self, context: &Context, number: u32) -> Batch {
        let mut batch = Batch::default();
        let Some(root) = self.root() else {
            return batch;
        };
        let roots = self.roots(context, root, number);
        batch.roots = roots.len() as u64;
        if self.grouped {
            for pending in roots {
                self.write(context, vec![pending], &mut batch);
            }
        } else {
            self.write(context, roots, &mut batch);
        }
        batch
    }

    fn root(&self) -> Option<&PlannedField> {
        self.plan.root.fields().first()
    }

    fn roots<'a>(
        &'a self,
        context: &Context,
        root: &'a PlannedField,
        number: u32,
    ) -> Vec<Pending<'a>> {
        let Some(selection) = node_selection(root) else {
            return match resolve(context, &Object::Query, root) {
                Ok(Resolved::Object(object)) => vec![(object, &root.selection, None)],
                _ => Vec::new(),
            };
        };
        let first = number * PRODUCTS_A_BATCH;
        let search = Search::parse(root.text("query"));
        let products = || {
            let keys = first..(first + PRODUCTS_A_BATCH).min(self.products);
            keys.filter_map(|key| self.catalogue.product(key))
        };
        match root.name.as_str() {
            "products" => products()
                .filter(|product| product_matches(&search, product))
                .map(|product| (Object::Product(product), selection, None))
                .collect(),
            "productVariants" => products()
                .flat_map(|product| {
                    (0..product.variants.len()).map(move |place| (Arc::clone(&product), place))
                })
                .filter(|(product, place)| variant_matches(&search, product, *place))
                .map(|(product, place)| (Object::Variant(product, place), selection, None))
                .collect(),
            _ => nodes(context, &Object::Query, root)
                .into_iter()
                .map(|object| (object, selection, None))
                .collect(),
        }
    }

    /// Writes objects, and then what belongs to them.
    fn write<'a>(&'a self, context: &'a Context, objects: Vec<Pending<'a>>, batch: &mut Batch) {
        let mut belonging = Vec::new();
        for (object, selection, parent) in objects {
            let (mut line, connections) = Executor::flat(context, &object, selection);
            let id = match line.field("id") {
                Some(Data::Leaf(id)) => Some(id.clone()),
                _ => None,
            };
            if let (Data::Object(fields), Some(parent)) = (&mut line, parent) {
                fields.push((Arc::clone(&self.parent_key), Data::Leaf(parent)));
            }
            if serde_json::to_writer(&mut batch.bytes, &line).is_ok() {
                batch.bytes.push(b'\n');
                batch.lines += 1;
            }
            let mut children = Vec::new();
            for (connection, of) in connections {
                let Some(selection) = node_selection(connection) else {
                    continue;
                };
                let nodes = nodes(context, &of, connection).into_iter();
                children.extend(nodes.map(|node| (node, selection, id.clone())));
            }
            if self.grouped {
                self.write(context, children, batch);
            } else {
                belonging.append(&mut children);
            }
        }
        if !belonging.is_empty() {
            self.write(context, belonging, batch);
        }
    }
}

/// All nodes of a connection of an object.
fn nodes(context: &Context, of: &Object, connection: &PlannedField) -> Vec<Object> {
    match resolve(context, of, connection) {
        Ok(Resolved::Object(Object::Connection(connection))) => connection.nodes().collect(),
        _ => Vec::new(),
    }
}
