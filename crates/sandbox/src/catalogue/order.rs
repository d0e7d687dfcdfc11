//! Walking over the products of a catalogue in an order, from any place, in either direction.

use std::ops::Bound;

use super::Catalogue;

/// What products can be ordered by; equals are ordered by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Key,
    Updated,
    Created,
    Title,
}

/// What an order compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    None,
    Time(i64),
    Text(String),
}

/// Where a product stands in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) rank: Rank,
    pub(crate) key: u32,
}

type Places<'a> = Box<dyn Iterator<Item = Place> + 'a>;

impl Catalogue {
    /// The places strictly between `after` and `before`, backwards if so asked.
    pub(crate) fn places(
        &self,
        order: Order,
        after: Option<&Place>,
        before: Option<&Place>,
        backwards: bool,
    ) -> Places<'_> {
        match order {
            Order::Key => {
                let key = |place: Option<&Place>| match place {
                    Some(place) => Bound::Excluded(place.key),
                    None => Bound::Unbounded,
                };
                let keys = self.keys(key(after), key(before));
                directed(
                    keys.map(|key| Place {
                        rank: Rank::None,
                        key,
                    }),
                    backwards,
                )
            }
            Order::Updated => {
                let lower = match after {
                    Some(place) => Bound::Excluded(time_and_key(place)),
                    None => Bound::Unbounded,
                };
                let upper = match before {
                    Some(place) => Bound::Excluded(time_and_key(place)),
                    None => Bound::Unbounded,
                };
                if after.is_some() && before.is_some() && after >= before {
                    return Box::new(std::iter::empty());
                }
                let range = self.by_update().range((lower, upper));
                directed(
                    range.map(|&(time, key)| Place {
                        rank: Rank::Time(time),
                        key,
                    }),
                    backwards,
                )
            }
            Order::Created | Order::Title => {
                let mut places: Vec<Place> = self
                    .keys_from(0)
                    .filter_map(|key| {
                        let product = self.product(key)?;
                        let rank = match order {
                            Order::Title => Rank::Text(product.title.to_lowercase()),
                            _ => Rank::Time(product.created_at),
                        };
                        Some(Place { rank, key })
                    })
                    .filter(|place| after.is_none_or(|after| place > after))
                    .filter(|place| before.is_none_or(|before| place < before))
                    .collect();
                places.sort();
                directed(places.into_iter(), backwards)
            }
        }
    }
}

fn directed<'a>(
    places: impl DoubleEndedIterator<Item = Place> + 'a,
    backwards: bool,
) -> Places<'a> {
    if backwards {
        Box::new(places.rev())
    } else {
        Box::new(places)
    }
}

fn time_and_key(place: &Place) -> (i64, u32) {
    match place.rank {
        Rank::Time(time) => (time, place.key),
        Rank::None | Rank::Text(_) => (i64::MIN, place.key),
    }
}
