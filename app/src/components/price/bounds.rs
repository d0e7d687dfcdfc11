use calibr_model::{FieldError, Guardrails, Money, ProjectSlug, Role};
use leptos::prelude::*;

use super::set::amount;
use crate::{
    api,
    components::ui::{Dialog, FormEnd, GhostLines, Loaded, SelectField, TextField},
    state::{Ask, FormState, Project, Query, Toast, Toasts, query},
    text::number::{basis_points, percent},
};

/// The project's bounds for prices, in a dialog: admins set them, others read.
#[component]
pub(crate) fn Bounds(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open title="Bounds for prices">
            <Content open />
        </Dialog>
    }
}

#[component]
fn Content(open: RwSignal<bool>) -> impl IntoView {
    let project = expect_context::<Project>();
    let slug = project.slug();
    let all: Query<Vec<Guardrails>> = query(
        {
            let key = format!("{slug}/bounds");
            move || Some(key.clone())
        },
        move || api::prices::get_guardrails(slug.clone()),
    );
    let may_set = project.allows(Role::Admin);
    let currency = RwSignal::new(String::new());
    let form = FormState::new();
    let body = move || {
        let held = all.get().unwrap_or_default();
        if held.is_empty() {
            let words = "Bounds are set by currency: connect a store first.";
            return view! { <p class="text-quiet">{words}</p> }.into_any();
        }
        if !may_set {
            return held.iter().map(in_words).collect_view().into_any();
        }
        if currency.read_untracked().is_empty() {
            currency.set(
                held.first()
                    .map(|one| one.currency.to_string())
                    .unwrap_or_default(),
            );
        }
        let options = held
            .iter()
            .map(|one| (one.currency.to_string(), one.currency.to_string()))
            .collect();
        let chosen = move || {
            let code = currency.get();
            let held = all
                .with_untracked(|all| all?.iter().find(|one| one.currency.code() == code).copied());
            held.map(|held| view! { <BoundsForm held all open /> })
        };
        view! {
            <SelectField form name="currency" label="Currency" value=currency options />
            {chosen}
        }
        .into_any()
    };
    view! {
        <div class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6">
            <p class="text-quiet">
                "A price that breaks a bound is refused before it is sent to a store."
            </p>
            <Loaded loading=all.loading skeleton=|| view! { <GhostLines lines=4 /> }>{body}</Loaded>
        </div>
    }
}

/// The bounds of one currency as a sentence.
fn in_words(bounds: &Guardrails) -> AnyView {
    let money = |amount| Money::new(amount, bounds.currency);
    let parts: Vec<String> = [
        bounds
            .floor_minor
            .map(|floor| format!("at least {}", money(floor))),
        bounds
            .ceiling_minor
            .map(|ceiling| format!("at most {}", money(ceiling))),
        bounds
            .max_change_bp
            .map(|most| format!("at most {}% up or down at once", percent(most.into()))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let words = if parts.is_empty() {
        "no bounds".to_owned()
    } else {
        parts.join(", ")
    };
    view! {
        <p>
            <strong class="font-semibold">{bounds.currency.to_string()}</strong> ": " {words}
        </p>
    }
    .into_any()
}

#[component]
fn BoundsForm(
    held: Guardrails,
    all: Query<Vec<Guardrails>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let form = FormState::new();
    let currency = held.currency;
    let text = |amount: Option<i64>| {
        let money = amount.map(|amount| Money::new(amount, currency).to_decimal());
        RwSignal::new(money.unwrap_or_default())
    };
    let (floor, ceiling) = (text(held.floor_minor), text(held.ceiling_minor));
    let most = held.max_change_bp.map(|most| percent(most.into()));
    let most = RwSignal::new(most.unwrap_or_default());

    let request = move || -> Result<_, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut limit = |name, typed: RwSignal<String>| {
            let typed = typed.get_untracked();
            if typed.trim().is_empty() {
                return None;
            }
            match amount(name, &typed, currency) {
                Ok(money) => Some(money.amount_minor),
                Err(fault) => {
                    faults.push(fault);
                    None
                }
            }
        };
        let floor_minor = limit("floor_minor", floor);
        let ceiling_minor = limit("ceiling_minor", ceiling);
        let typed = most.get_untracked();
        let max_change_bp = match typed.trim().trim_end_matches('%') {
            "" => None,
            typed => {
                let share = basis_points(typed).and_then(|share| u32::try_from(share).ok());
                if share.is_none() {
                    faults.push(fault("max_change_bp", "Give a number such as 25 or 12.5."));
                }
                share
            }
        };
        let bounds = Guardrails {
            currency,
            floor_minor,
            ceiling_minor,
            max_change_bp,
        };
        if faults.is_empty()
            && let Err((name, message)) = bounds.validate()
        {
            faults.push(fault(name, &message));
        }
        let slug: ProjectSlug = project.slug();
        if faults.is_empty() {
            Ok(api::prices::set_guardrails(slug, bounds))
        } else {
            Err(faults)
        }
    };
    let send = move |event| {
        form.submit(&event, ask, request, move |bounds: Vec<Guardrails>| {
            all.amend(|all| *all = bounds);
            toasts.show(Toast::good(format!("The bounds for {currency} are saved")));
            open.set(false);
        });
    };
    view! {
        <form class="grid gap-4" novalidate=true on:submit=send>
            <div class="grid items-start gap-4 sm:grid-cols-2">
                <TextField
                    form
                    name="floor_minor"
                    label="No price below"
                    value=floor
                    inputmode="decimal"
                    optional=true
                />
                <TextField
                    form
                    name="ceiling_minor"
                    label="No price above"
                    value=ceiling
                    inputmode="decimal"
                    optional=true
                />
            </div>
            <TextField
                form
                name="max_change_bp"
                label="Largest change in per cent"
                help="Up or down, against the price that the store has."
                value=most
                inputmode="decimal"
                optional=true
            />
            <FormEnd form open verb="Save" />
        </form>
    }
}

fn fault(field: &str, message: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}
