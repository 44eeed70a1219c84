//! Charts as SVG, drawn by the hub: no script, colours from the stylesheet, every figure also as text.

use maud::{Markup, html};

use super::{shape::grouped, texts};

/// A bar: its label, how high it is, and how much of it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) whole: u64,
    pub(super) done: u64,
}

/// Width and height of the drawing, in its own units.
const WIDTH: u64 = 960;
const HEIGHT: u64 = 150;
/// Room for the labels below the bars.
const FOOT: u64 = 22;
/// Labels below the bars, at most.
const LABELS_MAX: usize = 8;

/// Bars side by side.
pub(super) fn bars(title: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.whole).max().unwrap_or_default().max(1);
    let count = u64::try_from(bars.len()).unwrap_or(u64::MAX).max(1);
    let step = WIDTH / count;
    let (gap, every) = (if step > 12 { 3 } else { 1 }, bars.len().div_ceil(LABELS_MAX).max(1));
    let high = |number: u64| (number * HEIGHT).div_ceil(most);
    let at = |place: usize| u64::try_from(place).unwrap_or(u64::MAX).saturating_mul(WIDTH) / count;
    html! {
        figure.chart {
            svg viewBox={ "0 -14 " (WIDTH) " " (HEIGHT + FOOT + 14) } role="img" aria-label={ (title) ": " (summary(bars)) } {
                line.grid x1="0" y1="0" x2=(WIDTH) y2="0" {}
                line.grid x1="0" y1=(HEIGHT / 2) x2=(WIDTH) y2=(HEIGHT / 2) {}
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                text.tick x="0" y="-3" { (grouped(most)) }
                @for (place, bar) in bars.iter().enumerate() {
                    g {
                        title { (bar.label) ": " (grouped(bar.whole)) ", " (grouped(bar.done)) " " (texts::DELIVERED) }
                        rect.whole x=(at(place)) y=(HEIGHT - high(bar.whole)) width=(step.saturating_sub(gap).max(1)) height=(high(bar.whole)) {}
                        rect.done x=(at(place)) y=(HEIGHT - high(bar.done)) width=(step.saturating_sub(gap).max(1)) height=(high(bar.done)) {}
                    }
                    @if place % every == 0 { text.tick x=(at(place)) y=(HEIGHT + 16) { (bar.label) } }
                }
            }
            figcaption { span.key.done {} (texts::DELIVERED) span.key.whole {} (texts::NOT_YET) }
        }
    }
}

fn summary(bars: &[Bar]) -> String {
    let (whole, done) = bars.iter().fold((0, 0), |(whole, done), bar| (whole + bar.whole, done + bar.done));
    format!("{} {}, {} {}", grouped(whole), texts::MADE_COPIES.of(whole), grouped(done), texts::DELIVERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_drawing_and_an_empty_day_draws_none() {
        let bar = |whole, done| Bar { label: "12".to_owned(), whole, done };
        let drawn = bars("x", &[bar(10, 5), bar(0, 0)]).into_string();
        assert!(drawn.contains("class=\"whole\" x=\"0\" y=\"0\" width=\"477\" height=\"150\""), "{drawn}");
        assert!(drawn.contains("class=\"done\" x=\"0\" y=\"75\" width=\"477\" height=\"75\""), "{drawn}");
        assert!(drawn.contains("class=\"whole\" x=\"480\" y=\"150\" width=\"477\" height=\"0\""), "{drawn}");
        assert!(bars("x", &[]).into_string().contains("<svg"));
    }
}
