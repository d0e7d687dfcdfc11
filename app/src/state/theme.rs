use leptos::prelude::*;

/// Where the choice is kept; `boot.js` reads it before the first paint.
const STORAGE_KEY: &str = "calibr-theme";

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThemeChoice {
    /// Light, whatever the system says.
    Light,
    /// Dark, whatever the system says.
    Dark,
    /// As the system says.
    System,
}

impl ThemeChoice {
    /// In the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::System];

    /// What a person reads.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::System => "As the system",
        }
    }
}

/// Light or dark: `<html data-theme>` holds the one in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    /// The choice in force.
    pub(crate) choice: ReadSignal<ThemeChoice>,
    set_choice: WriteSignal<ThemeChoice>,
}

impl Theme {
    pub(crate) fn new() -> Self {
        let stored = storage().and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
        let (choice, set_choice) = signal(match stored.as_deref() {
            Some("light") => ThemeChoice::Light,
            Some("dark") => ThemeChoice::Dark,
            _ => ThemeChoice::System,
        });
        Self { choice, set_choice }
    }

    /// Takes a choice, keeps it and shows it.
    pub(crate) fn choose(self, choice: ThemeChoice) {
        let word = match choice {
            ThemeChoice::Light => Some("light"),
            ThemeChoice::Dark => Some("dark"),
            ThemeChoice::System => None,
        };
        // A browser that keeps nothing still shows the choice until it is closed.
        let _kept = storage().map(|storage| match word {
            Some(word) => storage.set_item(STORAGE_KEY, word),
            None => storage.remove_item(STORAGE_KEY),
        });
        let shown = word.unwrap_or(if system_is_dark() { "dark" } else { "light" });
        if let Some(page) = document().document_element() {
            let _set = page.set_attribute("data-theme", shown);
        }
        self.set_choice.set(choice);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn system_is_dark() -> bool {
    let query = window().match_media("(prefers-color-scheme: dark)");
    query.ok().flatten().is_some_and(|query| query.matches())
}
