//! What two people made of the same settings.

use calibr_model::settings::SettingsView;

use super::fields::{Item, Texts, written};

/// Whose version of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The person's who saves.
    Mine,
    /// That of whoever saved before.
    Theirs,
}

/// A setting that the two have differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) item: Item,
    pub(super) mine: String,
    pub(super) theirs: String,
    /// Which one is to hold. Where only one of the two changed it, that one's
    /// until somebody says otherwise.
    pub(super) chosen: Option<Side>,
}

/// All that the two have differently, what both changed first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    /// What was saved before.
    pub(super) theirs: SettingsView,
    pub(super) rows: Vec<Row>,
}

impl Comparison {
    /// Compares what was typed with what was saved meanwhile; both began with
    /// `base`.
    pub(super) fn of(base: &Texts, mine: &Texts, theirs: SettingsView) -> Self {
        let saved = written(&theirs.settings);
        let row = |item: Item| {
            let at = item as usize;
            let (base, mine, theirs) = (&base[at], &mine[at], &saved[at]);
            (mine != theirs).then(|| Row {
                item,
                mine: mine.clone(),
                theirs: theirs.clone(),
                chosen: match (mine == base, theirs == base) {
                    (true, _) => Some(Side::Theirs),
                    (false, true) => Some(Side::Mine),
                    (false, false) => None,
                },
            })
        };
        let mut rows: Vec<Row> = Item::ALL.into_iter().filter_map(row).collect();
        rows.sort_by_key(|row| row.chosen.is_some());
        Self { theirs, rows }
    }

    /// What is to hold; nothing while one is not chosen.
    pub(super) fn settled(&self) -> Option<Texts> {
        let mut texts = written(&self.theirs.settings);
        for row in &self.rows {
            if row.chosen? == Side::Mine {
                texts[row.item as usize].clone_from(&row.mine);
            }
        }
        Some(texts)
    }
}

#[cfg(test)]
mod tests {
    use calibr_model::settings::{Frequency, Settings};

    use super::*;
    use crate::components::settings::fields::tests::settings;

    fn saved(settings: Settings) -> SettingsView {
        SettingsView {
            version: 2,
            saved_by: Some("Mia".to_owned()),
            saved_at: None,
            next_sync_at: None,
            full_sync_at: None,
            time_zone: "UTC".to_owned(),
            api_version: None,
            settings,
        }
    }

    #[test]
    fn what_only_one_changed_is_theirs_who_did_and_what_both_changed_is_asked() {
        let base = written(&settings());
        let mine = written(&Settings {
            name: "Mine".to_owned(),
            frequency: Frequency::Hourly,
            sync_prices: true,
            ..settings()
        });
        let theirs = saved(Settings {
            frequency: Frequency::SixHourly,
            sync_products: false,
            sync_prices: true,
            ..settings()
        });
        let mut comparison = Comparison::of(&base, &mine, theirs);
        let rows: Vec<_> = comparison
            .rows
            .iter()
            .map(|row| (row.item, row.chosen))
            .collect();
        assert_eq!(
            rows,
            [
                (Item::Frequency, None),
                (Item::Name, Some(Side::Mine)),
                (Item::SyncProducts, Some(Side::Theirs)),
            ]
        );
        assert_eq!(comparison.settled(), None);

        let mut settled = |side| {
            comparison.rows[0].chosen = Some(side);
            comparison.settled().unwrap()
        };
        let kept = settled(Side::Mine);
        assert_eq!(kept[Item::Name as usize], "Mine");
        assert_eq!(kept[Item::Frequency as usize], "hourly");
        assert_eq!(kept[Item::SyncProducts as usize], "false");
        assert_eq!(kept[Item::SyncPrices as usize], "true");
        assert_eq!(
            settled(Side::Theirs)[Item::Frequency as usize],
            "six_hourly"
        );
    }
}
