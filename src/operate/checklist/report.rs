//! A report as it is kept and shown.

use serde_json::{Value, json};

use super::item::{Item, Line, Outcome, Side};
use crate::{
    evidence::receipt::digest,
    model::{
        id::{Digest, MemberId},
        time::Timestamp,
    },
    operate::Operate,
    store::{Fault, register::Book},
};

/// What a report is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The member.
    pub member: MemberId,
    /// When it was made.
    pub at: Timestamp,
    /// Since when the member's traffic counted.
    pub since: Timestamp,
    /// The server that was tried; none for a mailbox.
    pub against: Option<String>,
    /// The configuration it was made under.
    pub configuration: Digest,
}

/// What an operator vouches for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmed {
    /// Name of the item, with its form where it has one.
    pub item: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// What it is about.
    pub head: Head,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// What was confirmed.
    pub confirmed: Vec<Confirmed>,
}

impl Report {
    /// A report; what is open and confirmed is confirmed. What is red stays red, whoever says otherwise.
    #[must_use]
    pub fn new(head: Head, mut lines: Vec<Line>, confirmed: Vec<Confirmed>) -> Self {
        for line in lines.iter_mut().filter(|line| line.outcome == Outcome::Open) {
            if let Some(by) = confirmed.iter().find(|one| one.item == line.name()) {
                line.outcome = Outcome::Confirmed;
                line.evidence = format!("{}, {}: {}", by.by, by.at, by.reason);
            }
        }
        Self { head, lines, confirmed }
    }

    /// Whether the member may go live with it.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.lines.iter().all(|line| line.outcome.is_fine())
    }

    /// Whether there is an item of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.name() == name)
    }

    /// Its lines as they are shown.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        // None was tried where there is none: the member collects.
        let advice = match self.head.against {
            Some(_) => Item::advice,
            None => Item::advice_collecting,
        };
        self.lines.iter().map(|one| line(one, advice)).collect()
    }

    /// What stands below them.
    #[must_use]
    pub fn end(&self) -> Value {
        let Head { member, at, since, against, configuration } = &self.head;
        json!({
            "member": member.as_str(),
            "at": at.to_string(),
            "since": since.to_string(),
            "against": against,
            "configuration": digest(*configuration),
            "green": self.is_green(),
        })
    }

    /// The whole of it, as it is kept.
    #[must_use]
    pub fn json(&self) -> Value {
        let confirmed = self.confirmed.iter().map(
            |one| json!({"item": one.item, "by": one.by, "reason": one.reason, "at": one.at.to_string()}),
        );
        json!({"report": self.end(), "items": self.items(), "confirmed": confirmed.collect::<Vec<_>>()})
    }
}

fn line(line: &Line, advice: fn(Item) -> &'static str) -> Value {
    let Line { item, outcome, evidence, .. } = line;
    let side = match item.side() {
        Side::Takes => "takes",
        Side::Sends => "sends",
    };
    let advice = (!outcome.is_fine()).then(|| advice(*item));
    json!({
        "item": line.name(),
        "side": side,
        "meaning": item.meaning(),
        "result": outcome.word(),
        "evidence": evidence,
        "advice": advice,
    })
}

impl Operate {
    /// The newest report of a member, as it is kept.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn report(&self, member: &MemberId) -> Result<Option<Value>, Fault> {
        let entry = self.store.entry(Book::Report, member.as_str()).await?;
        Ok(entry.and_then(|entry| serde_json::from_slice(&entry.bytes).ok()))
    }
}

/// What was confirmed in a report that is kept.
pub(super) fn confirmed(bytes: &[u8]) -> Vec<Confirmed> {
    let report: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let entries = report.get("confirmed").and_then(Value::as_array).into_iter().flatten();
    let read = |entry: &Value| {
        let text = |name: &str| Some(entry.get(name)?.as_str()?.to_owned());
        let at = Timestamp::parse(&text("at")?)?;
        Some(Confirmed { item: text("item")?, by: text("by")?, reason: text("reason")?, at })
    };
    entries.filter_map(read).collect()
}

/// Whether a report that is kept was green.
#[must_use]
pub fn was_green(bytes: &[u8]) -> bool {
    let report: Value = serde_json::from_slice(bytes).unwrap_or_default();
    report.pointer("/report/green").and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Outcome, confirmed: &[&str]) -> Report {
        let head = Head {
            member: MemberId::new("kg").unwrap(),
            at: Timestamp(1),
            since: Timestamp(0),
            against: None,
            configuration: Digest([1; 32]),
        };
        let lines = vec![Line::new(Item::Sample, outcome, "seen").of("canonical-xml")];
        let by = |item: &&str| Confirmed {
            item: (*item).to_owned(),
            by: "root".to_owned(),
            reason: "looked".to_owned(),
            at: Timestamp(1),
        };
        Report::new(head, lines, confirmed.iter().map(by).collect())
    }

    #[test]
    fn what_is_open_can_be_vouched_for_and_what_is_red_cannot() {
        assert!(report(Outcome::Green, &[]).is_green() && report(Outcome::Skipped, &[]).is_green());
        assert!(!report(Outcome::Open, &[]).is_green());
        assert!(!report(Outcome::Open, &["sample"]).is_green(), "each form by itself");
        assert!(report(Outcome::Open, &["sample:canonical-xml"]).is_green());
        assert!(!report(Outcome::Red, &["sample:canonical-xml"]).is_green());
    }

    #[test]
    fn what_is_kept_reads_back() {
        let kept = report(Outcome::Open, &["sample:canonical-xml"]);
        let bytes = kept.json().to_string().into_bytes();
        assert_eq!(confirmed(&bytes), kept.confirmed);
        assert!(was_green(&bytes) && !was_green(b"{}"));
    }
}
