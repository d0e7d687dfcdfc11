//! The pages that the merchant sees.

use super::authorize::Ask;
use crate::markup::escaped;
use crate::shopify::access::{App, Scopes};
use crate::shopify::shop::Shop;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1a1c1e;--soft:#5a6067;--line:#d5d9dd;--paper:#fff;--ground:#f1f2f4;--accent:#0b6b4f;--on-accent:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#eceef0;--soft:#aab1b8;--line:#3c4248;--paper:#1d2023;--ground:#121416;--accent:#58c9a1;--on-accent:#06281d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:30rem;background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:1.5rem}
h1{font-size:1.375rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.25rem 0;color:var(--soft);overflow-wrap:anywhere}
ul{margin:0;padding:0;list-style:none;border-top:1px solid var(--line)}
li{padding:.625rem 0;border-bottom:1px solid var(--line)}
code{display:block;color:var(--soft);font-size:.875rem}
form{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button{flex:1 1 8rem;min-height:2.75rem;font:inherit;font-weight:600;border-radius:.5rem;border:1px solid var(--line);background:transparent;color:var(--ink);cursor:pointer}
button.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.note{font-size:.875rem;margin-top:1.25rem}";

/// Asks whether the app may be installed.
pub(super) fn consent(shop: &Shop, app: &App, ask: &Ask) -> String {
    let scopes = Scopes::parse(&ask.scope);
    let listed: String = scopes
        .handles()
        .iter()
        .map(|scope| {
            format!(
                "<li>{}<code>{}</code></li>",
                escaped(&described(scope)),
                escaped(scope)
            )
        })
        .collect();
    let fields: String = [
        ("client_id", &ask.client_id),
        ("scope", &ask.scope),
        ("redirect_uri", &ask.redirect_uri),
        ("state", &ask.state),
    ]
    .iter()
    .map(|(name, value)| {
        format!(
            r#"<input type="hidden" name="{name}" value="{}">"#,
            escaped(value)
        )
    })
    .collect();
    let (shop_name, app_name) = (escaped(&shop.settings.name), escaped(&app.name));
    let domain = escaped(&shop.settings.domain);
    document(
        &format!("Install {app_name}"),
        &format!(
            r#"<h1>Install {app_name}?</h1>
<p>on <strong>{shop_name}</strong> ({domain})</p>
<h2 id="scopes">{app_name} will be able to</h2>
<ul aria-labelledby="scopes">{listed}</ul>
<form method="post">{fields}<button class="primary" name="decision" value="install">Install</button><button name="decision" value="cancel">Cancel</button></form>
<p class="note">This is a sandbox store: its goods are made up, and nothing here reaches a real shop.</p>"#
        ),
    )
}

/// Says why the merchant cannot be asked.
pub(super) fn problem(message: &str) -> String {
    document(
        "The app cannot be installed",
        &format!(
            "<h1>The app cannot be installed</h1>\n<p>{}</p>\n<p>Go back to the app and try again, \
             or tell its maker what it says here.</p>",
            escaped(message)
        ),
    )
}

fn document(title: &str, content: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"#
    )
}

/// What a scope allows, in a merchant's words.
fn described(scope: &str) -> String {
    let (verb, of) = match scope.split_once('_') {
        Some(("read", of)) => ("View", of),
        Some(("write", of)) => ("Change", of),
        _ => ("Use", scope),
    };
    format!("{verb} {}", of.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped() {
        assert!(!problem("<script>").contains("<script>"));
    }

    #[test]
    fn scopes_are_said_in_words() {
        assert_eq!(described("read_products"), "View products");
        assert_eq!(described("write_draft_orders"), "Change draft orders");
    }
}
