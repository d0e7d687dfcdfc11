//! Repeatable randomness: the same seed gives the same numbers on every machine and with every
//! version of every dependency, which a stored fixture or a filed bug relies on.

/// A stream of pseudo-random numbers (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The stream that belongs to record `index` of `seed`, independent of its neighbours'.
    pub(crate) fn of(seed: u64, index: u64) -> Self {
        let mut dice = Self::new(seed ^ index.wrapping_mul(GOLDEN).rotate_left(23));
        dice.roll();
        dice
    }

    /// The next 64 bits.
    pub(crate) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `sides - 1`; 0 for a die without sides.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.roll().checked_rem(sides).unwrap_or(0)
    }

    /// Whether something that happens in `percent` of all cases happens in this one.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number from 0 (included) to 1 (not included).
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of `choices`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// `bytes` random bytes in lower-case hex.
    pub(crate) fn hex(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes * 2 + 16);
        while text.len() < bytes * 2 {
            text.push_str(&format!("{:016x}", self.roll()));
        }
        text.truncate(bytes * 2);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let mut first = Dice::of(7, 12);
        let mut second = Dice::of(7, 12);
        let mut neighbour = Dice::of(7, 13);

        let numbers: Vec<u64> = (0..4).map(|_| first.roll()).collect();

        assert_eq!(numbers, (0..4).map(|_| second.roll()).collect::<Vec<_>>());
        assert_ne!(numbers[0], neighbour.roll());
    }

    #[test]
    fn hex_has_the_length_asked_for() {
        assert_eq!(Dice::new(1).hex(16).len(), 32);
        assert_eq!(Dice::new(1).hex(5).len(), 10);
    }
}
