//! The pages that the merchant sees.

use url::Url;

use super::Ask;
use crate::markup::escaped;
use crate::woocommerce::access::Permissions;
use crate::woocommerce::store::Store;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1e1e1e;--soft:#50575e;--line:#c3c4c7;--paper:#fff;--ground:#f0f0f1;--accent:#5b3f8f;--on-accent:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#f0f0f1;--soft:#b4b9be;--line:#3c434a;--paper:#1d2327;--ground:#101517;--accent:#b79ee8;--on-accent:#1b0f33}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:32rem;background:var(--paper);border:1px solid var(--line);padding:1.5rem}
h1{font-size:1.375rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
p{margin:.5rem 0;color:var(--soft);overflow-wrap:anywhere}
ul{margin:.5rem 0;padding-left:1.25rem}
form{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button,a.deny{flex:1 1 8rem;min-height:2.75rem;padding:.5rem;text-align:center;text-decoration:none;font:inherit;font-weight:600;border:1px solid var(--line);background:transparent;color:var(--ink);cursor:pointer}
button{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}";

/// Asks whether the app may have keys.
pub(super) fn consent(store: &Store, ask: &Ask, declined: &Url) -> String {
    let allowed: &[&str] = match ask.permissions {
        Permissions::Read => &[
            "View products",
            "View orders and sales reports",
            "View customers",
        ],
        Permissions::Write => &["Create webhooks", "Create products", "Create orders"],
        Permissions::ReadWrite => &[
            "Create webhooks",
            "View and manage products",
            "View and manage orders and sales reports",
            "View and manage customers",
        ],
    };
    let listed: String = allowed
        .iter()
        .map(|what| format!("<li>{what}</li>"))
        .collect();
    let app = escaped(&ask.app_name);
    document(
        &format!("{app} would like to connect to your store"),
        &format!(
            r#"<h1>{app} would like to connect to your store</h1>
<p>This will give "{app}" <strong>{}</strong> access to {}, which will allow it to:</p>
<ul>{listed}</ul>
<form method="post"><button>Approve</button><a class="deny" href="{}">Deny</a></form>
<p>This is a sandbox store: its goods are made up, and nothing here reaches a real shop.</p>"#,
            escaped(&ask.scope),
            escaped(&store.settings.title),
            escaped(declined.as_str()),
        ),
    )
}

/// Says why the merchant cannot be asked, or why it did not work.
pub(super) fn problem(message: &str) -> String {
    document(
        "Access denied",
        &format!("<h1>Access denied</h1>\n<p>{}</p>", escaped(message)),
    )
}

fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{content}\n\
         </main>\n</body>\n</html>\n"
    )
}
