//! A checked query, made ready for execution: fragments are spread, `@skip` and `@include`
//! decided, arguments coerced. Executing it over a million records then costs no more than that.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ast::{Type, Value as Literal};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Operation, OperationType, Selection as Selected};
use apollo_compiler::parser::SourceMap;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::{Map, Value};

use super::error::Location;

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mutation: bool,
    pub(crate) root: Selection,
}

/// The fields to answer, for each concrete type that the object can have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) by_type: Vec<(String, Vec<PlannedField>)>,
}

/// A field with everything decided that does not depend on data.
#[derive(Clone, Debug)]
pub(crate) struct PlannedField {
    /// Under which name it is answered.
    pub(crate) key: Arc<str>,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) selection: Selection,
    pub(crate) location: Option<Location>,
}

impl Selection {
    /// The fields to answer of an object of that type.
    pub(crate) fn on(&self, type_name: &str) -> &[PlannedField] {
        self.by_type
            .iter()
            .find(|(name, _)| name == type_name)
            .map(|(_, fields)| fields.as_slice())
            .unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_type.is_empty()
    }

    /// The fields of the only type an object here can have.
    pub(crate) fn fields(&self) -> &[PlannedField] {
        self.by_type
            .first()
            .map(|(_, fields)| fields.as_slice())
            .unwrap_or_default()
    }
}

impl PlannedField {
    /// Name of the type without lists and exclamation marks.
    pub(crate) fn type_name(&self) -> &str {
        self.ty.inner_named_type().as_str()
    }

    pub(crate) fn is_connection(&self) -> bool {
        !self.selection.is_empty() && self.type_name().ends_with("Connection")
    }

    pub(crate) fn text(&self, argument: &str) -> Option<&str> {
        self.arguments.get(argument)?.as_str()
    }

    pub(crate) fn number(&self, argument: &str) -> Option<i64> {
        self.arguments.get(argument)?.as_i64()
    }

    pub(crate) fn flag(&self, argument: &str) -> bool {
        self.arguments
            .get(argument)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }
}

/// Makes an operation of a valid document ready, with coerced variables.
pub(crate) fn plan(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
) -> Plan {
    let planner = Planner {
        schema,
        document,
        variables,
    };
    let root = operation.object_type().as_str();
    Plan {
        mutation: operation.operation_type == OperationType::Mutation,
        root: planner.select(&[&operation.selection_set.selections], root),
    }
}

struct Planner<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
}

type Grouped<'a> = IndexMap<&'a str, Vec<&'a Node<Field>>>;

impl<'a> Planner<'a> {
    /// Selections on a declared type, worked out for each concrete type.
    fn select(&self, selections: &[&'a [Selected]], declared: &str) -> Selection {
        let concrete: Vec<String> = match self.schema.types.get(declared) {
            Some(ExtendedType::Object(_)) => vec![declared.to_owned()],
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => self.members(declared),
            _ => return Selection::default(),
        };
        let by_type = concrete.into_iter().map(|name| {
            let mut grouped = Grouped::default();
            for selections in selections {
                self.collect(selections, &name, &mut grouped, &mut HashSet::new());
            }
            let fields = grouped
                .into_values()
                .map(|fields| self.field(&fields, &name))
                .collect();
            (name, fields)
        });
        Selection {
            by_type: by_type.collect(),
        }
    }

    fn members(&self, of: &str) -> Vec<String> {
        let mut members: Vec<String> = self
            .schema
            .types
            .iter()
            .filter(|(name, ty)| ty.is_object() && self.schema.is_subtype(of, name))
            .map(|(name, _)| name.to_string())
            .collect();
        members.sort();
        members
    }

    fn collect(
        &self,
        selections: &'a [Selected],
        on: &str,
        grouped: &mut Grouped<'a>,
        spread: &mut HashSet<&'a str>,
    ) {
        for selection in selections {
            if self.is_left_out(selection) {
                continue;
            }
            match selection {
                Selected::Field(field) => {
                    grouped
                        .entry(field.response_key().as_str())
                        .or_default()
                        .push(field);
                }
                Selected::InlineFragment(fragment) => {
                    if fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|ty| self.applies(ty, on))
                    {
                        self.collect(&fragment.selection_set.selections, on, grouped, spread);
                    }
                }
                Selected::FragmentSpread(fragment) => {
                    let Some(definition) = fragment.fragment_def(self.document) else {
                        continue;
                    };
                    if spread.insert(fragment.fragment_name.as_str())
                        && self.applies(definition.type_condition(), on)
                    {
                        let selections = &definition.selection_set.selections;
                        self.collect(selections, on, grouped, spread);
                    }
                }
            }
        }
    }

    fn applies(&self, condition: &str, on: &str) -> bool {
        condition == on || self.schema.is_subtype(condition, on)
    }

    fn is_left_out(&self, selection: &Selected) -> bool {
        let condition = |directive: &str| {
            let argument = selection
                .directives()
                .get(directive)?
                .specified_argument_by_name("if")?;
            self.value(argument)?.as_bool()
        };
        condition("skip") == Some(true) || condition("include") == Some(false)
    }

    /// One field of the answer from all the places where it was asked for.
    fn field(&self, fields: &[&'a Node<Field>], on: &str) -> PlannedField {
        let first = fields[0];
        let definition = match self.schema.type_field(on, &first.name) {
            Ok(definition) => definition.node.clone(),
            Err(_) => first.definition.clone(),
        };
        let mut arguments = Map::new();
        for argument in &definition.arguments {
            let given = first.specified_argument_by_name(&argument.name);
            let given = given.and_then(|literal| self.value(literal));
            let default = || {
                argument
                    .default_value
                    .as_ref()
                    .and_then(|value| self.value(value))
            };
            if let Some(value) = given.or_else(default) {
                arguments.insert(argument.name.to_string(), in_list(value, &argument.ty));
            }
        }
        let selections: Vec<&[Selected]> = fields
            .iter()
            .map(|field| field.selection_set.selections.as_slice())
            .collect();
        let selected = selections.iter().any(|selections| !selections.is_empty());
        let type_name = definition.ty.inner_named_type();
        PlannedField {
            key: Arc::from(first.response_key().as_str()),
            name: first.name.to_string(),
            selection: match selected {
                true => self.select(&selections, type_name),
                false => Selection::default(),
            },
            ty: definition.ty.clone(),
            arguments,
            location: location(first, &self.document.sources),
        }
    }

    /// The JSON of a literal; `None` for a variable that was not given.
    fn value(&self, literal: &Literal) -> Option<Value> {
        Some(match literal {
            Literal::Null => Value::Null,
            Literal::Enum(name) => Value::from(name.as_str()),
            Literal::Variable(name) => plain(self.variables.get(name.as_str())?),
            Literal::String(text) => Value::from(text.as_str()),
            Literal::Boolean(flag) => Value::from(*flag),
            Literal::Int(number) => number
                .as_str()
                .parse::<i64>()
                .map_or_else(|_| number.as_str().into(), Value::from),
            Literal::Float(number) => number
                .as_str()
                .parse::<f64>()
                .map_or(Value::Null, Value::from),
            Literal::List(items) => items
                .iter()
                .map(|item| self.value(item).unwrap_or(Value::Null))
                .collect(),
            Literal::Object(fields) => fields
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), self.value(value)?)))
                .collect::<Map<_, _>>()
                .into(),
        })
    }
}

/// A single value given where a list is expected counts as a list of one.
fn in_list(value: Value, ty: &Type) -> Value {
    match ty {
        Type::List(_) | Type::NonNullList(_) if !value.is_array() && !value.is_null() => {
            Value::Array(vec![value])
        }
        _ => value,
    }
}

fn plain(value: &apollo_compiler::response::JsonValue) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Where a node of a parsed document stands in its text.
pub(crate) fn location<T>(node: &Node<T>, sources: &SourceMap) -> Option<Location> {
    let start = node.line_column_range(sources)?.start;
    Some(Location {
        line: start.line,
        column: start.column,
    })
}
