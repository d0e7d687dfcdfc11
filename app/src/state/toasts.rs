use std::time::Duration;

use leptos::prelude::*;

use crate::text::words::Tone;

/// How long a message stays that asks for nothing.
const STAY: Duration = Duration::from_secs(7);
/// More at once than this nobody reads.
const MOST: usize = 4;

/// A short message at the edge of the page.
#[derive(Clone)]
pub(crate) struct Toast {
    /// What kind it is; `Bad` interrupts a listener and stays until dismissed.
    pub(crate) tone: Tone,
    /// What happened.
    pub(crate) title: String,
    /// What is safe and what to do, where that needs saying.
    pub(crate) detail: Option<String>,
    /// What can be done about it in one click.
    pub(crate) action: Option<ToastAction>,
}

/// A button on a toast.
#[derive(Clone)]
pub(crate) struct ToastAction {
    /// The button's words.
    pub(crate) label: &'static str,
    /// What it does.
    pub(crate) run: Callback<()>,
}

impl Toast {
    /// Something went well.
    pub(crate) fn good(title: impl Into<String>) -> Self {
        Self {
            tone: Tone::Good,
            title: title.into(),
            detail: None,
            action: None,
        }
    }

    /// Something went wrong.
    pub(crate) fn bad(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            tone: Tone::Bad,
            title: title.into(),
            detail: Some(detail.into()),
            action: None,
        }
    }

    /// Says more.
    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Offers a button.
    pub(crate) fn action(
        self,
        label: &'static str,
        run: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let run = Callback::new(move |()| run());
        Self {
            action: Some(ToastAction { label, run }),
            ..self
        }
    }
}

/// The messages that stand on the page now, oldest first.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    /// Each with its number.
    pub(crate) shown: RwSignal<Vec<(u128, Toast)>>,
    last: StoredValue<u128>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self {
            shown: RwSignal::new(Vec::new()),
            last: StoredValue::new(0),
        }
    }

    /// Shows a message.
    pub(crate) fn show(self, toast: Toast) {
        let number = self.last.get_value() + 1;
        self.last.set_value(number);
        let stays = toast.tone == Tone::Bad;
        self.shown.update(|shown| {
            shown.push((number, toast));
            let surplus = shown.len().saturating_sub(MOST);
            shown.drain(..surplus);
        });
        if !stays {
            set_timeout(move || self.dismiss(number), STAY);
        }
    }

    /// Takes a message away.
    pub(crate) fn dismiss(self, number: u128) {
        self.shown
            .update(|shown| shown.retain(|(held, _)| *held != number));
    }
}
