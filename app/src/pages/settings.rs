use calibr_model::{
    IntegrationId, Problem, Role,
    platform::{Capability, PlatformInfo},
    settings::SettingsView,
    views::IntegrationDetail,
};
use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::*};

use crate::{
    api,
    components::{
        PageHeader, Part,
        settings::{AccessForm, Compare, SettingsForm, UnsavedBar},
        store::StoreLine,
        ui::{Crumb, Crumbs, ErrorBox, GhostLines, Glyph, Icon, Look, Note, PageTab, PageTabs},
    },
    routes::{self, Place, ProjectPlace, SettingsTab},
    state::{Address, Project, Query, Unsaved, query},
    text::words::Tone,
};

/// The id of what stands under the open tab.
const PANEL: &str = "settings-panel";

/// `/p/{slug}/integrations/{id}/settings/{tab}`: the settings of one store.
#[component]
pub(crate) fn StoreSettings(
    /// The store.
    id: IntegrationId,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let Crumbs(crumbs) = expect_context::<Crumbs>();
    let slug = project.slug();
    let store = Memo::new(move |_| project.integration(id));
    Effect::new({
        let home = routes::integrations(slug.as_str());
        let history = routes::history(slug.as_str(), id);
        move |_| {
            let name = store.with(|store| store.as_ref().map(|store| store.name.clone()));
            let mut way = vec![Crumb::to("Integrations", home.clone())];
            way.extend(name.map(|name| Crumb::to(name, history.clone())));
            way.push(Crumb::here("Settings"));
            crumbs.set(way);
        }
    });
    let tab = Memo::new(move |last: Option<&SettingsTab>| {
        let place = address.path.with(|path| Place::of(path));
        match place {
            Place::Project(_, ProjectPlace::Settings(_, tab)) => tab,
            // On the way to another page.
            _ => last.copied().unwrap_or(SettingsTab::Sync),
        }
    });
    let platform = Memo::new(move |_| {
        let word = store.with(|store| store.as_ref().map(|store| store.platform.clone()))?;
        project.platform(&word)
    });
    let settings: Query<SettingsView> = {
        let (key, slug) = (format!("{slug}/settings of {id}"), slug.clone());
        query(
            move || Some(key.clone()),
            move || api::settings::get_settings(slug.clone(), id),
        )
    };
    let detail: Query<IntegrationDetail> = {
        let (key, slug) = (format!("{slug}/integration {id}"), slug.clone());
        query(
            move || Some(key.clone()),
            move || api::settings::get_integration(slug.clone(), id),
        )
    };
    project.follow_changes(settings.loading);
    project.follow_changes(detail.loading);

    let history = routes::history(slug.as_str(), id);
    let ready = Memo::new(move |_| {
        settings.loading.is_ready() && detail.loading.is_ready() && platform.with(Option::is_some)
    });
    let retry = Callback::new(move |()| {
        settings.refetch();
        detail.refetch();
    });
    let problem = move || -> Option<Problem> {
        let own = settings.loading.error.get();
        own.or_else(|| detail.loading.error.get())
            .or_else(|| project.platforms.loading.error.get())
    };
    let content = move || {
        if ready.get() {
            let platform = platform.get_untracked();
            platform
                .map(|platform| view! { <Content id platform tab settings detail /> })
                .into_any()
        } else if let Some(problem) = problem() {
            view! { <ErrorBox problem busy=settings.loading.fetching on_retry=retry /> }.into_any()
        } else {
            view! {
                <span class="sr-only" role="status">"Loading…"</span>
                <GhostLines lines=12 />
            }
            .into_any()
        }
    };
    view! {
        <PageHeader
            title="Settings"
            part=Signal::derive(move || tab.get().words())
            about=move || view! { <StoreLine id /> }
        >
            <a class=Look::Plain.class() href=history>
                <Glyph icon=Icon::History />
                "History"
            </a>
        </PageHeader>
        {content}
    }
}

/// The tabs, once all they need is there.
#[component]
fn Content(
    id: IntegrationId,
    platform: PlatformInfo,
    tab: Memo<SettingsTab>,
    settings: Query<SettingsView>,
    detail: Query<IntegrationDetail>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let slug = project.slug();
    let form = SettingsForm::open(id, platform.clone(), settings);
    let access = AccessForm::open(id, &platform, detail);
    // For what stands under the tabs.
    provide_context(form);
    provide_context(access);
    let may_change = project.allows(Role::Admin);

    let has_webhooks = platform.can(Capability::Webhooks);
    // A store that sends nothing has no tab for it.
    let offered: Vec<SettingsTab> = SettingsTab::ALL
        .into_iter()
        .filter(|one| *one != SettingsTab::Webhooks || has_webhooks)
        .collect();
    let tabs = offered
        .iter()
        .map(|one| PageTab {
            words: one.words(),
            href: routes::settings_tab(slug.as_str(), id, *one),
        })
        .collect();
    let open = Memo::new(move |_| {
        let open = offered.iter().position(|one| *one == tab.get());
        open.unwrap_or_default()
    });
    let first = routes::settings(slug.as_str(), id);
    Effect::new(move |_| {
        if tab.get() == SettingsTab::Webhooks && !has_webhooks {
            address.lead(&first);
        }
    });

    let discard = move || {
        form.discard();
        access.discard();
    };
    let save = move || {
        if access.dirty.get_untracked() {
            access.save();
        }
        if form.dirty.get_untracked() {
            form.save();
        }
    };
    let dirty = Signal::derive(move || form.dirty.get() || access.dirty.get());
    let own = ProjectPlace::Settings(id, SettingsTab::Sync).page();
    expect_context::<Unsaved>().guard(
        dirty,
        move |path| matches!(Place::of(&path), Place::Project(_, place) if place.page() == own),
        discard,
    );
    let keys = window_event_listener(ev::keydown, move |event| {
        let combined = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
        if combined && event.key().eq_ignore_ascii_case("s") {
            event.prevent_default();
            save();
        }
    });
    on_cleanup(move || keys.remove());

    let panel = move || Part::Settings(tab.get()).later();
    let refused = move || {
        form.state
            .problem
            .get()
            .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
    };
    view! {
        <PageTabs label="Settings" stem="settings" panel=PANEL tabs open />
        {(!may_change).then(|| view! { <ReadOnly /> })}
        <form
            class="grid grid-cols-1 gap-8"
            novalidate=true
            autocomplete="off"
            on:submit=move |event| {
                event.prevent_default();
                save();
            }
        >
            {refused}
            <div
                role="tabpanel"
                id=PANEL
                aria-label=move || tab.get().words()
                class="grid grid-cols-1 gap-8"
            >
                {panel}
            </div>
            <UnsavedBar form access on_discard=discard />
        </form>
        <Compare form />
    }
}

/// Who may change what stands here.
#[component]
fn ReadOnly() -> impl IntoView {
    let name = expect_context::<Project>().name();
    view! {
        <Note tone=Tone::Info>
            "You can look at these settings. Owners and admins of "
            <bdi>{name}</bdi> " can change them."
        </Note>
    }
}
