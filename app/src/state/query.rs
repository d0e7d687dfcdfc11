use std::{
    any::Any,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use calibr_model::{Problem, ProblemKind};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{Connection, Session};
use crate::api::ApiError;

/// Pauses between tries, in milliseconds.
const PAUSES: [u32; 3] = [400, 1_200, 2_500];

/// Something that was read, whatever it is: what keeps it fresh is the same for
/// all, and stands in the download once.
type Held = Arc<dyn Any + Send + Sync>;
type Fetch = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Held, ApiError>>>>>;

/// What was read before, by key: a page that is opened again shows it at once
/// and reads it anew behind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cache {
    held: StoredValue<Vec<(String, Held)>>,
}

impl Cache {
    fn get(self, key: &str) -> Option<Held> {
        self.held.with_value(|all| {
            let (_, held) = all.iter().find(|(name, _)| name == key)?;
            Some(Arc::clone(held))
        })
    }

    fn put(self, key: String, value: Held) {
        self.held
            .update_value(|all| match all.iter_mut().find(|(name, _)| *name == key) {
                Some((_, held)) => *held = value,
                None => all.push((key, value)),
            });
    }

    /// Looks through what was read of one type.
    pub(crate) fn find<T: 'static, R>(self, look: impl Fn(&T) -> Option<R>) -> Option<R> {
        self.held.with_value(|all| {
            all.iter()
                .filter_map(|(_, held)| held.downcast_ref::<T>())
                .find_map(look)
        })
    }

    /// Forgets everything: another person may be next.
    pub(crate) fn clear(self) {
        self.held.update_value(Vec::clear);
    }
}

/// How a reading stands, whatever is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loading {
    held: RwSignal<Option<Held>>,
    /// What went wrong the last time.
    pub(crate) error: RwSignal<Option<Problem>>,
    /// Whether the server is being asked.
    pub(crate) fetching: RwSignal<bool>,
    /// Whether what is on show is not what is asked for now: another page, or
    /// other filters.
    pub(crate) stale: RwSignal<bool>,
    wishes: RwSignal<u32>,
}

impl Loading {
    /// Whether there is something to show.
    pub(crate) fn is_ready(self) -> bool {
        self.held.with(Option::is_some)
    }

    /// Reads again.
    pub(crate) fn refetch(self) {
        self.wishes
            .update(|wishes| *wishes = wishes.wrapping_add(1));
    }
}

/// Something read from the server and kept fresh.
pub(crate) struct Query<T> {
    /// How the reading stands.
    pub(crate) loading: Loading,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Query<T> {}

impl<T: Clone + Send + Sync + 'static> Query<T> {
    /// What was read last, if anything.
    pub(crate) fn with<R>(self, look: impl FnOnce(Option<&T>) -> R) -> R {
        self.loading
            .held
            .with(|held| look(held.as_ref().and_then(|held| held.downcast_ref())))
    }

    /// A copy of what was read last, if anything.
    pub(crate) fn get(self) -> Option<T> {
        self.with(|value| value.cloned())
    }

    /// What was read last, if anything, without following its changes.
    pub(crate) fn with_untracked<R>(self, look: impl FnOnce(Option<&T>) -> R) -> R {
        untrack(|| self.with(look))
    }

    /// Changes what is shown before the server has said so.
    pub(crate) fn amend(self, change: impl FnOnce(&mut T)) {
        self.loading.held.update(|held| {
            if let Some(Ok(mut value)) = held.take().map(Arc::downcast::<T>) {
                change(Arc::make_mut(&mut value));
                *held = Some(value);
            }
        });
    }

    /// Reads again.
    pub(crate) fn refetch(self) {
        self.loading.refetch();
    }
}

/// Reads with `fetch` whenever `key` changes, a refetch is asked for, or the
/// server can be reached again. `key` names what is read, is all that is
/// tracked, and is `None` while nothing can be read yet. Answers that come late
/// are dropped; faults of the network are tried again.
///
/// What was read last stays on show until the next answer.
pub(crate) fn query<T, F>(
    key: impl Fn() -> Option<String> + 'static,
    fetch: impl Fn() -> F + 'static,
) -> Query<T>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    let fetch: Fetch = Rc::new(move || {
        let request = fetch();
        Box::pin(async move { request.await.map(|value| Arc::new(value) as Held) })
    });
    Query {
        loading: keep_fresh(Box::new(key), fetch),
        of: PhantomData,
    }
}

fn keep_fresh(key: Box<dyn Fn() -> Option<String>>, fetch: Fetch) -> Loading {
    let loading = Loading {
        held: RwSignal::new(None),
        error: RwSignal::new(None),
        fetching: RwSignal::new(true),
        stale: RwSignal::new(false),
        wishes: RwSignal::new(0),
    };
    let cache = expect_context::<Cache>();
    let session = expect_context::<Session>();
    let connection = expect_context::<Connection>();

    // Counts the readings begun; one that is not the latest is out of date.
    let latest = Arc::new(AtomicU32::new(0));
    on_cleanup({
        let latest = Arc::clone(&latest);
        move || {
            latest.fetch_add(1, Ordering::Relaxed);
        }
    });

    Effect::new(move |before: Option<Option<String>>| {
        loading.wishes.track();
        connection.revived.track();
        let key = key();
        let number = latest.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(name) = key.clone() else {
            return key;
        };
        if before.flatten().as_ref() != Some(&name) {
            loading.error.set(None);
            let held = cache.get(&name);
            loading.stale.set(held.is_none());
            if let Some(held) = held {
                loading.held.set(Some(held));
            }
        }
        loading.fetching.set(true);
        let latest = Arc::clone(&latest);
        let fetch = Rc::clone(&fetch);
        spawn_local(async move {
            let is_current = || latest.load(Ordering::Relaxed) == number;
            let mut pauses = PAUSES.into_iter();
            let answer = loop {
                let answer = untrack(|| fetch()).await;
                if !is_current() {
                    return;
                }
                match (&answer, pauses.next()) {
                    (Err(error), Some(pause)) if error.is_transient() => {
                        TimeoutFuture::new(pause).await;
                        if !is_current() {
                            return;
                        }
                    }
                    _ => break answer,
                }
            };
            loading.fetching.set(false);
            match answer {
                Ok(value) => {
                    loading.stale.set(false);
                    cache.put(name, Arc::clone(&value));
                    loading.error.set(None);
                    loading.held.set(Some(value));
                }
                Err(ApiError(problem)) if problem.kind == ProblemKind::Unauthenticated => {
                    session.expired();
                }
                Err(ApiError(problem)) => loading.error.set(Some(problem)),
            }
        });
        key
    });
    loading
}
