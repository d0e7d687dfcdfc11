//! Shopify's published schemas, read from the introspection result that its
//! npm package carries.

use std::{collections::HashMap, fmt::Write, fs::File, path::PathBuf};

use apollo_compiler::{Schema, validation::Valid};
use flate2::read::GzDecoder;
use serde::Deserialize;

/// One version of the Admin API as published.
pub(crate) struct Published {
    pub(crate) schema: Valid<Schema>,
    /// For a type, or a field of a type: scopes of which one is needed.
    scopes: HashMap<(String, Option<String>), Vec<String>>,
    deprecated: Vec<(String, String)>,
}

impl Published {
    /// The version, unpacked.
    pub(crate) fn version(version: &str) -> Self {
        let path = folder().join(format!("admin_{version}.json.gz"));
        let file = File::open(&path).unwrap_or_else(|error| {
            panic!(
                "{} cannot be read ({error}): run `scripts/setup test`, which fetches it, or name \
                 the folder it is in with SHOPIFY_SCHEMAS_DIR",
                path.display()
            )
        });
        let file: PublishedFile =
            serde_json::from_reader(std::io::BufReader::new(GzDecoder::new(file))).unwrap();
        let types = &file.data.schema.types;
        let sdl = sdl(types);
        let schema = Schema::parse_and_validate(sdl, format!("admin_{version}.graphql"))
            .unwrap_or_else(|errors| panic!("{}", errors.errors));
        let deprecated = types
            .iter()
            .flat_map(|of| {
                let fields = of
                    .fields
                    .iter()
                    .flatten()
                    .filter(|field| field.is_deprecated);
                fields.map(|field| (of.name.clone(), field.name.clone()))
            })
            .collect();
        let scopes = file
            .offline_scopes
            .items
            .into_iter()
            .filter(|item| !item.offline_scopes.is_empty())
            .map(|item| ((item.type_name, item.field_name), item.offline_scopes))
            .collect();
        Self {
            schema,
            scopes,
            deprecated,
        }
    }

    /// Scopes of which one is needed to ask for a field, and for what it gives.
    pub(crate) fn needed_for(&self, of: &str, field: &str, gives: &str) -> Vec<&[String]> {
        let by_field = self.scopes.get(&(of.to_owned(), Some(field.to_owned())));
        let by_type = self.scopes.get(&(gives.to_owned(), None));
        by_field
            .into_iter()
            .chain(by_type)
            .map(Vec::as_slice)
            .collect()
    }

    /// Whether a field is on its way out.
    pub(crate) fn is_deprecated(&self, of: &str, field: &str) -> bool {
        self.deprecated
            .iter()
            .any(|(ty, name)| ty == of && name == field)
    }
}

fn folder() -> PathBuf {
    match std::env::var_os("SHOPIFY_SCHEMAS_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../end2end/shopify-schemas"),
    }
}

#[derive(Deserialize)]
struct PublishedFile {
    data: Data,
    offline_scopes: Items,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "__schema")]
    schema: Introspected,
}

#[derive(Deserialize)]
struct Introspected {
    types: Vec<TypeDefinition>,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<ScopeItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeItem {
    type_name: String,
    field_name: Option<String>,
    #[serde(default)]
    offline_scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeDefinition {
    kind: String,
    name: String,
    fields: Option<Vec<FieldDefinition>>,
    input_fields: Option<Vec<InputValue>>,
    interfaces: Option<Vec<Reference>>,
    enum_values: Option<Vec<EnumValue>>,
    possible_types: Option<Vec<Reference>>,
    #[serde(default)]
    is_one_of: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldDefinition {
    name: String,
    args: Vec<InputValue>,
    #[serde(rename = "type")]
    ty: Reference,
    #[serde(default)]
    is_deprecated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputValue {
    name: String,
    #[serde(rename = "type")]
    ty: Reference,
    default_value: Option<String>,
}

#[derive(Deserialize)]
struct EnumValue {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Reference>>,
}

impl Reference {
    fn write(&self) -> String {
        match (self.kind.as_str(), &self.of_type) {
            ("NON_NULL", Some(of)) => format!("{}!", of.write()),
            ("LIST", Some(of)) => format!("[{}]", of.write()),
            _ => self.name.clone().unwrap(),
        }
    }
}

/// The schema in GraphQL's own language.
fn sdl(types: &[TypeDefinition]) -> String {
    let mut sdl = String::from(
        "schema { query: QueryRoot mutation: Mutation }\n\
         directive @oneOf on INPUT_OBJECT\n\
         directive @idempotent(key: String!) on FIELD\n",
    );
    let built_in = ["String", "Int", "Float", "Boolean", "ID"];
    for of in types.iter().filter(|of| !of.name.starts_with("__")) {
        let name = &of.name;
        let names = |list: &Option<Vec<Reference>>, joint: &str| {
            list.iter()
                .flatten()
                .map(Reference::write)
                .collect::<Vec<_>>()
                .join(joint)
        };
        let written = match of.kind.as_str() {
            "SCALAR" if built_in.contains(&name.as_str()) => Ok(()),
            "SCALAR" => writeln!(sdl, "scalar {name}"),
            "ENUM" => {
                let values: Vec<_> = of
                    .enum_values
                    .iter()
                    .flatten()
                    .map(|value| value.name.as_str())
                    .collect();
                writeln!(sdl, "enum {name} {{ {} }}", values.join(" "))
            }
            "UNION" => writeln!(sdl, "union {name} = {}", names(&of.possible_types, " | ")),
            "INPUT_OBJECT" => {
                let one_of = if of.is_one_of == Some(true) {
                    " @oneOf"
                } else {
                    ""
                };
                let fields = of.input_fields.iter().flatten();
                writeln!(sdl, "input {name}{one_of} {{ {} }}", input_values(fields))
            }
            "OBJECT" | "INTERFACE" => {
                let word = if of.kind == "OBJECT" {
                    "type"
                } else {
                    "interface"
                };
                let implements = match names(&of.interfaces, " & ") {
                    none if none.is_empty() => none,
                    some => format!(" implements {some}"),
                };
                let fields: Vec<_> = of.fields.iter().flatten().map(field).collect();
                writeln!(sdl, "{word} {name}{implements} {{ {} }}", fields.join("\n"))
            }
            other => panic!("{name} is of an unknown kind {other}"),
        };
        written.unwrap();
    }
    sdl
}

fn field(field: &FieldDefinition) -> String {
    let arguments = if field.args.is_empty() {
        String::new()
    } else {
        format!("({})", input_values(field.args.iter()))
    };
    format!("{}{arguments}: {}", field.name, field.ty.write())
}

fn input_values<'a>(values: impl Iterator<Item = &'a InputValue>) -> String {
    let values = values.map(|value| match &value.default_value {
        Some(default) => format!("{}: {} = {default}", value.name, value.ty.write()),
        None => format!("{}: {}", value.name, value.ty.write()),
    });
    values.collect::<Vec<_>>().join(" ")
}
