use std::time::Duration;

use leptos::{leptos_dom::helpers::set_interval_with_handle, prelude::*};

use crate::text::time::now_ms;

/// The browser's clock, ticking every second for what shows the time gone by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Milliseconds since 1970.
    pub(crate) now: ReadSignal<f64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let (now, set_now) = signal(now_ms());
        let tick = set_interval_with_handle(move || set_now.set(now_ms()), Duration::from_secs(1));
        if let Ok(tick) = tick {
            on_cleanup(move || tick.clear());
        }
        Self { now }
    }
}
