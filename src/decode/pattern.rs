//! Patterns of texts, in the dialect of XML Schema, so that a format's own can be copied as they stand.

use std::fmt;

use uppsala::XsdRegex;

/// Steps one look at one text may take. A plain pattern takes a few per character.
const STEPS_MAX: usize = 100_000;

/// A compiled pattern. It always means the whole text; its work per text is bounded, and a text past the bound does not
/// match.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    compiled: XsdRegex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), compiled: XsdRegex::compile(text)? })
    }

    /// Whether a whole text fits.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.compiled.is_match_with_max_steps(text, STEPS_MAX)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_whole_text() {
        let pattern = Pattern::new(r"[0-9]{4}|R(\.[A-Z]{2})?").unwrap();
        assert!(["1234", "R", "R.KZ"].iter().all(|text| pattern.fits(text)));
        assert!(!["12345", "x1234", "R.", ""].iter().any(|text| pattern.fits(text)));
        assert!(Pattern::new("[А-Я]{2}").unwrap().fits("РФ"));
        assert!(Pattern::new("[0-9").is_err());
    }

    #[test]
    fn a_text_that_would_take_too_long_does_not_match() {
        let slow = Pattern::new("(a*)*b").unwrap();
        assert!(!slow.fits(&"a".repeat(4000)));
        // The library's own bound grows with the text: a megabyte would take it seconds.
        let plain = Pattern::new(".*x").unwrap();
        assert!(plain.fits(&("a".repeat(4_000) + "x")));
        assert!(!plain.fits(&("a".repeat(1 << 20) + "x")));
    }
}
