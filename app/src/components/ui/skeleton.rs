use leptos::prelude::*;

/// Lines of text that are still to come.
#[component]
pub(crate) fn GhostLines(
    /// How many.
    #[prop(default = 3)]
    lines: u8,
) -> impl IntoView {
    const WIDTHS: [&str; 4] = ["ghost w-2/3", "ghost w-full", "ghost w-5/6", "ghost w-1/2"];
    view! {
        <div class="grid gap-3" aria-hidden="true">
            {WIDTHS
                .iter()
                .cycle()
                .take(lines.into())
                .map(|class| view! { <span class=*class></span> })
                .collect_view()}
        </div>
    }
}

/// A table that is still to come.
#[component]
pub(crate) fn GhostTable(
    /// How many rows.
    #[prop(default = 8)]
    rows: u8,
) -> impl IntoView {
    view! {
        <div aria-hidden="true">
            <div class="h-10 border-b border-line bg-sunken"></div>
            {(0..rows)
                .map(|_| {
                    view! {
                        <div class="flex items-center gap-6 border-b border-line px-5 py-4 last:border-0">
                            <span class="ghost h-8 w-8"></span>
                            <span class="ghost w-2/5"></span>
                            <span class="ghost ml-auto w-16"></span>
                            <span class="ghost hidden w-24 sm:block"></span>
                        </div>
                    }
                })
                .collect_view()}
        </div>
    }
}
