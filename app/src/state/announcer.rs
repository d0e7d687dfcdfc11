use leptos::prelude::*;

/// Says things to people who listen to the page instead of looking at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announcer {
    /// What the page's polite live region holds.
    pub(crate) said: RwSignal<String>,
}

impl Announcer {
    pub(crate) fn new() -> Self {
        Self {
            said: RwSignal::new(String::new()),
        }
    }

    /// Says it once.
    pub(crate) fn say(self, words: impl Into<String>) {
        self.said.set(words.into());
    }
}
