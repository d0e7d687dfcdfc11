//! Whether an answer has the form that a schema promises for a query.

use apollo_compiler::{
    Schema,
    ast::Type,
    executable::{Field, Selection, SelectionSet},
    schema::ExtendedType,
};
use chrono::DateTime;
use serde_json::{Map, Value};

/// Checks `data` against a selection: every field asked for, no other, each of
/// its type.
pub(crate) fn check(schema: &Schema, selection: &SelectionSet, data: &Value) {
    object(schema, selection, data, "data", &[]);
}

/// As [`check`] for a record of an export: connections stand elsewhere, and a
/// child names its parent.
pub(crate) fn check_line(schema: &Schema, selection: &SelectionSet, line: &Value, is_child: bool) {
    let extra: &[&str] = if is_child { &["__parentId"] } else { &[] };
    let mut flat = selection.clone();
    flat.selections.retain(|selection| {
        !matches!(selection, Selection::Field(field)
            if field.ty().inner_named_type().ends_with("Connection"))
    });
    object(schema, &flat, line, "line", extra);
    for name in extra {
        assert!(line[name].is_string(), "{name} of {line}");
    }
}

fn object(schema: &Schema, selection: &SelectionSet, data: &Value, path: &str, extra: &[&str]) {
    let given: &Map<String, Value> = data
        .as_object()
        .unwrap_or_else(|| panic!("{path} is no object: {data}"));
    let fields: Vec<&Field> = selection.selections.iter().flat_map(fields_of).collect();
    for field in &fields {
        let key = field.response_key();
        let path = format!("{path}.{key}");
        let value = given
            .get(key.as_str())
            .unwrap_or_else(|| panic!("{path} is missing"));
        typed(schema, field, field.ty(), value, &path);
    }
    for key in given.keys().filter(|key| !extra.contains(&key.as_str())) {
        assert!(
            fields
                .iter()
                .any(|field| field.response_key() == key.as_str()),
            "{path}.{key} was not asked for"
        );
    }
}

/// The fields of a selection; of a fragment, which everything here is of the
/// type of, its own.
fn fields_of(selection: &Selection) -> Vec<&Field> {
    match selection {
        Selection::Field(field) => vec![field],
        Selection::InlineFragment(fragment) => {
            let inner = fragment.selection_set.selections.iter();
            inner.flat_map(fields_of).collect()
        }
        Selection::FragmentSpread(_) => {
            panic!("the connector's documents name no fragments: {selection:?}")
        }
    }
}

fn typed(schema: &Schema, field: &Field, ty: &Type, value: &Value, path: &str) {
    match ty {
        Type::NonNullNamed(_) | Type::NonNullList(_) => {
            assert!(!value.is_null(), "{path} must not be null");
        }
        Type::Named(_) | Type::List(_) if value.is_null() => return,
        _ => {}
    }
    match ty {
        Type::List(items) | Type::NonNullList(items) => {
            let values = value
                .as_array()
                .unwrap_or_else(|| panic!("{path} is no list: {value}"));
            for (place, value) in values.iter().enumerate() {
                typed(schema, field, items, value, &format!("{path}[{place}]"));
            }
        }
        Type::Named(name) | Type::NonNullNamed(name) => match &schema.types[name] {
            ExtendedType::Enum(of) => {
                let word = value
                    .as_str()
                    .unwrap_or_else(|| panic!("{path} is no word: {value}"));
                assert!(
                    of.values.contains_key(word),
                    "{path}: {word} is none of {name}'s"
                );
            }
            ExtendedType::Scalar(_) => scalar(name.as_str(), value, path),
            _ => object(schema, &field.selection_set, value, path, &[]),
        },
    }
}

fn scalar(name: &str, value: &Value, path: &str) {
    let text = || {
        value
            .as_str()
            .unwrap_or_else(|| panic!("{path} is no text: {value}"))
    };
    let fits = match name {
        "Boolean" => value.is_boolean(),
        "Int" => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        "Float" => value.is_number(),
        "UnsignedInt64" => text().parse::<u64>().is_ok(),
        "DateTime" => text().ends_with('Z') && DateTime::parse_from_rfc3339(text()).is_ok(),
        "URL" => text().parse::<url::Url>().is_ok(),
        "Money" | "Decimal" => text().parse::<f64>().is_ok_and(f64::is_finite),
        "ID" => text().starts_with("gid://shopify/"),
        _ => value.is_string(),
    };
    assert!(fits, "{path} is no {name}: {value}");
}
