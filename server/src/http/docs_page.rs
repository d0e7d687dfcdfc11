//! `/api/docs`: the API's description as a page that needs no script, made once at start.

use std::fmt::Write as _;

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// Its style sheet.
pub(crate) const STYLE: &str = include_str!("docs_page.css");

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page. It is drawn from the description's JSON, which is what programs read too.
pub(crate) fn render(description: &OpenApi) -> String {
    // Schemas and texts are all there is in it: it can be written as JSON.
    let document = serde_json::to_value(description).unwrap_or_default();
    let page = Page {
        document: &document,
    };
    let mut html = String::new();
    // Writing to a String cannot fail.
    let _infallible = page.write(&mut html);
    html
}

struct Page<'a> {
    document: &'a Value,
}

struct Operation<'a> {
    path: &'a str,
    method: &'static str,
    about: &'a Value,
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        let plain = self.path.replace(['{', '}'], "").replace('/', "-");
        format!("{}{plain}", self.method)
    }

    fn summary(&self) -> &str {
        text(self.about, "summary")
    }
}

impl<'a> Page<'a> {
    fn operations(&self, tag: &str) -> Vec<Operation<'a>> {
        let paths = self.document["paths"].as_object();
        let mut operations = Vec::new();
        for (path, item) in paths.into_iter().flatten() {
            for method in METHODS {
                let about = &item[method];
                if about["tags"][0] == tag {
                    operations.push(Operation {
                        path,
                        method,
                        about,
                    });
                }
            }
        }
        operations
    }

    fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tags = self.document["tags"].as_array();
        tags.into_iter()
            .flatten()
            .map(|tag| (text(tag, "name"), text(tag, "description")))
    }

    fn write(&self, html: &mut String) -> std::fmt::Result {
        let info = &self.document["info"];
        write!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}: REST API</title>\n\
             <link rel=\"stylesheet\" href=\"/api/docs/style.css\">\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#main\">Skip to the description</a>\n<div class=\"frame\">\n",
            title = escaped(text(info, "title")),
        )?;
        self.write_navigation(html)?;
        write!(
            html,
            "<main id=\"main\">\n<h1>{title}: REST API</h1>\n<p>Version {version}. For programs: \
             <a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI {openapi}).</p>\n<p>{about}</p>\n",
            title = escaped(text(info, "title")),
            version = escaped(text(info, "version")),
            openapi = escaped(text(self.document, "openapi")),
            about = prose(text(info, "description")),
        )?;
        for (tag, about) in self.tags() {
            writeln!(html, "<h2>{}</h2>\n<p>{}</p>", escaped(tag), prose(about))?;
            for operation in self.operations(tag) {
                write_operation(html, &operation)?;
            }
        }
        self.write_schemas(html)?;
        html.push_str("</main>\n</div>\n</body>\n</html>\n");
        Ok(())
    }

    fn write_navigation(&self, html: &mut String) -> std::fmt::Result {
        html.push_str("<nav aria-label=\"Operations\">\n");
        for (tag, _) in self.tags() {
            write!(html, "<h2>{}</h2>\n<ul>\n", escaped(tag))?;
            for operation in self.operations(tag) {
                let (anchor, summary) = (operation.anchor(), escaped(operation.summary()));
                writeln!(html, "<li><a href=\"#{anchor}\">{summary}</a></li>")?;
            }
            html.push_str("</ul>\n");
        }
        html.push_str(
            "<h2>Reference</h2>\n<ul><li><a href=\"#schemas\">Schemas</a></li></ul>\n</nav>\n",
        );
        Ok(())
    }

    fn write_schemas(&self, html: &mut String) -> std::fmt::Result {
        html.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
        let schemas = self.document["components"]["schemas"].as_object();
        for (name, schema) in schemas.into_iter().flatten() {
            write!(
                html,
                "<section class=\"operation\">\n<h3 id=\"schema-{name}\">{name}</h3>\n"
            )?;
            writeln!(html, "<p>{}</p>", prose(text(schema, "description")))?;
            write_schema(html, schema)?;
            html.push_str("</section>\n");
        }
        Ok(())
    }
}

fn write_operation(html: &mut String, operation: &Operation<'_>) -> std::fmt::Result {
    let about = operation.about;
    write!(
        html,
        "<section class=\"operation\">\n<h3 id=\"{anchor}\">{summary}</h3>\n\
         <code class=\"path\"><span class=\"method\">{method}</span> {path}</code>\n<p>{words}</p>\n",
        anchor = operation.anchor(),
        summary = escaped(operation.summary()),
        method = operation.method.to_uppercase(),
        path = escaped(operation.path),
        words = prose(text(about, "description")),
    )?;
    if let Some(parameters) = about["parameters"].as_array().filter(|all| !all.is_empty()) {
        html.push_str("<h4>Parameters</h4>\n");
        let rows = parameters.iter().map(|parameter| {
            let needed = parameter["required"] == true;
            [
                format!("<code>{}</code>", escaped(text(parameter, "name"))),
                format!(
                    "{}{}",
                    escaped(text(parameter, "in")),
                    if needed { ", needed" } else { "" }
                ),
                kind(&parameter["schema"]),
                prose(text(parameter, "description")),
            ]
        });
        write_table(html, ["Name", "In", "Kind", "What it is"], rows)?;
    }
    let body = &about["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let words = prose(text(&about["requestBody"], "description"));
        write!(html, "<h4>Body</h4>\n<p>{} {words}</p>\n", kind(body))?;
    }
    html.push_str("<h4>Answers</h4>\n");
    let answers = about["responses"].as_object().into_iter().flatten();
    let rows = answers.map(|(status, answer)| {
        if answer["$ref"].is_string() {
            let problem = "<a href=\"#schema-ProblemDetails\">ProblemDetails</a>".to_owned();
            return [
                "else".to_owned(),
                "A problem (RFC 9457).".to_owned(),
                problem,
            ];
        }
        let content = answer["content"]
            .as_object()
            .and_then(|content| content.values().next());
        let schema = content
            .map(|content| kind(&content["schema"]))
            .unwrap_or_default();
        [escaped(status), prose(text(answer, "description")), schema]
    });
    write_table(html, ["Status", "What it says", "Body"], rows)?;
    html.push_str("</section>\n");
    Ok(())
}

fn write_schema(html: &mut String, schema: &Value) -> std::fmt::Result {
    let parts: Vec<&Value> = match schema["allOf"].as_array() {
        Some(parts) => parts.iter().collect(),
        None => vec![schema],
    };
    for part in parts {
        match part["properties"].as_object() {
            Some(properties) => {
                let required = part["required"].as_array();
                let rows = properties.iter().map(|(name, property)| {
                    let always =
                        required.is_some_and(|names| names.iter().any(|known| known == name));
                    [
                        format!(
                            "<code>{}</code>{}",
                            escaped(name),
                            if always { "" } else { " (may be absent)" }
                        ),
                        kind(property),
                        prose(text(property, "description")),
                    ]
                });
                write_table(html, ["Field", "Kind", "What it is"], rows)?;
            }
            None => writeln!(html, "<p>{}</p>", kind(part))?,
        }
    }
    Ok(())
}

fn write_table<const N: usize>(
    html: &mut String,
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> std::fmt::Result {
    html.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for head in heads {
        write!(html, "<th scope=\"col\">{head}</th>")?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            write!(html, "<td>{cell}</td>")?;
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

/// A schema in a few words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
    {
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str);
        return words
            .map(|word| format!("<code>{}</code>", escaped(word)))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    for combined in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[combined].as_array() {
            let joint = if combined == "allOf" {
                " with "
            } else {
                " or "
            };
            return parts.iter().map(kind).collect::<Vec<_>>().join(joint);
        }
    }
    let named = match &schema["type"] {
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| simple(name, schema))
            .collect::<Vec<_>>()
            .join(" or "),
        name => simple(name.as_str().unwrap_or("anything"), schema),
    };
    match schema["properties"].as_object() {
        Some(properties) => {
            let fields = properties
                .iter()
                .map(|(name, field)| format!("<code>{}</code>: {}", escaped(name), kind(field)));
            format!("{named} of {}", fields.collect::<Vec<_>>().join(", "))
        }
        None => named,
    }
}

fn simple(name: &str, schema: &Value) -> String {
    match (name, schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("object", _) if schema["additionalProperties"].is_object() => {
            format!(
                "object with values: {}",
                kind(&schema["additionalProperties"])
            )
        }
        (_, Some(format)) => format!("{} ({})", escaped(name), escaped(format)),
        (_, None) => escaped(name),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Escaped, with `code` between backticks.
fn prose(words: &str) -> String {
    let mut html = String::new();
    for (place, part) in words.split('`').enumerate() {
        let part = escaped(part);
        html.push_str(&if place % 2 == 0 {
            part
        } else {
            format!("<code>{part}</code>")
        });
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi;

    #[test]
    fn every_operation_stands_on_the_page_and_every_link_leads_somewhere() {
        let (_, description) = openapi::split();
        let page = render(&description);
        for path in description.paths.paths.keys() {
            assert!(page.contains(&format!("</span> {path}</code>")), "{path}");
        }
        for link in page.split("href=\"#").skip(1) {
            let anchor = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{anchor}\"")), "#{anchor}");
        }
    }

    #[test]
    fn the_page_fits_a_policy_without_scripts_and_inline_styles() {
        let page = render(&openapi::split().1);
        for forbidden in ["<script", "<style", " style=", " onclick"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
