//! How many calls a run makes, and how long a platform's published rate makes
//! that at least: before it is asked for.

use std::time::Duration;

/// What a run is to do, as far as that is known before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workload {
    /// What is read of the catalogue.
    pub catalogue: CatalogueWork,
    /// What is read of the orders.
    pub orders: OrderWork,
    /// Prices that wait to be sent.
    pub prices: u64,
    /// Whether the store's subscriptions are compared first.
    pub webhooks: bool,
}

/// What is read of a catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CatalogueWork {
    /// Nothing.
    #[default]
    Nothing,
    /// All of it.
    Full(Size),
    /// What changed; it cannot be known beforehand how much that is, so this is
    /// what changed the last time.
    Changed(Size),
    /// Single items.
    Items(Size),
}

/// How large a catalogue is, or a part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Variants.
    pub listings: u64,
    /// Products: of single items, those that are read whole.
    pub products: u64,
    /// Products whose variants are items of their own: of single items, those
    /// that the variants are of.
    pub with_variants: u64,
}

/// What is read of the orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OrderWork {
    /// Nothing.
    #[default]
    Nothing,
    /// What was placed or changed since the last time: as many as then.
    Changed(u64),
    /// Single ones.
    Items(u64),
}

/// What a run comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallsEstimate {
    /// About how many calls.
    pub calls: u64,
    /// How long the platform's published rate makes these at least; zero where it
    /// publishes none, or lets all of them through at once.
    pub at_least: Duration,
    /// What that rests on, in a sentence or two.
    pub how: String,
}

/// Pages of a list whose pages begin with the last row of the page before.
pub(crate) const fn overlapping_pages(rows: u64, page: u64) -> u64 {
    if rows <= page {
        1
    } else {
        (rows - 1).div_ceil(page - 1)
    }
}

/// Pages of a list, which is asked for once even where it is empty.
pub(crate) fn pages(rows: u64, page: u64) -> u64 {
    rows.div_ceil(page).max(1)
}

/// How long calls take at least that cost so much of a bucket in all.
pub(crate) fn at_rate(cost: f64, burst: f64, per_second: f64) -> Duration {
    Duration::try_from_secs_f64(((cost - burst) / per_second).max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_with_the_row_they_share() {
        assert_eq!(overlapping_pages(0, 100), 1);
        assert_eq!(overlapping_pages(100, 100), 1);
        assert_eq!(overlapping_pages(101, 100), 2);
        assert_eq!(overlapping_pages(199, 100), 2);
        assert_eq!(overlapping_pages(200, 100), 3);
        assert_eq!((pages(0, 20), pages(20, 20), pages(21, 20)), (1, 1, 2));
    }

    #[test]
    fn what_fits_into_the_burst_takes_no_time() {
        assert_eq!(at_rate(20.0, 20.0, 0.5), Duration::ZERO);
        assert_eq!(at_rate(21.0, 20.0, 0.5), Duration::from_secs(2));
    }
}
