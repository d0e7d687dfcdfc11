use leptos::prelude::*;

use super::{Glyph, Icon};

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Look {
    /// The one thing to do next.
    Primary,
    /// One of several.
    #[default]
    Plain,
    /// Beside the point.
    Quiet,
    /// Takes something away.
    Danger,
}

impl Look {
    /// The style sheet's classes for it; links that look like buttons take them
    /// too.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn btn-plain",
            Self::Quiet => "btn btn-quiet",
            Self::Danger => "btn btn-danger",
        }
    }
}

/// How large a button is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Size {
    /// Of a form's height.
    #[default]
    Normal,
    /// For rows.
    Small,
}

/// A button. While busy it keeps the focus, shows that it works and takes no
/// further click.
#[component]
pub(crate) fn Button(
    /// Its words; the label alone where it shows only an icon.
    #[prop(into)]
    label: Signal<String>,
    /// How much it asks to be pressed.
    #[prop(optional)]
    look: Look,
    /// How large it is.
    #[prop(optional)]
    size: Size,
    /// The picture before the words.
    #[prop(optional, into)]
    icon: Option<Signal<Icon>>,
    /// Whether the picture stands after the words.
    #[prop(optional)]
    trailing: bool,
    /// Whether the words are for listeners only.
    #[prop(optional)]
    icon_only: bool,
    /// What listeners are told in place of the words, which it begins with: what
    /// tells one of many alike from the others.
    #[prop(optional, into)]
    spoken: Option<String>,
    /// Whether what it started still goes on.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Whether it can do nothing now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Whether it sends the form it stands in.
    #[prop(optional)]
    submit: bool,
    /// What it does.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
) -> impl IntoView {
    let click = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() || disabled.get_untracked() {
            event.prevent_default();
        } else if let Some(on_click) = on_click {
            on_click.run(());
        }
    };
    let picture = move || match icon {
        _ if busy.get() => {
            Some(view! { <span class="spinner" aria-hidden="true"></span> }.into_any())
        }
        Some(icon) => Some(view! { <Glyph icon /> }.into_any()),
        None => None,
    };
    let (before, after) = if trailing {
        (None, Some(picture))
    } else {
        (Some(picture), None)
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=look.class()
            data-size=(size == Size::Small).then_some("small")
            data-shape=icon_only.then_some("square")
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || (busy.get() || disabled.get()).then_some("true")
            aria-label=move || spoken.clone().or_else(|| icon_only.then(|| label.get()))
            title=move || icon_only.then(|| label.get())
            on:click=click
        >
            {before}
            {(!icon_only).then(|| view! { <span>{move || label.get()}</span> })}
            {after}
        </button>
    }
}
