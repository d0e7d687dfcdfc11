use calibr_model::views::{ConflictField, ConflictQuery, ConflictStatus};
use leptos::prelude::*;

use crate::{
    components::{
        store::store_options,
        ui::{Chips, FilterSelect, SearchField},
    },
    state::{Address, Paging, Project},
    text::{
        number::grouped,
        words::{Worded, conflict_field},
    },
};

/// The names of the filters in the address; the REST API has the same, but for
/// the words.
const STATUS: &str = "status";
const STORE: &str = "store";
const FIELD: &str = "field";
const SEARCH: &str = "q";

/// What the address says for conflicts of any status; where it says nothing, the
/// open ones are meant.
const ALL: &str = "all";

/// Which conflicts are asked for: the address of the page says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConflictsFilter {
    /// Only those that stand so; none for all.
    pub(crate) status: Memo<Option<ConflictStatus>>,
    store: Memo<String>,
    field: Memo<String>,
    search: Memo<String>,
    paging: Paging,
}

impl ConflictsFilter {
    /// Of the page that is open.
    pub(crate) fn here(paging: Paging) -> Self {
        let address = expect_context::<Address>();
        let value = |name: &'static str| Memo::new(move |_| address.value(name));
        Self {
            status: Memo::new(move |_| match address.value(STATUS).as_str() {
                ALL => None,
                status => Some(status.parse().unwrap_or(ConflictStatus::Open)),
            }),
            store: value(STORE),
            field: value(FIELD),
            search: value(SEARCH),
            paging,
        }
    }

    /// What is asked for, as a name. Tracked.
    pub(crate) fn name(self) -> String {
        let status = self.status.get().map_or(ALL, ConflictStatus::as_str);
        let rest = [self.store.get(), self.field.get(), self.search.get()];
        format!("{status}&{}", rest.join("&"))
    }

    /// The same for a request.
    pub(crate) fn query(self) -> ConflictQuery {
        ConflictQuery {
            integration: self.store.with_untracked(|store| store.parse().ok()),
            field: self.field.with_untracked(|field| field.parse().ok()),
            status: self.status.get_untracked(),
            search: self.search.with_untracked(|words| words.trim().to_owned()),
        }
    }

    /// Whether some conflicts of the status are left out.
    pub(crate) fn is_set(self) -> bool {
        [self.store, self.field, self.search]
            .iter()
            .any(|filter| !filter.read().is_empty())
    }

    /// Leaves none of the status out.
    pub(crate) fn clear(self) {
        self.paging
            .choose(&[STORE, FIELD, SEARCH].map(|name| (name, "")));
    }
}

/// What the conflicts of a page are filtered by.
#[component]
pub(crate) fn ConflictFilters(
    /// What is asked for.
    filter: ConflictsFilter,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let ConflictsFilter {
        status,
        store,
        field,
        search,
        paging,
    } = filter;
    let change =
        move |name: &'static str| Callback::new(move |value: String| paging.filter(name, &value));
    let fields = || {
        let fields = ConflictField::ALL
            .iter()
            .map(|field| (field.to_string(), conflict_field(*field).to_owned()));
        [(String::new(), "All fields".to_owned())]
            .into_iter()
            .chain(fields)
            .collect::<Vec<_>>()
    };
    let open = Memo::new(move |_| {
        // How many fit the other filters is not known before they are counted.
        let whole = field.read().is_empty() && search.read().is_empty();
        let of = store.with(|store| store.parse().ok());
        whole
            .then(|| project.open_conflicts(of))
            .filter(|open| *open > 0)
    });
    let statuses = move || {
        let mut options: Vec<(&'static str, String)> = ConflictStatus::ALL
            .iter()
            .map(|status| (status.as_str(), status.word().to_owned()))
            .collect();
        if let Some((open, (_, words))) = open.get().zip(options.first_mut()) {
            *words = format!("{words} {}", grouped(open));
        }
        options.push((ALL, "All".to_owned()));
        options
    };
    let choose = move |key: &'static str| {
        let is_first = key == ConflictStatus::Open.as_str();
        paging.filter(STATUS, if is_first { "" } else { key });
    };
    view! {
        <div class="grid gap-3 border-b border-line px-4 py-3">
            <div class="grid grid-cols-2 gap-2 md:flex">
                <SearchField paging search label="Search conflicts" />
                <FilterSelect label="Store" value=store options=store_options() on_change=change(STORE) />
                <FilterSelect label="Field" value=field options=Signal::derive(fields) on_change=change(FIELD) />
            </div>
            <Chips
                label="Filter by status"
                options=Signal::derive(statuses)
                pressed=move |key: &'static str| status.get().map_or(ALL, ConflictStatus::as_str) == key
                on_press=choose
            />
        </div>
    }
}
