//! `coohub top`: the lanes as they move, drawn again and again.
//!
//! What is drawn is a pure function of two answers and of how large the terminal is; a hub that is away for a moment is
//! told and asked again.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    exit,
    follow::until_signal,
    operator::{Answer, At, ask, tell_kinds, text},
    output::Output,
    status::{notes, words},
    table::{Table, age, cut, size},
};
use crate::{control::wire::Command, problem::unit};

/// Shortest time between two drawings.
pub const EVERY_MIN: Duration = Duration::from_millis(500);
/// Back to the upper left corner.
const HOME: &str = "\x1b[H";
/// What is left of a line, and of the screen, is cleared.
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";

/// Arguments of `top`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which hub.
    #[command(flatten)]
    pub at: At,
    /// The time between two drawings, 500ms or more.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = every)]
    pub every: Duration,
    /// One drawing, as when the output is no terminal.
    #[arg(long)]
    pub once: bool,
}

/// Draws until a signal; 0, or 69 where the hub was away at the end.
pub fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let at = &arguments.at;
    let screen = size();
    let asked = || ask(at, environment, None, Command::Status {});
    if arguments.once || at.json || screen.is_none() {
        return match asked() {
            Ok(answer) if at.json => {
                tell_kinds(&answer, |_| "lane", "hub", out);
                exit::CLEAN
            }
            Ok(answer) => {
                frame(&answer, None, None).iter().for_each(|line| out.line(line));
                exit::CLEAN
            }
            Err(failed) => failed.tell(at, out, err),
        };
    }
    let (mut before, mut code): (Option<Answer>, u8) = (None, exit::CLEAN);
    let ended = until_signal(err, &mut |err, wait| {
        loop {
            let lines = match asked() {
                Ok(answer) => {
                    code = exit::CLEAN;
                    let lines = frame(&answer, before.as_ref(), size());
                    before = Some(answer);
                    lines
                }
                Err(failed) => {
                    (before, code) = (None, failed.exit);
                    vec![failed.words]
                }
            };
            let lines: Vec<_> = lines.iter().map(|line| format!("{line}{REST_OF_LINE}\n")).collect();
            out.text(format!("{HOME}{}{REST_OF_SCREEN}", lines.concat()).as_bytes());
            out.flush();
            err.flush();
            if !wait(arguments.every) {
                return exit::CLEAN;
            }
        }
    });
    if ended == exit::CLEAN { code } else { ended }
}

/// A drawing: the hub in a line, what is out of the ordinary, and the lanes, those with most to do first.
fn frame(now: &Answer, before: Option<&Answer>, screen: Option<(usize, usize)>) -> Vec<String> {
    let hub = &now.end;
    let rate = |name: &str| {
        let before = before.map(|before| (&before.end, seconds(&before.end, hub)));
        before.map_or_else(|| "-".to_owned(), |(before, seconds)| per_second(before, hub, name, seconds))
    };
    let figure = |name: &str| text(hub, name);
    let mut lines = vec![
        format!("{}  {}  coohub {}", figure("region"), figure("now"), figure("version")),
        format!(
            "accepted {} ({}/s)  delivered {} ({}/s)  open {}  held {}  failed {}  unrouted {}",
            figure("messages"),
            rate("messages"),
            figure("delivered"),
            rate("delivered"),
            figure("open"),
            figure("held"),
            figure("failed"),
            figure("unrouted"),
        ),
    ];
    lines.extend(notes(hub));
    lines.push(String::new());
    let width = screen.map(|(width, _)| width);
    lines.extend(lanes(now, before).lines(width));
    let mut lines: Vec<_> = lines.iter().map(|line| cut(line, width)).collect();
    if let Some((_, height)) = screen
        && lines.len() >= height
    {
        let hidden = lines.len().saturating_sub(height.saturating_sub(2));
        lines.truncate(height.saturating_sub(2));
        let lanes = unit::noun(hidden, "line", "lines");
        lines.push(cut(&format!("… {hidden} {lanes} more; a taller window shows all"), width));
    }
    lines
}

fn lanes(now: &Answer, before: Option<&Answer>) -> Table {
    let mut table = Table::new(["MEMBER", "OPEN", "PER SECOND", "DUE", "HELD", "DEAD", "OLDEST", "LANE"]);
    let number = |lane: &Value, name: &str| lane.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut lanes: Vec<&Value> = now.items.iter().collect();
    lanes.sort_by_cached_key(|lane| {
        (Reverse(number(lane, "due")), Reverse(number(lane, "open")), text(lane, "member"))
    });
    for lane in lanes {
        let figure = |name: &str| text(lane, name);
        let earlier = before.and_then(|before| {
            let same = before.items.iter().find(|other| text(other, "member") == figure("member"));
            same.map(|other| (other, seconds(&before.end, &now.end)))
        });
        let moved =
            earlier.map_or_else(|| "-".to_owned(), |(other, time)| per_second(other, lane, "open", time));
        let oldest = lane.get("oldestSeconds").and_then(Value::as_u64);
        let oldest = oldest.map_or_else(|| "-".to_owned(), |seconds| age(Duration::from_secs(seconds)));
        let cells = [figure("due"), figure("held"), figure("dead"), oldest, words(lane)];
        let [due, held, dead, oldest, words] = cells;
        table.row([figure("member"), figure("open"), moved, due, held, dead, oldest, words]);
    }
    table
}

/// The time between two answers, by the hub's clock, in seconds.
fn seconds(before: &Value, now: &Value) -> f64 {
    let at = |value: &Value| text(value, "now").parse::<jiff::Timestamp>().ok();
    at(before).zip(at(now)).map_or(0.0, |(before, now)| now.duration_since(before).as_secs_f64())
}

/// How a figure changes, per second; a dash where that cannot be told.
fn per_second(before: &Value, now: &Value, name: &str, seconds: f64) -> String {
    let figure = |value: &Value| value.get(name).and_then(Value::as_f64);
    match figure(before).zip(figure(now)) {
        Some((before, now)) if seconds > 0.0 => format!("{:+.1}", (now - before) / seconds),
        _ => "-".to_owned(),
    }
}

fn every(text: &str) -> Result<Duration, String> {
    match unit::duration(text) {
        Some(pause) if pause >= EVERY_MIN => Ok(pause),
        Some(_) => Err(format!("at least {}", unit::duration_text(EVERY_MIN))),
        None => Err("a number and its unit: 500ms, 2s, 1m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(now: &str, delivered: u64, almora_open: u64) -> Answer {
        let lane = |member: &str, open: u64, due: u64| {
            json!({"member": member, "open": open, "due": due, "held": 0, "dead": 0, "reach": "push",
                   "oldestSeconds": 90, "hold": null, "nextDue": null})
        };
        let end = json!({"region": "mec", "now": now, "version": "1", "messages": 10, "delivered": delivered,
                         "open": almora_open, "held": 0, "failed": 0, "unrouted": 0});
        Answer { items: vec![lane("brisca", 1, 0), lane("almora", almora_open, 5)], end }
    }

    #[test]
    fn a_frame_tells_what_moved_since_the_one_before() {
        let before = answer("2026-11-28T10:00:00.000Z", 100, 50);
        let lines = frame(&answer("2026-11-28T10:00:02.000Z", 140, 10), Some(&before), None);
        assert!(lines[1].contains("delivered 140 (+20.0/s)"), "{lines:?}");
        assert!(
            lines[4].starts_with("almora") && lines[4].contains("-20.0"),
            "most to do comes first: {lines:?}"
        );
        assert!(lines[5].starts_with("brisca") && lines[5].contains("+0.0"), "{lines:?}");
        let first = frame(&before, None, None);
        assert!(first[1].contains("delivered 100 (-/s)"), "{first:?}");
    }

    #[test]
    fn a_frame_is_no_larger_than_the_screen() {
        let now = answer("2026-11-28T10:00:00.000Z", 100, 50);
        for (width, height) in [(20, 5), (80, 6), (200, 40)] {
            let lines = frame(&now, None, Some((width, height)));
            assert!(lines.len() < height, "{lines:?}");
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
        }
        assert!(frame(&now, None, Some((80, 6))).last().unwrap().contains("lines more"));
    }

    #[test]
    fn the_time_between_two_drawings_is_no_shorter_than_the_least() {
        assert_eq!(every("500ms"), Ok(EVERY_MIN));
        assert_eq!(every("499ms"), Err("at least 500ms".to_owned()));
        assert!(every("fast").is_err());
    }
}
