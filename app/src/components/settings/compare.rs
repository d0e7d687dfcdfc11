use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    SettingsForm,
    comparison::{Comparison, Row, Side},
    form::saved_by,
};
use crate::components::{
    Part,
    ui::{Button, Dialog, Glyph, Icon, Look, TimeAgo, focus_soon, unique_id},
};

/// Shows what another person saved beside what was typed, field by field: one of
/// both is chosen for each, then saved.
#[component]
pub(crate) fn Compare(
    /// The form that lost the race.
    form: SettingsForm,
) -> impl IntoView {
    let title = Signal::derive(move || {
        form.comparison.with(|comparison| {
            let who = comparison.as_ref().map(|both| saved_by(&both.theirs));
            format!("{} saved these settings first", who.unwrap_or_default())
        })
    });
    // The rows are made once for each version that was met; choices are theirs.
    let met = Memo::new(move |_| {
        form.comparison
            .with(|both| both.as_ref().map(|both| both.theirs.version))
    });
    view! {
        <Dialog open=form.comparing title dirty=true>
            {move || met.get().map(|_| Part::Versions.later())}
        </Dialog>
    }
}

/// Both versions, setting by setting.
#[component]
pub(crate) fn Versions() -> impl IntoView {
    let form = expect_context::<SettingsForm>();
    let both = form.comparison.get_untracked();
    both.map(|both| view! { <Both form both /> })
}

#[component]
fn Both(form: SettingsForm, both: Comparison) -> impl IntoView {
    let incomplete = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let both = form.comparison.get_untracked();
        let settled = both.and_then(|both| Some((both.settled()?, both)));
        match settled {
            Some((settled, both)) => form.settle(&both, &settled),
            None => {
                incomplete.set(true);
                focus_soon("dialog[open] fieldset:not(:has(:checked)) input".to_owned());
            }
        }
    };
    let theirs = both.theirs.clone();
    let when = theirs.saved_at.map(|at| view! { ", " <TimeAgo at /> });
    let who = saved_by(&theirs);
    let advice = if both.rows.is_empty() {
        "Both versions say the same. Save to go on with it."
    } else {
        "Nothing you typed is lost. Choose for each setting which one is to hold, then save."
    };
    view! {
        <form class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6" novalidate=true on:submit=send>
            <p class="text-quiet">
                <bdi>{who}</bdi> " saved while you were editing" {when} ". " {advice}
            </p>
            {both
                .rows
                .into_iter()
                .enumerate()
                .map(|(index, row)| view! { <Pair form index row /> })
                .collect_view()}
            <Show when=move || incomplete.get()>
                <p class="fault" role="alert">
                    <Glyph icon=Icon::Alert />
                    <span>"You both changed some of these: choose one for each."</span>
                </p>
            </Show>
            <div class="flex flex-wrap justify-end gap-2">
                <Button
                    label="Go on editing"
                    look=Look::Quiet
                    on_click=move || form.comparing.set(false)
                />
                <Button label="Save" look=Look::Primary submit=true busy=form.state.busy />
            </div>
        </form>
    }
}

/// One setting in both versions.
#[component]
fn Pair(form: SettingsForm, index: usize, row: Row) -> impl IntoView {
    let group = unique_id("pair");
    let chosen = Memo::new(move |_| {
        form.comparison
            .with(|both| both.as_ref()?.rows.get(index)?.chosen)
    });
    let choose = move |side| {
        form.comparison.update(|both| {
            let row = both.as_mut().and_then(|both| both.rows.get_mut(index));
            if let Some(row) = row {
                row.chosen = Some(side);
            }
        });
    };
    let side = |side: Side, words: &'static str, text: &str| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=group.clone()
                    prop:checked=move || chosen.get() == Some(side)
                    on:change=move |_| choose(side)
                />
                <span class="min-w-0">
                    <span class="help block">{words}</span>
                    <span class="block font-medium wrap-anywhere" dir="auto">{row.item.words(text)}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="grid gap-1.5">
            <legend class="label mb-1.5">{row.item.label()}</legend>
            <div class="grid grid-cols-2 gap-2">
                {side(Side::Mine, "Keep mine", &row.mine)}
                {side(Side::Theirs, "Use theirs", &row.theirs)}
            </div>
        </fieldset>
    }
}
