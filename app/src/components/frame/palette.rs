use calibr_model::Role;
use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::*};

use super::top::sign_out;
use crate::{
    components::{
        connect::Connect,
        ui::{Dialog, DialogKind, Glyph, Icon, theme_icon},
    },
    routes,
    state::{Address, Project, Session, Theme, ThemeChoice},
    text::fuzzy,
};

/// The most that is shown at once.
const MOST: usize = 9;
/// The ids by which the input names its list and the chosen line.
const LIST_ID: &str = "palette-list";

/// Opens the command palette from anywhere in a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette(RwSignal<bool>);

impl Palette {
    /// A palette that is closed.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(false))
    }

    /// Opens it.
    pub(crate) fn open(self) {
        self.0.set(true);
    }
}

/// Something that can be found.
#[derive(Clone)]
struct Entry {
    icon: Icon,
    words: String,
    kind: &'static str,
    act: Callback<()>,
}

/// Finds pages, stores, projects and actions by a few letters: Ctrl K or ⌘ K.
#[component]
pub(crate) fn PaletteDialog() -> impl IntoView {
    let Palette(open) = expect_context::<Palette>();
    let keys = window_event_listener(ev::keydown, move |event| {
        let combined = event.ctrl_key() || event.meta_key();
        if combined
            && !event.shift_key()
            && !event.alt_key()
            && event.key().eq_ignore_ascii_case("k")
        {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <Dialog open title="Find anything" kind=DialogKind::Palette>
            <Finder open />
        </Dialog>
    }
}

#[component]
fn Finder(open: RwSignal<bool>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let entries = StoredValue::new(entries());
    let product_search = product_search();

    let found = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        let words = typed.get().trim().to_owned();
        let mut fits = entries.with_value(|entries| best(&lower_case(&words), entries));
        if !words.is_empty() {
            let go = product_search.clone();
            fits.push(Entry {
                icon: Icon::Search,
                words: format!("Search products for “{words}”"),
                kind: "Search",
                act: Callback::new(move |()| go(&words)),
            });
        }
        found.set(fits);
    });
    let act = move |entry: &Entry| {
        open.set(false);
        entry.act.run(());
    };
    let press = move |event: ev::KeyboardEvent| {
        let last = found.read_untracked().len().saturating_sub(1);
        let now = chosen.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => chosen.set(if now >= last { 0 } else { now + 1 }),
            "ArrowUp" => chosen.set(now.checked_sub(1).unwrap_or(last)),
            "Home" => chosen.set(0),
            "End" => chosen.set(last),
            "Enter" => {
                let entry = found.read_untracked().get(now).cloned();
                if let Some(entry) = entry {
                    act(&entry);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let options =
        move || {
            found
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                let Entry { icon, words, kind, .. } = entry.clone();
                view! {
                    <li
                        id=option_id(index)
                        role="option"
                        class="menu-item cursor-pointer"
                        aria-selected=move || if chosen.get() == index { "true" } else { "false" }
                        on:mousemove=move |_| {
                            if chosen.get_untracked() != index {
                                chosen.set(index);
                            }
                        }
                        on:click=move |_| act(&entry)
                    >
                        <Glyph icon />
                        <span class="min-w-0 flex-1 truncate" dir="auto">{words}</span>
                        <span class="text-xs text-quiet">{kind}</span>
                    </li>
                }
            })
            .collect_view()
        };
    view! {
        <div class="flex items-center gap-3 border-b border-line px-4 text-quiet">
            <Glyph icon=Icon::Search />
            <input
                type="text"
                class="h-13 min-w-0 flex-1 bg-transparent text-lg text-text outline-none"
                role="combobox"
                aria-label="Find anything"
                aria-expanded="true"
                aria-controls=LIST_ID
                aria-activedescendant=move || option_id(chosen.get())
                placeholder="Pages, stores, actions…"
                autocomplete="off"
                spellcheck="false"
                autofocus=true
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    chosen.set(0);
                }
                on:keydown=press
            />
            <kbd class="kbd">"Esc"</kbd>
        </div>
        <ul id=LIST_ID role="listbox" aria-label="Found" class="overflow-y-auto p-2">
            {options}
        </ul>
    }
}

/// What fits best, the best first; all in its own order while nothing is typed.
fn best(typed: &str, entries: &[Entry]) -> Vec<Entry> {
    let mut ranked: Vec<(i32, &Entry)> = Vec::new();
    for entry in entries {
        if let Some(score) = fuzzy::score(typed, &lower_case(&entry.words)) {
            let score = if typed.is_empty() { 0 } else { score };
            let place = ranked.partition_point(|(held, _)| *held >= score);
            ranked.insert(place, (score, entry));
        }
    }
    ranked
        .into_iter()
        .take(MOST)
        .map(|(_, entry)| entry.clone())
        .collect()
}

/// The browser's lower case: it knows all scripts already.
fn lower_case(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

fn option_id(index: usize) -> String {
    format!("palette-option-{index}")
}

/// All that can be found now.
fn entries() -> Vec<Entry> {
    let project = expect_context::<Project>();
    let session = expect_context::<Session>();
    let theme = expect_context::<Theme>();
    let connect = expect_context::<Connect>();
    let address = expect_context::<Address>();
    let slug = project.slug();
    let slug = slug.as_str();
    let mut entries = Vec::new();

    let to = |path: String| Callback::new(move |()| address.go(&path));
    let mut add = |icon, words: String, kind, act| {
        entries.push(Entry {
            icon,
            words,
            kind,
            act,
        })
    };

    add(
        Icon::Plug,
        "Integrations".to_owned(),
        "Page",
        to(routes::integrations(slug)),
    );
    add(
        Icon::Box,
        "Products".to_owned(),
        "Page",
        to(routes::products(slug)),
    );
    add(
        Icon::Tag,
        "Prices".to_owned(),
        "Page",
        to(routes::prices(slug)),
    );
    add(
        Icon::Swap,
        "Conflicts".to_owned(),
        "Page",
        to(routes::conflicts(slug)),
    );
    if project.allows(Role::Editor) {
        add(
            Icon::Tag,
            "Set prices".to_owned(),
            "Action",
            to(routes::new_prices(slug)),
        );
    }
    for store in untrack(|| project.integrations.get()).unwrap_or_default() {
        for (icon, what, path) in [
            (Icon::Store, "sync history", routes::history(slug, store.id)),
            (Icon::Settings, "settings", routes::settings(slug, store.id)),
        ] {
            add(icon, format!("{} {what}", store.name), "Store", to(path));
        }
    }
    if project.allows(Role::Admin) {
        for platform in untrack(|| project.platforms.get()).unwrap_or_default() {
            let words = format!("Connect {}", platform.name);
            let act = Callback::new(move |()| connect.store(platform.clone()));
            add(Icon::Plus, words, "Action", act);
        }
    }
    for choice in ThemeChoice::ALL {
        let words = format!("Theme: {}", choice.label());
        add(
            theme_icon(choice),
            words,
            "Action",
            Callback::new(move |()| theme.choose(choice)),
        );
    }
    let me = session.me();
    for membership in me.map(|me| me.projects).unwrap_or_default() {
        if membership.project.slug.as_str() != slug {
            let path = routes::integrations(membership.project.slug.as_str());
            add(
                Icon::ArrowRight,
                format!("Go to {}", membership.project.name),
                "Project",
                to(path),
            );
        }
    }
    let sign_out = sign_out();
    add(
        Icon::SignOut,
        "Sign out".to_owned(),
        "Action",
        Callback::new(move |()| sign_out()),
    );
    entries
}

/// Leads to the products page with what was typed.
fn product_search() -> impl Fn(&str) + Clone + Send + Sync + 'static {
    let path = routes::products(expect_context::<Project>().slug().as_str());
    let address = expect_context::<Address>();
    move |words| {
        let words = String::from(js_sys::encode_uri_component(words));
        address.go(&format!("{path}?q={words}"));
    }
}
