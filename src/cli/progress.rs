//! How far a long work is: a line that is drawn again and again, on standard error where that is a terminal, and nowhere
//! else.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use super::{
    output::Output,
    table::{age, cut},
};

/// Shortest time between two drawings.
const PERIOD: Duration = Duration::from_millis(250);
/// Time before which nobody can tell how long the rest will take.
const GUESS_AFTER: Duration = Duration::from_secs(2);
/// Characters of the bar.
const BAR: u64 = 24;
/// Width of a terminal that does not tell its own.
const WIDTH_USUAL: usize = 80;
/// Back to the begin of the line, whose rest is cleared.
const LINE_ANEW: &str = "\r\x1b[K";

/// The line.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// Nothing drawn yet.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), drawn: None, terminal: std::io::stderr().is_terminal() }
    }

    /// Whether anybody would see it.
    pub(super) fn is_seen(&self) -> bool {
        self.terminal
    }

    /// Draws how much is done of how much, and what there is to say of it, unless it was drawn a moment ago.
    pub(super) fn at(&mut self, (done, of): (u64, u64), words: &str, err: &mut Output<'_>) {
        if !self.terminal || self.drawn.is_some_and(|drawn| drawn.elapsed() < PERIOD) {
            return;
        }
        self.drawn = Some(Instant::now());
        let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
        let line = cut(&line((done, of), self.began.elapsed(), words), width.or(Some(WIDTH_USUAL)));
        err.part(&format!("{LINE_ANEW}{line}"));
    }

    /// Takes the line away, for what comes next.
    pub(super) fn clear(&mut self, err: &mut Output<'_>) {
        if self.drawn.take().is_some() {
            err.part(LINE_ANEW);
        }
    }
}

/// The bar, the figures, how long the rest will take at this pace, and words.
fn line((done, of): (u64, u64), took: Duration, words: &str) -> String {
    let part = |whole: u64| done.min(of).saturating_mul(whole).checked_div(of).unwrap_or(0);
    let full = usize::try_from(part(BAR)).unwrap_or(0);
    let bar: String =
        (0..usize::try_from(BAR).unwrap_or(0)).map(|at| if at < full { '#' } else { '.' }).collect();
    let rest = took.as_millis().saturating_mul(u128::from(of.saturating_sub(done))).checked_div(done.into());
    let rest = rest.and_then(|rest| u64::try_from(rest).ok()).map(Duration::from_millis);
    let rest = rest.filter(|_| took >= GUESS_AFTER && done < of);
    let rest = rest.map_or_else(String::new, |rest| format!(", {} left", age(rest)));
    let words = if words.is_empty() { String::new() } else { format!("; {words}") };
    format!("[{bar}] {}%, {done} of {of}{rest}{words}", part(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is_and_guesses_only_after_a_while() {
        let soon = Duration::from_secs(1);
        assert_eq!(line((0, 0), soon, ""), "[........................] 0%, 0 of 0");
        assert_eq!(line((1, 4), soon, ""), "[######..................] 25%, 1 of 4");
        let long = Duration::from_secs(60);
        assert_eq!(
            line((1, 4), long, "1 refused"),
            "[######..................] 25%, 1 of 4, 3m left; 1 refused"
        );
        assert_eq!(line((0, 4), long, ""), "[........................] 0%, 0 of 4");
        assert_eq!(line((4, 4), long, ""), "[########################] 100%, 4 of 4");
        assert_eq!(line((9, 4), long, ""), "[########################] 100%, 9 of 4");
    }

    #[test]
    fn what_is_no_terminal_gets_nothing() {
        let mut to = Vec::new();
        let mut err = Output::new(&mut to);
        let mut progress = Progress { terminal: false, ..Progress::new() };
        progress.at((1, 2), "", &mut err);
        progress.clear(&mut err);
        let _ = err.finish(0);
        assert_eq!(to, b"");
        let mut err = Output::new(&mut to);
        let mut progress = Progress { terminal: true, ..Progress::new() };
        progress.at((1, 2), "", &mut err);
        progress.at((2, 2), "", &mut err);
        progress.clear(&mut err);
        let _ = err.finish(0);
        let drawn = String::from_utf8(to).unwrap();
        assert!(drawn.contains("50%, 1 of 2") && !drawn.contains("100%"), "{drawn:?}");
        assert!(drawn.ends_with(LINE_ANEW), "{drawn:?}");
    }
}
