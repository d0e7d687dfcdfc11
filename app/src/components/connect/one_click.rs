use calibr_model::{
    form::check_fields,
    platform::PlatformInfo,
    views::{IntegrationView, OneClickStart},
};
use leptos::prelude::*;

use super::inputs;
use crate::{
    api::{self, ApiError},
    components::ui::{Button, Icon, Look, Note},
    state::{Ask, Draft, FormState, Project},
    text::words::Tone,
};

/// The prefix of this form's fields.
const PREFIX: &str = "one_click";

/// Connects by consent on the platform's own page: nothing secret is typed.
#[component]
pub(super) fn OneClick(
    platform: PlatformInfo,
    reconnect: Option<IntegrationView>,
    draft: Draft,
    open: RwSignal<bool>,
) -> impl IntoView {
    if !platform.one_click_ready {
        return view! { <NotSetUp platform /> }.into_any();
    }
    let project = expect_context::<Project>();
    let ask = Ask::here();
    let form = FormState::new();
    let name = platform.name.clone();
    let shown = inputs(form, draft, PREFIX, &platform.one_click_fields, true);

    let request = move || {
        let typed = draft.values(PREFIX);
        let fields = check_fields(PREFIX, &platform.one_click_fields, &typed)?;
        let start = api::integrations::start_one_click(
            project.slug(),
            platform.id.clone(),
            fields,
            reconnect.as_ref().map(|integration| integration.id),
        );
        Ok(async { start.await.map_err(renamed) })
    };
    let send = move |event| {
        form.submit(&event, ask, &request, move |start: OneClickStart| {
            // Stays busy: the browser is on its way.
            let leaves = window().location().assign(&start.redirect_to).is_ok();
            form.busy.set(leaves);
        });
    };
    view! {
        <form class="grid gap-4" novalidate=true on:submit=send>
            <p class="text-quiet">
                {format!(
                    "{name} asks for your consent on its own page and brings you back here. \
                     No password or token is typed.",
                )}
            </p>
            {shown}
            {move || {
                form.problem
                    .get()
                    .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
            }}
            <div class="flex flex-wrap justify-end gap-2">
                <Button label="Cancel" look=Look::Quiet on_click=move || open.set(false) />
                <Button
                    label=format!("Continue to {name}")
                    icon=Icon::ArrowRight
                    trailing=true
                    look=Look::Primary
                    submit=true
                    busy=form.busy
                />
            </div>
        </form>
    }
    .into_any()
}

/// The server may name a field with another prefix: the last part is the field.
fn renamed(ApiError(mut problem): ApiError) -> ApiError {
    for error in &mut problem.errors {
        let field = error.field.rsplit('.').next().unwrap_or_default();
        error.field = format!("{PREFIX}.{field}");
    }
    ApiError(problem)
}

#[component]
fn NotSetUp(platform: PlatformInfo) -> impl IntoView {
    let PlatformInfo { id, name, .. } = platform;
    let prefix = id.as_str().to_ascii_uppercase();
    view! {
        <div class="grid gap-3">
            <Note tone=Tone::Info>
                {format!("This console is not yet set up for one-click connect with {name}.")}
            </Note>
            <p class="text-quiet">
                {format!("Whoever runs it registers an app at {name} and starts the console with its settings, which begin with ")}
                <code class="font-mono text-sm text-text">{format!("{prefix}_")}</code> "; "
                <code class="font-mono text-sm text-text">"calibr serve --help"</code>
                " lists them. Until then you can connect by hand."
            </p>
        </div>
    }
}
