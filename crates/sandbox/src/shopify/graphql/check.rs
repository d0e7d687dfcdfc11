//! Finds what is wrong with a query and says so in Shopify's words.
//!
//! Shopify's messages for the mistakes that people make are given here; for the rest the parser's
//! own stand in.

use apollo_compiler::ast;
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Node, Schema};

use super::error::{Error, Location, Step};
use super::plan::location;

/// Parses and validates a query.
pub(crate) fn check(
    schema: &Valid<Schema>,
    query: &str,
) -> Result<Valid<ExecutableDocument>, Vec<Error>> {
    let parsed = Parser::new()
        .recursion_limit(200)
        .parse_ast(query, "query")
        .map_err(|errors| syntax_errors(query, &errors.errors))?;
    let mut checker = Checker {
        schema,
        document: &parsed,
        path: Vec::new(),
        errors: Vec::new(),
    };
    checker.run();
    if !checker.errors.is_empty() {
        return Err(checker.errors);
    }
    parsed.to_executable_validate(schema).map_err(|errors| {
        let described = errors.errors.iter().map(|error| {
            let place = error.line_column_range().map(|range| Location {
                line: range.start.line,
                column: range.start.column,
            });
            let name = error.error.unstable_error_name().unwrap_or("invalid");
            let message = error.error.unstable_compat_message();
            Error::new(message.unwrap_or_else(|| error.error.to_string()))
                .at(place)
                .code(&lower_first(name))
        });
        described.collect()
    })
}

fn syntax_errors(query: &str, errors: &DiagnosticList) -> Vec<Error> {
    if query.trim().is_empty() {
        return vec![Error::new("syntax error, unexpected end of file")];
    }
    let place = errors
        .iter()
        .next()
        .and_then(|error| error.line_column_range());
    let location = place.map(|range| Location {
        line: range.start.line,
        column: range.start.column,
    });
    let what = errors
        .iter()
        .next()
        .map(|error| error.error.to_string())
        .unwrap_or_default();
    let message = what.strip_prefix("syntax error: ").unwrap_or(&what);
    vec![Error::new(format!("syntax error, {message}")).at(location)]
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

struct Checker<'a> {
    schema: &'a Valid<Schema>,
    document: &'a ast::Document,
    path: Vec<Step>,
    errors: Vec<Error>,
}

impl Checker<'_> {
    fn run(&mut self) {
        for definition in &self.document.definitions {
            let (label, ty, selections) = match definition {
                ast::Definition::OperationDefinition(operation) => {
                    let kind = operation.operation_type;
                    let Some(root) = self.schema.root_operation(kind) else {
                        continue;
                    };
                    let label = match &operation.name {
                        Some(name) => format!("{} {name}", kind.name()),
                        None => kind.name().to_owned(),
                    };
                    (label, root.to_string(), &operation.selection_set)
                }
                ast::Definition::FragmentDefinition(fragment) => {
                    let label = format!("fragment {}", fragment.name);
                    (
                        label,
                        fragment.type_condition.to_string(),
                        &fragment.selection_set,
                    )
                }
                _ => continue,
            };
            self.path = vec![Step::Key(label.into())];
            self.selections(selections, &ty);
        }
    }

    fn selections(&mut self, selections: &[ast::Selection], ty: &str) {
        for selection in selections {
            match selection {
                ast::Selection::Field(field) => self.field(field, ty),
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment
                        .type_condition
                        .as_ref()
                        .map_or(ty, |name| name.as_str());
                    self.path.push(Step::Key(format!("... on {on}").into()));
                    self.selections(&fragment.selection_set, on);
                    self.path.pop();
                }
                ast::Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Node<ast::Field>, ty: &str) {
        let key = field.alias.as_ref().unwrap_or(&field.name);
        self.path.push(Step::Key(key.as_str().into()));
        if !self.schema.types.contains_key(ty) || field.name.starts_with("__") {
            // An unknown type is the validator's to report; meta fields are its to check.
        } else if let Ok(definition) = self.schema.type_field(ty, &field.name) {
            self.known_field(field, ty, &definition.node.clone());
        } else {
            let message = format!("Field '{}' doesn't exist on type '{ty}'", field.name);
            let error = Error::new(message)
                .code("undefinedField")
                .extension("typeName", ty)
                .extension("fieldName", field.name.as_str());
            self.report(error, field);
        }
        self.path.pop();
    }

    fn known_field(&mut self, field: &Node<ast::Field>, ty: &str, definition: &FieldDefinition) {
        for argument in &field.arguments {
            if definition.argument_by_name(&argument.name).is_none() {
                let message = format!(
                    "Field '{}' doesn't accept argument '{}'",
                    field.name, argument.name
                );
                let error = Error::new(message)
                    .code("argumentNotAccepted")
                    .extension("name", field.name.as_str())
                    .extension("typeName", "Field")
                    .extension("argumentName", argument.name.as_str());
                self.report(error, field);
            }
        }
        let missing: Vec<&str> = definition
            .arguments
            .iter()
            .filter(|argument| argument.is_required())
            .map(|argument| argument.name.as_str())
            .filter(|name| !field.arguments.iter().any(|given| given.name == *name))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "Field '{}' is missing required arguments: {}",
                field.name,
                missing.join(", ")
            );
            let error = Error::new(message)
                .code("missingRequiredArguments")
                .extension("className", "Field")
                .extension("name", field.name.as_str())
                .extension("arguments", missing.join(", "));
            self.report(error, field);
        }
        let inner = definition.ty.inner_named_type();
        let composite = matches!(
            self.schema.types.get(inner),
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
        if composite && field.selection_set.is_empty() {
            let message = format!(
                "Field must have selections (field '{}' returns {inner} but has no selections. \
                 Did you mean '{} {{ ... }}'?)",
                field.name, field.name
            );
            self.report(selection_mismatch(message, field, ty), field);
        } else if !composite && !field.selection_set.is_empty() {
            let message = format!(
                "Selections can't be made on scalars (field '{}' returns {inner} but has \
                 selections)",
                field.name
            );
            self.report(selection_mismatch(message, field, ty), field);
        } else {
            self.selections(&field.selection_set, inner);
        }
    }

    fn report(&mut self, error: Error, field: &Node<ast::Field>) {
        let location = location(field, &self.document.sources);
        self.errors.push(error.at(location).path(self.path.clone()));
    }
}

fn selection_mismatch(message: String, field: &ast::Field, ty: &str) -> Error {
    Error::new(message)
        .code("selectionMismatch")
        .extension("nodeName", format!("field '{}'", field.name))
        .extension("typeName", ty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shopify::graphql::schema::schema;

    fn first_error(query: &str) -> serde_json::Value {
        serde_json::to_value(&check(schema(), query).unwrap_err()[0]).unwrap()
    }

    #[test]
    fn an_unknown_field_is_named_with_its_type() {
        assert_eq!(
            first_error("query Q { shop { nmae } }"),
            json!({
                "message": "Field 'nmae' doesn't exist on type 'Shop'",
                "locations": [{ "line": 1, "column": 18 }],
                "path": ["query Q", "shop", "nmae"],
                "extensions": { "code": "undefinedField", "typeName": "Shop", "fieldName": "nmae" },
            })
        );
    }

    #[test]
    fn arguments_are_checked() {
        let unknown = first_error("{ products(first: 1, limit: 2) { nodes { id } } }");
        assert_eq!(
            unknown["message"],
            "Field 'products' doesn't accept argument 'limit'"
        );
        let missing = first_error("{ product { id } }");
        assert_eq!(missing["extensions"]["code"], "missingRequiredArguments");
    }

    #[test]
    fn selections_have_to_fit_the_type() {
        let none = first_error("{ shop }");
        assert!(
            none["message"]
                .as_str()
                .unwrap()
                .starts_with("Field must have selections")
        );
        let some = first_error("{ shop { name { first } } }");
        assert!(
            some["message"]
                .as_str()
                .unwrap()
                .starts_with("Selections can't be made on scalars")
        );
    }

    #[test]
    fn other_mistakes_are_found_too() {
        assert_eq!(
            first_error("")["message"],
            "syntax error, unexpected end of file"
        );
        assert!(
            first_error("{ shop { name }")["message"]
                .as_str()
                .unwrap()
                .starts_with("syntax error")
        );
        assert_eq!(
            first_error("query($id: ID!) { shop { name } }")["extensions"]["code"],
            "unusedVariable"
        );
    }
}
