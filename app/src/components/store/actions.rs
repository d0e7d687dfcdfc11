use calibr_model::{
    Problem, ProblemKind,
    event::SyncProgress,
    status::{RunType, SyncStatus},
    views::{IntegrationView, RunView},
};
use leptos::prelude::*;

use crate::{
    api,
    components::runs::progress_of,
    state::{Ask, Project, Toast, Toasts},
    text::time::now_ms,
};

/// What a person does with a store. Each shows its effect at once and takes it
/// back where the server refuses.
#[derive(Clone, Copy)]
pub(crate) struct StoreActions {
    project: Project,
    toasts: Toasts,
    ask: Ask,
}

impl StoreActions {
    /// For the open project.
    pub(crate) fn here() -> Self {
        Self {
            project: expect_context(),
            toasts: expect_context(),
            ask: Ask::here(),
        }
    }

    /// Starts a run.
    pub(crate) fn sync(self, store: &IntegrationView, run_type: RunType) {
        let before = store.clone();
        let id = store.id;
        self.project.integrations.amend(|all| {
            if let Some(one) = all.iter_mut().find(|one| one.id == id) {
                one.sync_status = SyncStatus::Queued;
            }
        });
        let request = api::syncs::start_sync(self.project.slug(), id, run_type);
        self.ask.send(request, move |answer| match answer {
            Ok(run) => self.show_run(&run),
            Err(problem) => {
                let running = problem.kind == ProblemKind::Conflict;
                self.take_back(before, "The sync could not be started", problem);
                if running {
                    self.project.integrations.refetch();
                }
            }
        });
    }

    /// Stops a run.
    pub(crate) fn cancel(self, progress: &SyncProgress, done: impl FnOnce() + 'static) {
        let SyncProgress {
            integration_id,
            run_id,
            ..
        } = *progress;
        let request = api::syncs::cancel_sync(self.project.slug(), integration_id, run_id);
        self.ask.send(request, move |answer| {
            done();
            match answer {
                Ok(run) => {
                    self.show_run(&run);
                    self.toasts.show(
                        Toast::good("The sync is being stopped").detail("What came through stays."),
                    );
                }
                Err(problem) => {
                    self.toasts
                        .show(Toast::bad("The sync could not be stopped", problem.detail));
                    self.project.integrations.refetch();
                }
            }
        });
    }

    /// Holds back the runs by the clock, or lets them go on; can be undone.
    pub(crate) fn pause(self, store: &IntegrationView, paused: bool) {
        let before = store.clone();
        self.project.take(IntegrationView {
            paused,
            ..store.clone()
        });
        let (slug, id) = (self.project.slug(), store.id);
        let then = move |answer: Result<IntegrationView, Problem>| match answer {
            Ok(store) => {
                let name = store.name.clone();
                let title = if paused {
                    format!("{name} is paused")
                } else {
                    format!("{name} syncs on schedule again")
                };
                let undo = store.clone();
                self.project.take(store);
                self.toasts
                    .show(Toast::good(title).action("Undo", move || self.pause(&undo, !paused)));
            }
            Err(problem) => self.take_back(before, "That could not be changed", problem),
        };
        if paused {
            self.ask
                .send(api::integrations::pause_integration(slug, id), then);
        } else {
            self.ask
                .send(api::integrations::resume_integration(slug, id), then);
        }
    }

    fn take_back(self, before: IntegrationView, title: &str, problem: Problem) {
        self.project.take(before);
        self.toasts.show(Toast::bad(title, problem.detail));
    }

    /// Shows a run that was just asked for.
    pub(crate) fn show_run(self, run: &RunView) {
        let progress = progress_of(run, now_ms());
        self.project.integrations.amend(|all| {
            if let Some(one) = all.iter_mut().find(|one| one.id == progress.integration_id) {
                // The line may have told of later things already.
                let is_news = one
                    .progress
                    .as_ref()
                    .is_none_or(|held| held.run_id != progress.run_id);
                if is_news || progress.status.is_final() {
                    one.sync_status = progress.status;
                    one.progress = progress.status.is_active().then_some(progress);
                }
            }
        });
    }
}
