//! Telling whoever carries a run what is waited for.

use std::{sync::Arc, time::Duration};

/// Waits shorter than this are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long.
    pub long: Duration,
    /// Why, in a sentence.
    pub why: String,
}

/// Hears of waits. Called on the task that waits, and must not block.
pub type Listener = Arc<dyn Fn(Wait) + Send + Sync>;

tokio::task_local! {
    static LISTENER: Listener;
}

/// Lets `listener` hear of what is waited for within `future`; not of what tasks
/// wait for that are spawned there.
pub async fn telling<F: Future>(listener: Listener, future: F) -> F::Output {
    LISTENER.scope(listener, future).await
}

/// Who hears of the present task's waits, to be handed on to tasks that are
/// spawned.
pub fn listener() -> Option<Listener> {
    LISTENER.try_with(Clone::clone).ok()
}

/// Waits, and says so.
pub(crate) async fn wait(long: Duration, why: impl FnOnce() -> String) {
    if long >= WORTH_A_WORD {
        // Nobody listens where a person waits for the answer.
        let _nobody_listens = LISTENER.try_with(|listener| listener(Wait { long, why: why() }));
    }
    tokio::time::sleep(long).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn long_waits_are_told_and_short_ones_are_not() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listener: Listener = {
            let heard = Arc::clone(&heard);
            Arc::new(move |wait| heard.lock().unwrap().push(wait))
        };
        let long = Duration::from_secs(7);
        telling(listener, async {
            wait(Duration::from_millis(20), || unreachable!()).await;
            wait(long, || "The store is busy.".to_owned()).await;
        })
        .await;
        wait(long, || unreachable!()).await;
        let why = "The store is busy.".to_owned();
        assert_eq!(*heard.lock().unwrap(), [Wait { long, why }]);
    }
}
