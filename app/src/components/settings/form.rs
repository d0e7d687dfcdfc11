use calibr_model::{
    FieldError, IntegrationId, ProblemKind,
    platform::PlatformInfo,
    settings::{SettingsPatch, SettingsView},
};
use leptos::prelude::*;

use super::{
    comparison::Comparison,
    edited::Edited,
    fields::{Item, Texts, is_on, parsed, read, switched, written},
};
use crate::{
    api,
    routes::{self, Place, ProjectPlace, SettingsTab},
    state::{Address, Ask, Drafts, FormState, Project, Query, Toast, Toasts},
};

/// The form of a store's settings, over all tabs: what was typed, what it began
/// with, and what became of it.
#[derive(Clone, Copy)]
pub(crate) struct SettingsForm {
    pub(crate) id: IntegrationId,
    project: Project,
    address: Address,
    toasts: Toasts,
    ask: Ask,
    platform: StoredValue<PlatformInfo>,
    items: [Edited; Item::ALL.len()],
    /// The version that it began with.
    version: RwSignal<String>,
    /// What is saved, kept in step.
    pub(crate) saved: Query<SettingsView>,
    /// Its faults, and whether it is being sent.
    pub(crate) state: FormState,
    /// Whether something is not saved.
    pub(crate) dirty: Memo<bool>,
    /// What another person saved meanwhile, beside what was typed.
    pub(super) comparison: RwSignal<Option<Comparison>>,
    /// Whether both are on show.
    pub(super) comparing: RwSignal<bool>,
}

impl SettingsForm {
    /// The form of a store, with what was typed into it before.
    pub(crate) fn open(
        id: IntegrationId,
        platform: PlatformInfo,
        saved: Query<SettingsView>,
    ) -> Self {
        let draft = expect_context::<Drafts>().of(format!("settings {id}"));
        let items = Item::ALL.map(|item| Edited::of(draft, item.name()));
        let version = draft.field("version");
        let state = FormState::new();
        for item in Item::ALL {
            state.has_field(item.name());
        }
        let this = Self {
            id,
            project: expect_context(),
            address: expect_context(),
            toasts: expect_context(),
            ask: Ask::here(),
            platform: StoredValue::new(platform),
            items,
            version,
            saved,
            state,
            dirty: Memo::new(move |_| items.iter().any(|item| item.is_dirty())),
            comparison: RwSignal::new(None),
            comparing: RwSignal::new(false),
        };
        this.keep_up();
        Effect::new(move |_| {
            saved.with(|_| ());
            this.keep_up();
        });
        this
    }

    /// Shows what others saved, where nothing was typed that it would replace.
    fn keep_up(self) {
        let is_begun = !self.version.read_untracked().is_empty();
        if is_begun && self.dirty.get_untracked() {
            return;
        }
        self.saved.with_untracked(|saved| {
            if let Some(saved) = saved {
                self.take(saved);
            }
        });
    }

    fn take(self, saved: &SettingsView) {
        self.version.set(saved.version.to_string());
        for (item, text) in self.items.iter().zip(written(&saved.settings)) {
            item.take(&text);
        }
    }

    /// What the platform declares of itself.
    pub(super) fn platform(self) -> PlatformInfo {
        self.platform.get_value()
    }

    /// What stands in a field.
    pub(super) fn text(self, item: Item) -> RwSignal<String> {
        self.items[item as usize].mine
    }

    /// Whether a field was changed. Tracked.
    pub(super) fn is_changed(self, item: Item) -> bool {
        self.items[item as usize].is_dirty()
    }

    /// Whether a switch is on.
    pub(super) fn on(self, item: Item) -> Signal<bool> {
        let text = self.text(item);
        Signal::derive(move || text.with(|text| is_on(text)))
    }

    /// Sets a switch.
    pub(super) fn set(self, item: Item, on: bool) {
        self.text(item).set(switched(on).to_owned());
    }

    /// Who saved after this form was begun, while it holds something else.
    /// Tracked.
    pub(super) fn overtaken_by(self) -> Option<String> {
        // While it is being saved, the newer one is its own.
        if self.state.busy.get() {
            return None;
        }
        let own = self.version.get();
        self.saved.with(|saved| {
            let newer = saved.filter(|saved| saved.version.to_string() != own)?;
            self.dirty.get().then(|| saved_by(newer))
        })
    }

    /// Forgets what was typed, and shows what is saved.
    pub(crate) fn discard(self) {
        self.state.reset();
        for item in self.items {
            item.discard();
        }
        self.keep_up();
    }

    fn texts(self) -> (Texts, Texts) {
        (
            self.items.map(|item| item.base.get_untracked()),
            self.items.map(|item| item.mine.get_untracked()),
        )
    }

    /// Saves what was changed, where it keeps the rules.
    pub(crate) fn save(self) {
        let saved = self
            .saved
            .with_untracked(|saved| saved.map(|saved| saved.settings.clone()));
        let version = self.version.with_untracked(|version| version.parse());
        let (Some(saved), Ok(version)) = (saved, version) else {
            return;
        };
        if self.state.busy.get_untracked() {
            return;
        }
        self.state.reset();
        let (base, mine) = self.texts();
        let (before, _) = parsed(&base, &saved);
        let after = self
            .platform
            .with_value(|platform| read(&mine, &before, platform));
        match after {
            Ok(after) => self.send(SettingsPatch::between(version, &before, &after), mine),
            Err(faults) => {
                self.lead_to(&faults);
                self.state.refuse(faults);
            }
        }
    }

    fn send(self, patch: SettingsPatch, sent: Texts) {
        self.state.busy.set(true);
        let request = api::settings::save_settings(self.project.slug(), self.id, patch);
        self.ask.send(request, move |answer| {
            if self.state.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(saved) => {
                    self.version.set(saved.version.to_string());
                    for ((item, sent), text) in
                        self.items.iter().zip(&sent).zip(written(&saved.settings))
                    {
                        item.settle(sent, &text);
                    }
                    self.saved.amend(|shown| *shown = saved);
                    self.toasts.show(Toast::good("Settings saved"));
                }
                Err(problem) if problem.kind == ProblemKind::Conflict => self.compare(),
                Err(problem) => {
                    self.lead_to(&problem.errors);
                    self.state.fail(problem);
                }
            }
        });
    }

    /// Opens the tab on which the first fault stands, unless one stands on the
    /// open one.
    fn lead_to(self, faults: &[FieldError]) {
        let tabs: Vec<SettingsTab> = faults
            .iter()
            .filter_map(|fault| Some(Item::of(&fault.field)?.tab()))
            .collect();
        let path = self.address.path.get_untracked();
        let Place::Project(slug, ProjectPlace::Settings(id, open)) = Place::of(&path) else {
            return;
        };
        if let Some(first) = tabs.first()
            && !tabs.contains(&open)
        {
            self.address.go(&routes::settings_tab(&slug, id, *first));
        }
    }

    /// Reads what another person saved, and shows it beside what was typed.
    pub(super) fn compare(self) {
        self.state.busy.set(true);
        let request = api::settings::get_settings(self.project.slug(), self.id);
        self.ask.send(request, move |answer| {
            if self.state.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(theirs) => {
                    let (base, mine) = self.texts();
                    self.saved.amend(|shown| *shown = theirs.clone());
                    let comparison = Comparison::of(&base, &mine, theirs);
                    self.comparison.set(Some(comparison));
                    self.comparing.set(true);
                }
                Err(problem) => self.state.fail(problem),
            }
        });
    }

    /// Takes over what was chosen of both, and saves what is left of it.
    pub(super) fn settle(self, comparison: &Comparison, settled: &Texts) {
        self.comparing.set(false);
        let theirs = &comparison.theirs;
        self.version.set(theirs.version.to_string());
        let base = written(&theirs.settings);
        for ((item, base), text) in self.items.iter().zip(&base).zip(settled) {
            item.base.set(base.clone());
            item.mine.set(text.clone());
        }
        if self.dirty.get_untracked() {
            self.save();
        } else {
            let title = format!("The settings are as {} saved them", saved_by(theirs));
            self.toasts.show(Toast::good(title));
        }
    }
}

/// Who saved settings, to begin a sentence.
pub(super) fn saved_by(saved: &SettingsView) -> String {
    let name = saved.saved_by.clone();
    name.unwrap_or_else(|| "Somebody".to_owned())
}
