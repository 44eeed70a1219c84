//! How values look on every page: states, times, figures, links. No page has its own way.

use std::{fmt::Write as _, ops::Range};

use maud::{Markup, html};
use serde_json::Value;

use super::{frame::token, gate::Caller, texts};

/// A member of a JSON object as text; empty for none.
pub(super) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A member of a JSON object as a figure.
pub(super) fn figure(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The entries of a list in a JSON object.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The colour and sign of a state, beside its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    Good,
    Waits,
    Bad,
    Held,
    Off,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "state good",
            Self::Waits => "state waits",
            Self::Bad => "state bad",
            Self::Held => "state held",
            Self::Off => "state off",
        }
    }

    /// The tone of a delivery's or message's state, by its word.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "delivered" | "routed" | "accepted" | "received" | "collected" | "valid" => Self::Good,
            "pending" | "queued" | "deferred" | "unrouted" => Self::Waits,
            "refused" | "expired" | "rejected" | "severe" => Self::Bad,
            "held" | "parked" | "unaddressed" | "warning" => Self::Held,
            _ => Self::Off,
        }
    }
}

/// A state: its word, a colour, and a sign of its own shape.
pub(super) fn toned(tone: Tone, words: &str) -> Markup {
    html! { span class=(tone.class()) { (words) } }
}

/// The state of a delivery or message.
pub(super) fn state(word: &str) -> Markup {
    toned(Tone::of(word), texts::state(word))
}

/// An instant as the hub writes it, shortened to seconds.
pub(super) fn time(instant: &str) -> Markup {
    if instant.is_empty() {
        return html! { span.none { "–" } };
    }
    let (day, rest) = instant.split_once('T').unwrap_or((instant, ""));
    let clock = rest.split(['.', 'Z']).next().unwrap_or_default();
    html! { time datetime=(instant) title=(instant) { (day) " " span.clock { (clock) } } }
}

/// A length of time in its two largest units.
pub(super) fn age(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes:02} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A figure with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A figure and the noun it counts.
pub(super) fn counted(number: usize, noun: texts::Noun) -> String {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), noun.of(number))
}

/// The first characters of an id or digest, the whole in its title.
pub(super) fn short(id: &str) -> Markup {
    let bare = id.rsplit(':').next().unwrap_or(id);
    // Ids of the same second begin alike; they differ at their end.
    let tail: String = match bare.len() {
        0..=13 => bare.to_owned(),
        length => bare.chars().skip(length.saturating_sub(12)).collect(),
    };
    html! { code title=(id) { (tail) } }
}

/// A text for a path or a query, percent-encoded.
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().fold(String::with_capacity(text.len()), |mut text, byte| {
        let _ = if plain(byte) { write!(text, "{}", char::from(byte)) } else { write!(text, "%{byte:02X}") };
        text
    })
}

/// Terms and what they are; those of which nothing is known are left out.
pub(super) fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (term, what) in pairs.iter().filter(|(_, what)| !what.0.is_empty()) { div { dt { (term) } dd { (what) } } }
        }
    }
}

/// A table in a box of its own, in which it scrolls; `figures` are the columns that hold some.
pub(super) fn table(label: &str, head: &[&str], figures: Range<usize>, rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table {
                caption.unseen { (label) }
                thead { tr { @for (place, name) in head.iter().enumerate() { th.num[figures.contains(&place)] scope="col" { (name) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A form of one act: what it sends, a reason, one button.
pub(super) fn act(caller: &Caller, action: &str, hidden: &[(&str, &str)], button: &str) -> Markup {
    let field = format!("reason-{}", action.rsplit('/').next().unwrap_or_default());
    let field = hidden.iter().fold(field, |field, (_, value)| format!("{field}-{value}"));
    html! {
        form.act method="post" action=(action) {
            (token(caller))
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            label for=(field) { (texts::REASON) }
            input #(field) name="reason" required maxlength="500" autocomplete="off" placeholder=(texts::REASON_HINT);
            button type="submit" { (button) }
        }
    }
}

/// The form that sends a certificate that waits to be addressed to a member.
pub(super) fn address(caller: &Caller, message: &str, back: &str) -> Markup {
    let (to, why) = (format!("to-{message}"), format!("why-{message}"));
    html! {
        details.acts {
            summary { (texts::ADDRESS_IT) }
            form.act method="post" action="/address" {
                (token(caller))
                input type="hidden" name="message" value=(message);
                input type="hidden" name="back" value=(back);
                label for=(to) { (texts::TO) }
                input #(to) name="member" required maxlength="64" autocomplete="off";
                label for=(why) { (texts::REASON) }
                input #(why) name="reason" required maxlength="500" autocomplete="off" placeholder=(texts::REASON_HINT);
                button type="submit" { (texts::SEND) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_ages_and_paths_read_as_they_should() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            [59, 60, 3_660, 90_000].map(age),
            ["59 s", "1 min", "1 h 01 min", "1 d 1 h"].map(str::to_owned)
        );
        let counted = [0, 1, 2].map(|number| counted(number, texts::MESSAGES));
        assert_eq!(counted, ["0 messages", "1 message", "2 messages"].map(str::to_owned));
        assert_eq!(escaped("a/b c?ж"), "a%2Fb%20c%3F%D0%B6");
    }
}
