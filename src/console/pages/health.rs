//! How a partner's lane stands, in a word and a tone: the same on every page that shows one.

use serde_json::Value;

use crate::{
    console::{
        shape::{Tone, list, text},
        texts,
    },
    operate::stands::Stands,
};

/// The tone and the words of a lane.
pub(in crate::console) fn of(lane: &Value) -> (Tone, String) {
    let Some(stands) = Stands::of(&text(lane, "stands")) else { return (Tone::Off, String::new()) };
    let (tone, words) = match stands {
        Stands::Held => return (Tone::Held, format!("{}: {}", texts::HELD, text(lane, "hold"))),
        Stands::SourcesHeld => {
            let names: Vec<&str> = list(lane, "heldSources").iter().filter_map(Value::as_str).collect();
            return (Tone::Held, format!("{}: {}", texts::HELD_AFTER_REFUSALS, names.join(", ")));
        }
        Stands::SourceSpared => {
            let names: Vec<String> =
                list(lane, "sparedSources").iter().map(|one| text(one, "source")).collect();
            return (Tone::Bad, format!("{} {}", texts::ATTEMPTS_FAIL_FOR, names.join(", ")));
        }
        Stands::Gone => (Tone::Off, texts::NO_MEMBER),
        Stands::Suspended => (Tone::Off, texts::SUSPENDED),
        Stands::ToCollect => (Tone::Waits, texts::TO_BE_COLLECTED),
        Stands::Collected | Stands::Idle => (Tone::Good, texts::NOTHING_WAITS),
        Stands::Maintenance => (Tone::Off, texts::IN_MAINTENANCE),
        Stands::Spared => (Tone::Bad, texts::ATTEMPTS_FAIL),
        Stands::Going => (Tone::Waits, texts::GOES_OUT),
        Stands::Later => (Tone::Waits, texts::TRIED_AGAIN),
    };
    (tone, words.to_owned())
}

/// When what is spared is tried again: of a whole lane, or the first of the sources'; empty for none.
pub(in crate::console) fn tried_at(lane: &Value) -> String {
    let sources = list(lane, "sparedSources").iter().map(|one| text(one, "until"));
    let all = std::iter::once(text(lane, "sparedUntil"));
    all.chain(sources).find(|at| !at.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_breaker_for_one_source_names_it_and_says_when_it_is_tried_again() {
        let at = "2026-11-28T10:00:00.000Z";
        let lane = json!({"stands": "source-spared", "sparedSources": [{"source": "almora", "until": at}]});
        assert_eq!(of(&lane), (Tone::Bad, "attempts fail for what comes from almora".to_owned()));
        assert_eq!(tried_at(&lane), at);
        let whole = json!({"stands": "spared", "sparedUntil": at, "sparedSources": []});
        assert_eq!((of(&whole).1, tried_at(&whole)), (texts::ATTEMPTS_FAIL.to_owned(), at.to_owned()));
        assert_eq!(tried_at(&json!({"stands": "going", "sparedUntil": null, "sparedSources": []})), "");
    }
}
