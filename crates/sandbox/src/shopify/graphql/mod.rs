//! The GraphQL Admin API: from the text of a query to the text of the answer.

pub(crate) mod access;
pub(crate) mod check;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod cost;
pub(crate) mod data;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod execute;
mod mutate;
pub(crate) mod object;
pub(crate) mod plan;
pub(crate) mod resolve;
pub(crate) mod schema;
pub(crate) mod search;

use std::sync::atomic::Ordering;

use apollo_compiler::executable::Operation;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::context::Context;
use self::data::Data;
use self::error::Error;
use self::execute::Executor;
use self::schema::schema;
use super::budget::{Bucket, MAXIMUM_QUERY_COST};
use super::shop::count;
use crate::lock::lock;

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) query: String,
    #[serde(default)]
    pub(crate) variables: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) operation_name: Option<String>,
}

/// The body of an answer.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Error>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Data>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) extensions: Map<String, Value>,
}

impl Answer {
    fn refused(errors: Vec<Error>) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }

    /// An answer that says "too fast" whatever is in the bucket.
    pub(crate) fn throttled(context: &Context) -> Self {
        count(&context.shop.tally.throttled);
        context
            .shop
            .with_bucket(&context.grant.app, context.now, |bucket| {
                let mut cost = cost_of(bucket, MAXIMUM_QUERY_COST, None);
                cost["throttleStatus"]["currentlyAvailable"] = json!(0);
                Self::refused(vec![Error::throttled()]).with("cost", cost)
            })
    }

    fn with(mut self, extension: &str, value: Value) -> Self {
        self.extensions.insert(extension.to_owned(), value);
        self
    }
}

/// Answers a request: checks it, takes its cost from the bucket, executes it.
pub(crate) fn answer(context: &Context, request: &Request) -> Answer {
    let document = match check::check(schema(), &request.query) {
        Ok(document) => document,
        Err(errors) => return Answer::refused(errors),
    };
    let operation = match document.operations.get(request.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return Answer::refused(vec![Error::new(error.message().to_string())]),
    };
    let variables = match variables(operation, request.variables.as_ref()) {
        Ok(variables) => variables,
        Err(error) => return Answer::refused(vec![error]),
    };
    let plan = plan::plan(schema(), &document, operation, &variables);
    let requested = cost::requested(&plan);
    let app = &context.grant.app;
    let taken = context.shop.with_bucket(app, context.now, |bucket| {
        let error = if requested > MAXIMUM_QUERY_COST {
            Error::too_expensive(requested, MAXIMUM_QUERY_COST)
        } else if bucket.take(requested, context.now) {
            return Ok(());
        } else {
            count(&context.shop.tally.throttled);
            context.shop.tally.overdrawn.store(true, Ordering::Relaxed);
            Error::throttled()
        };
        Err(Answer::refused(vec![error]).with("cost", cost_of(bucket, requested, None)))
    });
    if let Err(refused) = taken {
        return refused;
    }
    let (data, errors) = Executor::new(context).run(&plan);
    let actual = cost::actual(&plan, &data).min(requested);
    let cost = context.shop.with_bucket(app, context.now, |bucket| {
        bucket.refund(requested - actual, context.now);
        cost_of(bucket, requested, Some(actual))
    });
    let mut answer = Answer {
        errors,
        data: Some(data),
        ..Answer::default()
    }
    .with("cost", cost);
    let warnings = std::mem::take(&mut *lock(&context.search_warnings));
    if !warnings.is_empty() {
        answer = answer.with("search", warnings.into());
    }
    answer
}

fn cost_of(bucket: &Bucket, requested: u32, actual: Option<u32>) -> Value {
    json!({
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": bucket.rate().maximum,
            "currentlyAvailable": bucket.available(),
            "restoreRate": bucket.rate().restore,
        },
    })
}

/// Coerces the variables one by one, so that an error can name the one that is wrong.
fn variables(operation: &Operation, given: Option<&Map<String, Value>>) -> Result<JsonMap, Error> {
    let all: JsonMap = given
        .map(|given| serde_json::to_value(given).and_then(serde_json::from_value))
        .transpose()
        .map_err(|error| Error::bad_request(error.to_string()))?
        .unwrap_or_default();
    let mut coerced = JsonMap::new();
    for definition in &operation.variables {
        let mut alone = operation.clone();
        alone.variables = vec![definition.clone()];
        let one = coerce_variable_values(schema(), &alone, &all).map_err(|error| {
            let name = definition.name.as_str();
            let value = given
                .and_then(|given| given.get(name))
                .unwrap_or(&Value::Null);
            let why = match value {
                Value::Null => "Expected value to not be null".to_owned(),
                _ => error.message().to_string(),
            };
            Error::invalid_variable(name, &definition.ty.to_string(), value, &why)
        })?;
        coerced.extend(one.into_inner());
    }
    Ok(coerced)
}

/// The name a request goes by: of its operation, or of the first field where that has none.
pub(crate) fn operation_name(request: &Request) -> Option<String> {
    if request.operation_name.is_some() {
        return request.operation_name.clone();
    }
    let text = request
        .query
        .trim_start_matches(['{', ' ', '\n', '\r', '\t', ',']);
    let word = |text: &str| {
        let name: String = text
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        (!name.is_empty()).then_some(name)
    };
    match text
        .strip_prefix("query")
        .or_else(|| text.strip_prefix("mutation"))
    {
        Some(rest) if rest.starts_with([' ', '(', '{', '\n']) => {
            word(rest).or_else(|| word(rest.split_once('{')?.1))
        }
        _ => word(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_by_the_name_of_their_operation_or_first_field() {
        let name = |query: &str| {
            operation_name(&Request {
                query: query.to_owned(),
                variables: None,
                operation_name: None,
            })
        };
        assert_eq!(
            name("query Products($n: Int) { products }").as_deref(),
            Some("Products")
        );
        assert_eq!(
            name("mutation($a: Int) {\n  cancel }").as_deref(),
            Some("cancel")
        );
        assert_eq!(name("{ shop { id } }").as_deref(), Some("shop"));
        assert_eq!(name("").as_deref(), None);
    }
}
