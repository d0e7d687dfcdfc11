//! Executes a plan: resolves each field, applies the selections to what comes back, and turns
//! failures into errors and nulls as the GraphQL specification says.

use std::sync::Arc;

use apollo_compiler::ast::Type;

use super::access::required_access;
use super::context::Context;
use super::data::Data;
use super::error::{Error, Step};
use super::object::{Object, Resolved};
use super::plan::{Plan, PlannedField, Selection};
use super::resolve::resolve;

/// A value that had to be there is not: the object around it becomes null.
struct Missing;

/// Executes operations in a context.
pub(crate) struct Executor<'a> {
    context: &'a Context,
    path: Vec<Step>,
    errors: Vec<Error>,
    /// In exports: connections met on the way, which are written as lines of their own.
    connections: Option<Vec<(&'a PlannedField, Object)>>,
}

impl<'a> Executor<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self {
            context,
            path: Vec::new(),
            errors: Vec::new(),
            connections: None,
        }
    }

    /// The data of a whole operation, and the errors on the way.
    pub(crate) fn run(mut self, plan: &'a Plan) -> (Data, Vec<Error>) {
        let root = if plan.mutation {
            Object::Mutation
        } else {
            Object::Query
        };
        let data = self.select(&root, &plan.root).unwrap_or(Data::Null);
        (data, self.errors)
    }

    /// An object without the connections selected on it, and these connections.
    pub(crate) fn flat(
        context: &'a Context,
        object: &Object,
        selection: &'a Selection,
    ) -> (Data, Vec<(&'a PlannedField, Object)>) {
        let mut executor = Self::new(context);
        executor.connections = Some(Vec::new());
        let data = executor.select(object, selection).unwrap_or(Data::Null);
        (data, executor.connections.unwrap_or_default())
    }

    fn select(&mut self, object: &Object, selection: &'a Selection) -> Result<Data, Missing> {
        let fields = selection.on(object.type_name());
        let mut answered = Vec::with_capacity(fields.len());
        for field in fields {
            if let (Some(connections), true) = (&mut self.connections, field.is_connection()) {
                connections.push((field, object.clone()));
                continue;
            }
            self.path.push(Step::Key(Arc::clone(&field.key)));
            let data = self.field(object, field);
            self.path.pop();
            answered.push((Arc::clone(&field.key), data?));
        }
        Ok(Data::Object(answered))
    }

    fn field(&mut self, object: &Object, field: &'a PlannedField) -> Result<Data, Missing> {
        let denied = required_access(field, object)
            .filter(|access| !access.granted_to(&self.context.grant.scopes))
            .map(|access| Error::access_denied(&field.name, access.described));
        let resolution = match denied {
            Some(error) => Err(error),
            None => resolve(self.context, object, field),
        };
        match resolution {
            Ok(resolved) => self.complete(&field.ty, resolved, field),
            Err(error) => {
                let error = if error.path.is_empty() {
                    error.path(self.path.clone())
                } else {
                    error
                };
                self.errors.push(error.at(field.location));
                absent(&field.ty)
            }
        }
    }

    fn complete(
        &mut self,
        ty: &Type,
        resolved: Resolved,
        field: &'a PlannedField,
    ) -> Result<Data, Missing> {
        let completed = match resolved {
            Resolved::Null => Data::Null,
            Resolved::Leaf(value) => Data::Leaf(value),
            Resolved::Object(object) => match self.select(&object, &field.selection) {
                Ok(data) => data,
                Err(Missing) => Data::Null,
            },
            Resolved::List(items) => match self.complete_items(ty.item_type(), items, field) {
                Ok(items) => Data::List(items),
                Err(Missing) => Data::Null,
            },
        };
        match completed {
            Data::Null => absent(ty),
            completed => Ok(completed),
        }
    }

    fn complete_items(
        &mut self,
        ty: &Type,
        items: Vec<Resolved>,
        field: &'a PlannedField,
    ) -> Result<Vec<Data>, Missing> {
        let mut completed = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            self.path.push(Step::Index(index));
            let item = self.complete(ty, item, field);
            self.path.pop();
            completed.push(item?);
        }
        Ok(completed)
    }
}

fn absent(ty: &Type) -> Result<Data, Missing> {
    if ty.is_non_null() {
        Err(Missing)
    } else {
        Ok(Data::Null)
    }
}
