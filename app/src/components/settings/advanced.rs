use calibr_model::{
    Role,
    platform::Bounds,
    status::{IntegrationStatus, RunType},
};
use leptos::prelude::*;

use super::{
    SettingsForm, Toggle,
    fields::Item,
    section::{Fields, Section},
};
use crate::{
    components::{
        runs::{PlanDialog, Wanted},
        store::StoreDialogs,
        ui::{Button, Glyph, Icon, Look, TextArea, TextField},
    },
    routes,
    state::Project,
    text::number::grouped,
};

/// How a store is called, and what is done with it rarely.
#[component]
pub(crate) fn Advanced() -> impl IntoView {
    let form = expect_context::<SettingsForm>();
    let platform = form.platform();
    let api_version = Memo::new(move |_| form.saved.with(|saved| saved?.api_version.clone()));
    let version = move || match api_version.get() {
        Some(version) => version,
        None => "Not known until the store answers".to_owned(),
    };
    let limits = platform.tuning;
    let name = platform.name.clone();
    let numbers = [
        (Item::PageSize, limits.page_size),
        (Item::CallsPerMinute, Some(limits.calls_per_minute)),
        (Item::RequestTimeout, Some(limits.request_timeout_seconds)),
    ];
    view! {
        <Fields>
            <Section title="General" about="How the store appears here; its own name does not change.">
                <div class="max-w-md">
                    <TextField
                        form=form.state
                        name=Item::Name.name()
                        label=Item::Name.label()
                        value=form.text(Item::Name)
                    />
                </div>
            </Section>
            <Section
                title="Calls to the store"
                about=format!("How {name} is called. Empty means as usual, which suits almost every store.")
            >
                <dl>
                    <dt class="label">"API version"</dt>
                    <dd>{version}</dd>
                    <dd class="help">"The one that answered last. This console chooses it."</dd>
                </dl>
                <div class="grid grid-cols-1 items-start gap-5 sm:grid-cols-2">
                    {numbers
                        .into_iter()
                        .filter_map(|(item, bounds)| Some(view! { <NumberField form item bounds=bounds? /> }))
                        .collect_view()}
                </div>
            </Section>
            {limits
                .custom_ca
                .then(|| {
                    view! {
                        <Section
                            title="Certificate"
                            about="For a store whose certificate is signed by an authority of its own. It is trusted for this store alone."
                        >
                            <TextArea
                                form=form.state
                                name=Item::CaPem.name()
                                label=Item::CaPem.label()
                                help="The authority's certificate, or the store's own where it signed that itself. Never its private key."
                                placeholder="-----BEGIN CERTIFICATE-----"
                                value=form.text(Item::CaPem)
                                optional=true
                            />
                        </Section>
                    }
                })}
            <Section title="Dry run" about="To see what would happen, before it does.">
                <Toggle form item=Item::DryRun help="Prices for this store are checked as always, and told what would be sent. None of them reaches the store." />
            </Section>
        </Fields>
        <Upkeep form />
    }
}

/// A number within the platform's bounds.
#[component]
fn NumberField(form: SettingsForm, item: Item, bounds: Bounds) -> impl IntoView {
    let Bounds { least, most, usual } = bounds;
    let range = format!("{} to {}", least, grouped(most.into()));
    let (help, placeholder) = match usual {
        Some(usual) => (format!("{range}; {usual} is usual."), usual.to_string()),
        None => (
            format!("{range}; usually as many as the platform allows."),
            "As usual".to_owned(),
        ),
    };
    view! {
        <TextField
            form=form.state
            name=item.name()
            label=item.label()
            help
            placeholder
            inputmode="numeric"
            value=form.text(item)
            optional=true
        />
    }
}

/// What is done with a store now and then.
#[component]
fn Upkeep(form: SettingsForm) -> impl IntoView {
    let project = expect_context::<Project>();
    let dialogs = expect_context::<StoreDialogs>();
    let plan = expect_context::<PlanDialog>();
    let id = form.id;
    let store = Memo::new(move |_| project.integration(id));
    let status = Memo::new(move |_| store.with(|store| store.as_ref().map(|store| store.status)));
    let is_there = Memo::new(move |_| status.get() != Some(IntegrationStatus::Disconnected));
    let running = Memo::new(move |_| {
        store.with(|store| {
            store
                .as_ref()
                .is_some_and(|one| one.sync_status.is_active())
        })
    });
    let export = routes::settings_export(project.slug().as_str(), id);
    let resync = move || {
        if let Some(store) = store.get_untracked() {
            plan.ask(Wanted::sync(id, &store.name, RunType::Full));
        }
    };
    let disconnect = move || {
        if let Some(store) = store.get_untracked() {
            dialogs.disconnect(store);
        }
    };
    view! {
        <Section title="Upkeep" about="What is done now and then.">
            <div class="grid grid-cols-1 gap-4 divide-y divide-line *:not-last:pb-4">
                {project
                    .allows(Role::Editor)
                    .then(|| {
                        view! {
                            <Show when=move || is_there.get()>
                                <Deed
                                    title="Full resync"
                                    about="Reads all there is at the store anew, and finds what was deleted."
                                >
                                    <Button
                                        label="Full resync"
                                        icon=Icon::Sync
                                        disabled=running
                                        on_click=resync
                                    />
                                </Deed>
                            </Show>
                        }
                    })}
                <Deed
                    title="Export settings"
                    about="What is saved here, as a JSON file. No credential is in it."
                >
                    <a class=Look::Plain.class() href=export download="">
                        <Glyph icon=Icon::Download />
                        "Export settings"
                    </a>
                </Deed>
                {project
                    .allows(Role::Admin)
                    .then(|| {
                        view! {
                            <Show when=move || is_there.get()>
                                <Deed
                                    title="Disconnect"
                                    about="Destroys the credentials and stops all syncs. Products, prices and history stay here."
                                >
                                    <Button label="Disconnect" look=Look::Danger on_click=disconnect />
                                </Deed>
                            </Show>
                        }
                    })}
            </div>
        </Section>
    }
}

/// One of them: what it does, and the button.
#[component]
fn Deed(title: &'static str, about: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
            <div class="min-w-0 flex-1 basis-56">
                <p class="font-medium">{title}</p>
                <p class="help">{about}</p>
            </div>
            {children()}
        </div>
    }
}
