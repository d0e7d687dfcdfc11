//! Something that all who call the same store share, for as long as any of them
//! does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// What is shared, by the store.
#[derive(Debug)]
pub(crate) struct PerStore<T> {
    known: Mutex<HashMap<String, Weak<T>>>,
}

impl<T> Default for PerStore<T> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
        }
    }
}

impl<T> PerStore<T> {
    /// What those who call `store` share; made where nobody does.
    pub(crate) fn of(&self, store: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.get(store).and_then(Weak::upgrade) {
            return shared;
        }
        known.retain(|_, shared| shared.strong_count() > 0);
        let made = Arc::new(make());
        known.insert(store.to_owned(), Arc::downgrade(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_one_for_as_long_as_somebody_holds_it() {
        let shared = PerStore::default();
        let first = shared.of("a", || 1);
        assert_eq!(*shared.of("a", || 2), 1);
        assert_eq!(*shared.of("b", || 3), 3);
        drop(first);
        assert_eq!(*shared.of("a", || 4), 4);
        assert_eq!(shared.known.lock().unwrap().len(), 1, "b is forgotten");
    }
}
