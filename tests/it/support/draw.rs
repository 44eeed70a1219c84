//! Draws from a seed: the same seed, the same history.

/// A stream of draws (splitmix64).
#[derive(Clone, Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// A stream of its own for a part of a history, so that what one part draws changes nothing for the others.
    pub fn branch(&self, part: u64) -> Self {
        let mut branch = Self(self.0 ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        branch.next();
        branch
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one less than `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From `least` to `most`, both included.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}
