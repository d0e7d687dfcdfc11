use leptos::prelude::*;

/// The head of one column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its words.
    pub(crate) words: &'static str,
    /// Whether it holds numbers, which stand at the right.
    pub(crate) numeric: bool,
}

impl Column {
    /// A column of texts.
    pub(crate) const fn text(words: &'static str) -> Self {
        Self {
            words,
            numeric: false,
        }
    }

    /// A column of numbers.
    pub(crate) const fn number(words: &'static str) -> Self {
        Self {
            words,
            numeric: true,
        }
    }
}

/// A table whose head stays in sight; on a phone its rows stand as cards. Cells
/// name themselves there with `data-label`, and those with `data-wide` take the
/// width of the card; a `.row-link` makes its whole row a
/// link.
#[component]
pub(crate) fn Table(
    /// What it lists, for listeners.
    #[prop(into)]
    caption: String,
    /// Its head.
    columns: &'static [Column],
    /// Whether what it shows is about to be replaced.
    #[prop(optional, into)]
    stale: Signal<bool>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! {
        <table
            class="table table-head-sticks table-stacks"
            class=("opacity-60", move || stale.get())
            aria-busy=move || stale.get().then_some("true")
        >
            <caption class="sr-only">{caption}</caption>
            <thead>
                <tr>
                    {columns
                        .iter()
                        .map(|column| {
                            view! {
                                <th scope="col" class=column.numeric.then_some("num")>
                                    {column.words}
                                </th>
                            }
                        })
                        .collect_view()}
                </tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
}
