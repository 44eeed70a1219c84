//! Lives of certificates: what their sources push, and what must come of it.

use bytes::Bytes;
use coohub::{message, model::id::Digest};
use serde_json::json;

use super::Draw;
use crate::{
    flow::story::{bound_for, reworded, tea},
    support::hub::sample,
};

/// Sources, by turns: a member that is pushed to and sends JSON, one that sends XML, one with a mailbox and a table.
const SOURCES: [Source; 3] = [
    Source { member: "almora", issuer: "id:chamber.almora.example", media_type: "application/json" },
    Source { member: "corvania", issuer: "CVN-DOUANES", media_type: "application/xml" },
    Source { member: "dunmere", issuer: "DUN-TRADE-1", media_type: "text/csv" },
];
/// Importing countries and who receives for them.
const TARGETS: [(&str, &str); 5] =
    [("XA", "almora"), ("XB", "brisca"), ("XC", "corvania"), ("XD", "dunmere"), ("XE", "estalia")];
/// Sizes of attachments, and of what is added to documents in XML.
const SIZES_BYTES: [usize; 3] = [4 << 10, 20 << 10, 200 << 10];

struct Source {
    member: &'static str,
    issuer: &'static str,
    media_type: &'static str,
}

/// What happens to a certificate after it was issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Nothing,
    Amended,
    SentElsewhere,
    Cancelled,
    AmendedAndCancelled,
    Replaced,
    Attached,
    Answered,
}

const FATES: [Fate; 8] = [
    Fate::Answered,
    Fate::Amended,
    Fate::Attached,
    Fate::SentElsewhere,
    Fate::Cancelled,
    Fate::Replaced,
    Fate::AmendedAndCancelled,
    Fate::Nothing,
];

/// A certificate with its life, drawn from its number alone.
#[derive(Clone, Copy)]
pub(super) struct Life {
    number: usize,
}

/// One push under its fixed message id.
#[derive(Clone)]
pub(super) struct Push {
    pub(super) source: &'static str,
    pub(super) key: String,
    pub(super) media_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// What is put before it.
    pub(super) attachment: Option<Bytes>,
}

/// A delivery as its target sees it: certificate number, cargo, version.
pub(super) type What = (String, String, String);

impl Life {
    pub(super) fn of(number: usize) -> Self {
        Self { number }
    }

    /// The life a certificate number belongs to.
    pub(super) fn owning(number: &str) -> Option<usize> {
        number.strip_prefix("S-")?.get(..6)?.parse().ok()
    }

    /// Its pushes but for an answer of customs, in order.
    pub(super) fn pushes(self) -> Vec<Push> {
        let (name, here) = (self.name(), self.target(0).0);
        let change = |function: &str| vec![("coo-function", function.to_owned())];
        let issue = self.document("issue", Vec::new(), &self.sheet(&name, here, "as issued"));
        let amended = || self.document("amend", change("4"), &self.sheet(&name, here, "as amended"));
        let after = match self.fate() {
            Fate::Nothing | Fate::Attached | Fate::Answered => Vec::new(),
            Fate::Amended => vec![amended()],
            Fate::SentElsewhere => {
                let there = self.sheet(&name, self.target(1).0, "as sent elsewhere");
                vec![self.document("amend", change("4"), &there)]
            }
            Fate::Cancelled => vec![self.cancellation()],
            Fate::AmendedAndCancelled => vec![amended(), self.cancellation()],
            Fate::Replaced => {
                let mut headers = change("5");
                headers.push(("coo-earlier", name.clone()));
                let sheet = self.sheet(&self.replacing(), here, "as replaced");
                vec![self.document("replace", headers, &sheet)]
            }
        };
        std::iter::once(issue).chain(after).collect()
    }

    /// Who must get what, each in this order.
    pub(super) fn deliveries(self) -> Vec<(&'static str, What)> {
        let ((_, here), (_, there)) = (self.target(0), self.target(1));
        let what = |cargo: &str, version: u32| (self.name(), cargo.to_owned(), version.to_string());
        let first = (here, what("certificate", 1));
        let after = match self.fate() {
            Fate::Nothing | Fate::Attached => Vec::new(),
            Fate::Amended => vec![(here, what("certificate", 2))],
            // The withdrawal is about the copy that is held.
            Fate::SentElsewhere => vec![(here, what("cancellation", 1)), (there, what("certificate", 2))],
            Fate::Cancelled => vec![(here, what("cancellation", 1))],
            Fate::AmendedAndCancelled => {
                vec![(here, what("certificate", 2)), (here, what("cancellation", 2))]
            }
            Fate::Replaced => vec![(here, (self.replacing(), "certificate".to_owned(), "1".to_owned()))],
            Fate::Answered => vec![(self.source().member, what("response", 1))],
        };
        std::iter::once(first).chain(after).collect()
    }

    /// The delivery that customs answers, if it answers one.
    pub(super) fn answered(self) -> Option<(&'static str, What)> {
        (self.fate() == Fate::Answered).then(|| self.deliveries().remove(0))
    }

    /// The answer of a target's customs to a delivery.
    pub(super) fn answer(self, delivery: &str) -> Push {
        let body = json!({"function": "response", "delivery": delivery, "answer": "accepted"});
        Push { source: self.target(0).1, ..self.message("answer", &body) }
    }

    fn name(self) -> String {
        format!("S-{:06}", self.number)
    }

    fn replacing(self) -> String {
        self.name() + "-R"
    }

    fn source(self) -> &'static Source {
        &SOURCES[self.number % SOURCES.len()]
    }

    fn fate(self) -> Fate {
        FATES[self.number / SOURCES.len() % FATES.len()]
    }

    /// The importing country, and the one `further` on; never the source's own.
    fn target(self, further: usize) -> (&'static str, &'static str) {
        let foreign = TARGETS.iter().filter(|(_, member)| *member != self.source().member);
        let turn = self.number / SOURCES.len() + self.number / (SOURCES.len() * FATES.len()) + further;
        *foreign.cycle().nth(turn % (TARGETS.len() - 1)).unwrap()
    }

    fn size_bytes(self) -> usize {
        SIZES_BYTES[self.number / (SOURCES.len() * FATES.len()) % SIZES_BYTES.len()]
    }

    fn document(self, step: &str, mut headers: Vec<(&'static str, String)>, sheet: &str) -> Push {
        let attachment =
            (self.fate() == Fate::Attached).then(|| Bytes::from(noise(self.number, self.size_bytes())));
        let named = |bytes: &Bytes| ("coo-attachment", format!("sha-256:{}", Digest::of(bytes).hex()));
        headers.extend(attachment.as_ref().map(named));
        let Source { member: source, media_type, .. } = *self.source();
        let body = Bytes::copy_from_slice(sheet.as_bytes());
        Push { source, key: format!("{}-{step}", self.name()), media_type, headers, body, attachment }
    }

    fn cancellation(self) -> Push {
        let body = json!({
            "function": "cancellation", "agreement": "mecta", "issuer": self.source().issuer,
            "number": self.name(), "reason": {"code": "issued-in-error", "text": ""}, "decided": "2026-11-20",
        });
        self.message("cancel", &body)
    }

    fn message(self, step: &str, body: &serde_json::Value) -> Push {
        Push {
            source: self.source().member,
            key: format!("{}-{step}", self.name()),
            media_type: message::MEDIA_TYPE,
            headers: Vec::new(),
            body: body.to_string().into(),
            attachment: None,
        }
    }

    /// The source's own form, filled in.
    fn sheet(self, number: &str, country: &str, words: &str) -> String {
        match self.source().member {
            "almora" => bound_for(&reworded(&tea(number), words), country).to_string(),
            "corvania" => {
                // What no compression shrinks much, in a comment: the original is kept with it.
                let long = if self.fate() == Fate::Nothing {
                    noise(self.number, self.size_bytes())
                } else {
                    String::new()
                };
                sample("mec-origine-xml/samples/corvania-dunmere.xml")
                    .replace("CVN/2026/000318", number)
                    .replace("<Pays>XD</Pays>", &format!("<Pays>{country}</Pays>"))
                    .replace("<Importation>XD<", &format!("<Importation>{country}<"))
                    .replace("Theodolites, electronic", &format!("Theodolites, {words}"))
                    + &format!("<!-- {long} -->")
            }
            _ => sample("mec-csv/samples/dunmere-estalia.csv")
                .replace("D-26-0044", number)
                .replace("D1,XE", &format!("D1,{country}"))
                .replace("XD,XE", &format!("XD,{country}"))
                .replace("Theodolites, electronic", &format!("Theodolites, {words}")),
        }
    }
}

/// Text that does not shrink to less than half.
fn noise(number: usize, bytes: usize) -> String {
    let mut draw = Draw(number as u64);
    std::iter::repeat_with(|| format!("{:016x}", draw.below(u64::MAX))).take(bytes / 16).collect()
}
