use calibr_model::{SyncRunId, views::RunView};
use leptos::prelude::*;

/// Whether it is the run that is looked for.
type IsIt<'a> = &'a dyn Fn(&&RunView) -> bool;

/// The ids of the runs in a list, changed only where the list is another one:
/// rows keep their place and focus while their runs move on.
pub(crate) fn run_ids(
    ids: impl Fn() -> Option<Vec<SyncRunId>> + Send + Sync + 'static,
) -> Signal<Vec<u128>> {
    let ids = Memo::new(move |_| {
        let ids = ids().unwrap_or_default();
        ids.into_iter().map(|id| id.0.as_u128()).collect::<Vec<_>>()
    });
    ids.into()
}

/// One run of a list, as it stands now.
pub(crate) fn run_of(
    id: u128,
    find: impl Fn(IsIt<'_>) -> Option<RunView> + Send + Sync + 'static,
) -> Signal<Option<RunView>> {
    Memo::new(move |_| find(&|run| run.id.0.as_u128() == id)).into()
}
