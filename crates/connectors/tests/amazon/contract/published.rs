//! Amazon's models (Swagger 2) and what they say of an exchange.

use std::{env, fs, path::PathBuf};

use serde_json::{Map, Value, json};

use super::recorded::Exchange;
use crate::harness::FASTER;

const MODELS: [&str; 6] = [
    "sellers",
    "listingsItems_2021-08-01",
    "reports_2021-06-30",
    "feeds_2021-06-30",
    "productPricing_2022-05-01",
    "orders_2026-01-01",
];

pub(super) struct Models(Vec<Value>);

struct Operation<'a> {
    model: &'a Value,
    definition: &'a Value,
    name: &'a str,
}

impl Models {
    /// The models, where they are.
    pub(super) fn read() -> Option<Self> {
        let folder = env::var_os("AMAZON_MODELS_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/platforms/amazon"),
            PathBuf::from,
        );
        if !folder.is_dir() {
            return None;
        }
        let model = |name: &&str| {
            let text = fs::read(folder.join(format!("{name}.json"))).unwrap();
            let mut model: Value = serde_json::from_slice(&text).unwrap();
            close(&mut model["definitions"]);
            model
        };
        Some(Self(MODELS.iter().map(model).collect()))
    }

    fn operation(&self, exchange: &Exchange) -> Operation<'_> {
        let method = exchange.method.to_lowercase();
        for model in &self.0 {
            for (path, methods) in model["paths"].as_object().unwrap() {
                let definition = &methods[&method];
                if definition.is_object() && is_at(path, &exchange.path) {
                    let name = definition["operationId"].as_str().unwrap();
                    return Operation {
                        model,
                        definition,
                        name,
                    };
                }
            }
        }
        panic!("no model has {} {}", exchange.method, exchange.path);
    }

    /// Checks an exchange; gives the operation's name.
    pub(super) fn check(&self, exchange: &Exchange) -> String {
        let operation = self.operation(exchange);
        operation.check_query(exchange);
        operation.check_body(exchange);
        operation.check_answer(exchange);
        operation.name.to_owned()
    }
}

/// Whether a path is one of a template's.
fn is_at(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(wanted, part)| wanted == part || (wanted.starts_with('{') && !part.is_empty()))
}

/// Lets objects hold nothing that the model does not name: it leaves that open,
/// but a field of another name is a slip.
fn close(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.contains_key("allOf") {
                return;
            }
            let named = object.get("properties").is_some_and(Value::is_object);
            let open = object.contains_key("additionalProperties");
            // Offers are extended by what features them.
            let extended = object
                .get("properties")
                .is_some_and(|properties| properties.get("subCondition").is_some());
            if named && !open && !extended {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

impl Operation<'_> {
    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.definition["parameters"].as_array();
        let all = all.map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .filter(|parameter| parameter["in"] == place)
            .collect()
    }

    fn check_query(&self, exchange: &Exchange) {
        let known = self.parameters("query");
        for (name, value) in &exchange.query {
            let parameter = known.iter().find(|parameter| parameter["name"] == **name);
            let parameter = parameter.unwrap_or_else(|| panic!("{}: no {name}", self.name));
            self.check_value(parameter, name, value);
        }
        for parameter in known.iter().filter(|one| one["required"] == true) {
            let given = exchange
                .query
                .iter()
                .any(|(name, _)| parameter["name"] == **name);
            assert!(given, "{}: {} is missing", self.name, parameter["name"]);
        }
    }

    fn check_value(&self, parameter: &Value, name: &str, value: &str) {
        let about = format!("{}: {name}={value}", self.name);
        let values: Vec<&str> = match parameter["type"].as_str() {
            Some("array") => value.split(',').collect(),
            _ => vec![value],
        };
        if let Some(most) = parameter["maxItems"].as_u64() {
            assert!(values.len() as u64 <= most, "{about}");
        }
        let of = if parameter["items"].is_object() {
            &parameter["items"]
        } else {
            parameter
        };
        for value in values {
            if let Some(words) = of["enum"].as_array() {
                assert!(words.iter().any(|word| word == value), "{about}");
            }
            if of["type"] == "integer" {
                let number: i64 = value.parse().unwrap();
                assert!(
                    of["maximum"].as_i64().is_none_or(|most| number <= most),
                    "{about}"
                );
            }
        }
    }

    fn check_body(&self, exchange: &Exchange) {
        let bodies = self.parameters("body");
        let Some(body) = bodies.first() else {
            assert!(exchange.asked.is_none(), "{}: a body", self.name);
            return;
        };
        let asked = exchange.asked.as_ref().unwrap();
        self.validate(&body["schema"], asked, "the request");
    }

    fn check_answer(&self, exchange: &Exchange) {
        let status = exchange.status.to_string();
        let response = &self.definition["responses"][&status];
        assert!(response.is_object(), "{}: no answer {status}", self.name);
        self.validate(&response["schema"], &exchange.answer, &status);
        let limited = response["headers"]["x-amzn-RateLimit-Limit"].is_object();
        let Some(limit) = exchange.limit else {
            return;
        };
        assert!(
            limited && exchange.status != 429,
            "{}: {status} names no limit",
            self.name
        );
        let published = self.published_rate() * FASTER;
        assert!((limit - published).abs() < 1e-6, "{}: {limit}", self.name);
    }

    /// Calls a second, from the table in the operation's description.
    fn published_rate(&self) -> f64 {
        let description = self.definition["description"].as_str().unwrap();
        let mut lines = description.lines();
        let ruled = lines.any(|line| line.starts_with("| ----"));
        assert!(ruled, "{}: no usage plan", self.name);
        let cells = lines.next().unwrap().split('|').nth(1).unwrap();
        cells.trim().parse().unwrap()
    }

    fn validate(&self, schema: &Value, instance: &Value, what: &str) {
        let mut whole = Map::new();
        whole.insert("definitions".to_owned(), self.model["definitions"].clone());
        whole.insert("allOf".to_owned(), json!([schema]));
        let validator = jsonschema::draft4::new(&whole.into()).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(instance)
            .map(|error| format!("{} at {}", error, error.instance_path))
            .collect();
        assert!(
            wrong.is_empty(),
            "{}, {what}: {wrong:#?}\n{instance:#}",
            self.name
        );
    }
}
