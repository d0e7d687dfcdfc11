use calibr_model::{
    Role,
    status::{FailureClass, FailureKind},
    views::{FailureGroupView, RetryWish},
};
use leptos::prelude::*;

use super::{Failed, Shown};
use crate::{
    components::ui::{Button, Icon, Look, Size, pill},
    state::Project,
    text::{
        number::{counted, grouped},
        words::{failure_kind, what_to_do},
    },
};

/// The failures of a run by what is wrong, most first.
#[component]
pub(super) fn Groups(failed: Failed, shown: Shown, ended: Memo<bool>) -> impl IntoView {
    let rows = move || {
        let groups = failed.groups.get().unwrap_or_default();
        let rows = groups
            .into_iter()
            .map(|group| view! { <Group group failed shown ended /> });
        rows.collect_view()
    };
    let number = move || {
        let groups = failed.groups.with(|groups| groups.map_or(0, Vec::len));
        counted(groups as i64, "reason", "reasons")
    };
    view! {
        <section class="card min-w-0 overflow-clip">
            <h2 class="flex flex-wrap items-baseline gap-x-2 px-4 pt-4 pb-2 text-lg sm:px-5">
                "By what is wrong" <span class="text-sm font-normal text-quiet">{number}</span>
            </h2>
            <ul>{rows}</ul>
        </section>
    }
}

#[component]
fn Group(
    group: FailureGroupView,
    failed: Failed,
    shown: Shown,
    ended: Memo<bool>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let FailureGroupView {
        code,
        kind,
        class,
        count,
        open,
        parked,
        unnamed,
        message,
    } = group.clone();
    let is_shown = {
        let group = group.clone();
        Memo::new(move |_| shown.is(&group))
    };
    let left = left(count, open, parked, unnamed);
    let what = noun(kind, count);
    let may_retry = project.allows(Role::Editor) && open + parked + unnamed > 0;
    let wish = RetryWish {
        code: Some(code.clone()),
        kind: Some(kind),
        // Where all of it is parked, nothing else can be meant.
        parked: open == 0 && parked > 0,
        ..RetryWish::default()
    };
    let title = format!("Retry {} with {code}", noun(kind, count));
    let retry = may_retry.then(|| {
        let retry = move || failed.retry(title.clone(), wish.clone());
        let label = if kind == FailureKind::Price {
            "Preview again"
        } else {
            "Retry this group"
        };
        view! {
            <Show when=move || ended.get()>
                <Button label icon=Icon::Sync size=Size::Small on_click=retry.clone() />
            </Show>
        }
    });
    let show = move || {
        let now = is_shown.get_untracked();
        shown.only((!now).then_some(&group));
    };
    view! {
        <li class="grid grid-cols-1 gap-2 border-t border-line px-4 py-3.5 sm:px-5">
            <div class="flex flex-wrap items-center gap-x-3 gap-y-1.5">
                <span class="font-medium">{what}</span>
                <code class="font-mono text-xs text-quiet wrap-anywhere">{code}</code>
                {pill(class)}
            </div>
            <p class="wrap-anywhere">{message}</p>
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                <p class="text-sm text-quiet">{advice(class)} " " {left}</p>
                <div class="flex flex-wrap gap-2">
                    <Button
                        label=Signal::derive(move || {
                            if is_shown.get() { "Show all" } else { "Show these" }.to_owned()
                        })
                        look=Look::Quiet
                        size=Size::Small
                        on_click=show
                    />
                    {retry}
                </div>
            </div>
        </li>
    }
}

fn advice(class: FailureClass) -> &'static str {
    what_to_do(class)
}

/// `12 variants`, `1 order`.
fn noun(kind: FailureKind, count: i64) -> String {
    let one = failure_kind(kind).to_lowercase();
    counted(count, &one, &format!("{one}s"))
}

/// What of a group is left to do.
fn left(count: i64, open: i64, parked: i64, unnamed: i64) -> String {
    let resolved = count - open - parked - unnamed;
    let mut parts = Vec::new();
    if resolved > 0 {
        parts.push(format!("{} came through since", grouped(resolved)));
    }
    if parked > 0 {
        parts.push(format!("{} parked", grouped(parked)));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("{}.", parts.join(", "))
}
