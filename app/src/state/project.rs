use std::{cell::RefCell, time::Duration};

use calibr_model::{
    IntegrationId, PlatformId, ProjectSlug, Role, SyncRunId,
    event::SyncProgress,
    platform::{Capability, PlatformInfo},
    status::SyncStatus,
    views::{ConflictCounts, IntegrationView, Membership, RunView},
};
use leptos::{leptos_dom::helpers::debounce, prelude::*};

use super::{Live, LiveEvent, Loading, Query, query};
use crate::api;

/// Several changes at once are read once.
const GATHER: Duration = Duration::from_millis(250);

/// The project whose pages are open.
#[derive(Clone, Copy)]
pub(crate) struct Project {
    membership: StoredValue<Membership>,
    /// What happens in it.
    pub(crate) live: Live,
    /// Its stores, kept in step with what happens.
    pub(crate) integrations: Query<Vec<IntegrationView>>,
    /// What can be connected.
    pub(crate) platforms: Query<Vec<PlatformInfo>>,
    /// How many of its price conflicts are open, kept in step with what happens.
    pub(crate) conflicts: Query<ConflictCounts>,
}

impl Project {
    /// Opens a project: reads its stores and listens to what happens.
    pub(crate) fn open(membership: Membership) -> Self {
        let slug = membership.project.slug.clone();
        let live = Live::open(slug.as_str());
        let key = format!("{slug}/integrations");
        let integrations = query(move || Some(key.clone()), {
            let slug = slug.clone();
            move || api::integrations::list_integrations(slug.clone())
        });
        let platforms = query(
            || Some("platforms".to_owned()),
            api::platforms::list_platforms,
        );
        let key = format!("{slug}/conflict counts");
        let conflicts = query(
            move || Some(key.clone()),
            move || api::conflicts::count_conflicts(slug.clone()),
        );

        let refetch = gathered(move || integrations.refetch());
        live.listen(move |event| {
            let settled = match event {
                LiveEvent::Progress(progress) => {
                    integrations.amend(|all| apply(all, progress));
                    progress.status.is_final()
                }
                LiveEvent::Prices | LiveEvent::Conflicts => false,
                LiveEvent::Changed => true,
            };
            if settled {
                refetch();
            }
        });

        let this = Self {
            membership: StoredValue::new(membership),
            live,
            integrations,
            platforms,
            conflicts,
        };
        this.follow(conflicts.loading, |event| {
            matches!(event, LiveEvent::Conflicts | LiveEvent::Changed)
        });
        this
    }

    /// Its address.
    pub(crate) fn slug(self) -> ProjectSlug {
        self.membership
            .with_value(|membership| membership.project.slug.clone())
    }

    /// Its name.
    pub(crate) fn name(self) -> String {
        self.membership
            .with_value(|membership| membership.project.name.clone())
    }

    /// The IANA name of its time zone.
    pub(crate) fn time_zone(self) -> String {
        self.membership
            .with_value(|membership| membership.project.time_zone.clone())
    }

    /// Whether the signed-in person may do what takes `needed`.
    pub(crate) fn allows(self, needed: Role) -> bool {
        self.membership
            .with_value(|membership| membership.role.allows(needed))
    }

    /// One of its stores.
    pub(crate) fn integration(self, id: IntegrationId) -> Option<IntegrationView> {
        self.integrations
            .with(|all| all?.iter().find(|one| one.id == id).cloned())
    }

    /// How many price conflicts are open: of one of its stores, or of all.
    pub(crate) fn open_conflicts(self, store: Option<IntegrationId>) -> i64 {
        self.conflicts.with(|counts| match (counts, store) {
            (None, _) => 0,
            (Some(counts), None) => counts.open,
            (Some(counts), Some(id)) => {
                let mut stores = counts.stores.iter();
                let of_it = stores.find(|store| store.integration_id == id);
                of_it.map_or(0, |store| store.open)
            }
        })
    }

    /// What a platform declares of itself.
    pub(crate) fn platform(self, id: &PlatformId) -> Option<PlatformInfo> {
        self.platforms
            .with(|all| all?.iter().find(|one| one.id == *id).cloned())
    }

    /// Whether one of its stores sends messages by itself.
    pub(crate) fn has_webhooks(self, store: &IntegrationView) -> bool {
        self.can(&store.platform, Capability::Webhooks)
    }

    /// Puts one store's new state in place of its old one, or adds it.
    pub(crate) fn take(self, changed: IntegrationView) {
        self.integrations.amend(
            |all| match all.iter_mut().find(|one| one.id == changed.id) {
                Some(one) => *one = changed,
                None => all.push(changed),
            },
        );
    }

    /// Keeps what is on show in step with what changes of the stores.
    pub(crate) fn follow_changes(self, shown: Loading) {
        self.follow(shown, |event| matches!(event, LiveEvent::Changed));
    }

    /// Reads what is on show of products again when a sync has brought what the
    /// stores have, and when prices move.
    pub(crate) fn follow_products(self, shown: Loading) {
        self.follow(shown, |event| match event {
            LiveEvent::Progress(progress) => progress.status.is_final(),
            LiveEvent::Changed | LiveEvent::Prices | LiveEvent::Conflicts => true,
        });
    }

    /// Keeps runs that are on show in step with what happens. `find` looks a
    /// run up in what was read and moves it on; a run that is told of first, or
    /// comes to another state, makes it be read again. Only those that `concerns`
    /// admits count.
    pub(crate) fn follow_runs<T: Clone + Send + Sync + 'static>(
        self,
        query: Query<T>,
        concerns: impl Fn(&SyncProgress) -> bool + 'static,
        find: impl Fn(&mut T, SyncRunId) -> Option<&mut RunView> + 'static,
    ) {
        let refetch = gathered(move || query.refetch());
        let told = RefCell::new(Vec::<(SyncRunId, SyncStatus)>::new());
        self.live.listen(move |event| {
            let again = match event {
                LiveEvent::Progress(progress) if concerns(progress) => {
                    query.amend(|data| {
                        if let Some(run) = find(data, progress.run_id) {
                            bring_on(run, progress);
                        }
                    });
                    is_news(&mut told.borrow_mut(), progress)
                }
                LiveEvent::Progress(_) | LiveEvent::Prices | LiveEvent::Conflicts => false,
                LiveEvent::Changed => true,
            };
            if again {
                refetch();
            }
        });
    }

    /// Reads what is on show of prices again when some of them move, or are in
    /// conflict.
    pub(crate) fn follow_prices(self, shown: Loading) {
        self.follow(shown, |event| !matches!(event, LiveEvent::Progress(_)));
    }

    /// Reads what is on show again after each event that `concerns` it.
    fn follow(self, shown: Loading, concerns: fn(&LiveEvent) -> bool) {
        let refetch = gathered(move || shown.refetch());
        self.live.listen(move |event| {
            if concerns(event) {
                refetch();
            }
        });
    }

    /// Whether prices can be sent to a store of this platform.
    pub(crate) fn takes_prices(self, platform: &PlatformId) -> bool {
        self.can(platform, Capability::PricePush)
    }

    /// Whether this platform's connector can do it.
    pub(crate) fn can(self, platform: &PlatformId, capability: Capability) -> bool {
        self.platforms.with(|all| {
            let mut known = all.into_iter().flatten();
            known.any(|one| one.id == *platform && one.can(capability))
        })
    }
}

/// Whether a run is told of first, or in another state than before; keeps what it
/// was told.
fn is_news(told: &mut Vec<(SyncRunId, SyncStatus)>, progress: &SyncProgress) -> bool {
    let SyncProgress { run_id, status, .. } = *progress;
    match told.iter_mut().find(|(run, _)| *run == run_id) {
        Some((_, held)) => std::mem::replace(held, status) != status,
        None => {
            told.push((run_id, status));
            true
        }
    }
}

/// Brings a store into line with what its run just told.
fn apply(all: &mut [IntegrationView], progress: &SyncProgress) {
    if let Some(one) = all.iter_mut().find(|one| one.id == progress.integration_id) {
        one.sync_status = progress.status;
        one.progress = progress.status.is_active().then(|| progress.clone());
    }
}

/// Brings a run into line with what it just told. A run that has ended stays so:
/// messages may overtake each other.
fn bring_on(run: &mut RunView, progress: &SyncProgress) {
    if run.status.is_final() {
        return;
    }
    run.status = progress.status;
    run.phase = progress.phase;
    run.items_synced = progress.items_synced;
    run.items_failed = progress.items_failed;
    run.items_expected = progress.items_expected;
    run.started_at = run.started_at.or(progress.started_at);
    if progress.status.is_final() {
        run.completed_at = Some(progress.at);
    }
}

/// Calls `act` a moment later, once for all that is asked until then.
fn gathered(act: impl Fn() + 'static) -> impl Fn() + 'static {
    let later = RefCell::new(debounce(GATHER, move |()| act()));
    move || (later.borrow_mut())(())
}
