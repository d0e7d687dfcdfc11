use calibr_model::{
    ProjectSlug,
    form::{PASSWORD_MIN_CHARS, SetupForm},
};
use leptos::prelude::*;

use crate::{
    api::{self, Unlogged},
    components::{
        PlainPage,
        ui::{Button, Glyph, Icon, Look, Note, SecretField, SelectField, TextField},
    },
    routes,
    state::{Address, Ask, FormState, Session, Toast, Toasts},
    text::{
        time::{browser_zone, known_zones},
        words::Tone,
    },
};

/// `/setup`: makes the owner and the first project. Leads away once there is an
/// owner.
#[component]
pub(crate) fn SetUp() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let form = FormState::new();
    let address = expect_context::<Address>();

    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let project_name = RwSignal::new(String::new());
    let project_slug = RwSignal::new(String::new());
    let time_zone = RwSignal::new(browser_zone());
    // The address follows the business's name until somebody types another one.
    let own_slug = RwSignal::new(false);
    let suggest = move || {
        if !own_slug.get_untracked() {
            let name = project_name.get_untracked();
            let slug = if name.trim().is_empty() {
                String::new()
            } else {
                ProjectSlug::suggest(&name).to_string()
            };
            form.touched("project_slug");
            project_slug.set(slug);
        }
    };

    ask.send(api::account::setup_state(), move |answer| {
        if answer.is_ok_and(|state| !state.needs_setup) {
            address.lead(routes::SIGN_IN);
        }
    });

    let request = move || {
        let typed = SetupForm {
            name: name.get_untracked(),
            email: email.get_untracked(),
            password: password.get_untracked(),
            project_name: project_name.get_untracked(),
            project_slug: project_slug.get_untracked(),
            time_zone: time_zone.get_untracked(),
        };
        let faults = typed.faults();
        faults
            .is_empty()
            .then(|| api::account::set_up(Unlogged(typed)))
            .ok_or(faults)
    };
    let send = move |event| {
        form.submit(&event, ask, request, move |me| {
            session.signed_in(me);
            toasts.show(
                Toast::good("Calibr Console is set up").detail("Now connect your first store."),
            );
            address.lead("/");
        });
    };
    let zones = known_zones()
        .into_iter()
        .map(|zone| (zone.clone(), zone.replace('_', " ")))
        .collect();
    let long_enough =
        move || password.with(|password| password.chars().count() >= PASSWORD_MIN_CHARS);
    view! {
        <PlainPage title="Set up Calibr Console" about="The first account owns this console.">
            <form class="grid gap-7" novalidate=true on:submit=send>
                <fieldset class="grid gap-4">
                    <legend class="mb-4 text-lg font-semibold">"You"</legend>
                    <TextField form name="name" label="Your name" autocomplete="name" value=name autofocus=true />
                    <TextField
                        form
                        name="email"
                        label="Email"
                        kind="email"
                        autocomplete="username"
                        help="You sign in with it."
                        value=email
                    />
                    <div class="grid gap-1.5">
                        <SecretField form name="password" label="Password" value=password />
                        <p
                            class="flex items-center gap-1.5 text-sm"
                            class=("text-good-text", long_enough)
                            class=("text-quiet", move || !long_enough())
                        >
                            <Glyph icon=Signal::derive(move || {
                                if long_enough() { Icon::CheckCircle } else { Icon::Info }
                            }) />
                            {format!("At least {PASSWORD_MIN_CHARS} characters. Several words are good and easy to keep.")}
                        </p>
                    </div>
                </fieldset>
                <fieldset class="grid gap-4">
                    <legend class="mb-4 text-lg font-semibold">"Your business"</legend>
                    <TextField
                        form
                        name="project_name"
                        label="Business name"
                        autocomplete="organization"
                        value=project_name
                        on_input=suggest
                    />
                    <div class="grid gap-1.5">
                        <TextField
                            form
                            name="project_slug"
                            label="Address in this console"
                            value=project_slug
                            on_input=move || own_slug.set(true)
                        />
                        <p class="help wrap-anywhere">
                            {move || {
                                let slug = project_slug.get();
                                let shown = if slug.is_empty() { "…" } else { slug.as_str() };
                                format!("Your pages stand under /p/{shown}/")
                            }}
                        </p>
                    </div>
                    <SelectField
                        form
                        name="time_zone"
                        label="Time zone"
                        help="Times are shown and days are counted in it."
                        options=zones
                        value=time_zone
                    />
                </fieldset>
                {move || {
                    form.problem
                        .get()
                        .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
                }}
                <Button label="Set up" look=Look::Primary submit=true busy=form.busy />
            </form>
        </PlainPage>
    }
}
