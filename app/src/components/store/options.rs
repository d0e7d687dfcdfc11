use leptos::prelude::*;

use crate::state::Project;

/// The stores of the open project to filter by, after *All stores*: each one's id
/// and name.
pub(crate) fn store_options() -> Signal<Vec<(String, String)>> {
    let project = expect_context::<Project>();
    Signal::derive(move || {
        let all = project.integrations.get().unwrap_or_default();
        let stores = all
            .into_iter()
            .map(|store| (store.id.to_string(), store.name));
        [(String::new(), "All stores".to_owned())]
            .into_iter()
            .chain(stores)
            .collect()
    })
}
