//! Writes down what members do and what comes of it, in words that are the same in every run.
//!
//! Ids are numbered in the order in which they are first met (`m1`, `d1`); times and digests are left out.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::{
    evidence::key::{PublicKey, verify},
    message,
    model::id::Digest,
};
use serde_json::{Value, json};

use crate::support::hub::{Community, sample};

/// A running community and its chronicle.
pub(crate) struct Story {
    pub(crate) at: Community,
    text: String,
    names: BTreeMap<String, String>,
    seen: BTreeMap<String, usize>,
    receipts: BTreeMap<String, Bytes>,
}

/// What is pushed.
#[derive(Clone)]
pub(crate) struct Sheet {
    media_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Sheet {
    pub(crate) fn new(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { media_type, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(document: &Value) -> Self {
        Self::new("application/json", document.to_string())
    }

    pub(crate) fn xml(document: impl Into<Bytes>) -> Self {
        Self::new("application/xml", document)
    }

    pub(crate) fn csv(document: impl Into<Bytes>) -> Self {
        Self::new("text/csv", document)
    }

    pub(crate) fn message(message: &Value) -> Self {
        Self::new(message::MEDIA_TYPE, message.to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Almora's certificate for tea to Corvania, under a number of one's own.
pub(crate) fn tea(number: &str) -> Value {
    let mut tea: Value = serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.json")).unwrap();
    tea["iD"] = json!(number);
    tea
}

/// The same certificate with other words in it.
pub(crate) fn reworded(tea: &Value, words: &str) -> Value {
    let mut tea = tea.clone();
    tea["supplyChainConsignment"]["information"] = json!(words);
    tea
}

/// An amendment to other words.
pub(crate) fn amended(tea: &Value, words: &str) -> Sheet {
    Sheet::json(&reworded(tea, words)).with("coo-function", "4")
}

/// Corvania's certificate for Dunmere, through Estalia, under a number of its own.
pub(crate) fn through_estalia(number: u32) -> String {
    let transport = "<Transport>\n      <Transit>\n<Lieu>Nea Poli</Lieu><Pays>XE</Pays></Transit>";
    let text = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    text.replacen("<Transport>", transport, 1).replacen("000318", &format!("{number:06}"), 1)
}

/// The same certificate for another importing country.
pub(crate) fn bound_for(tea: &Value, country: &str) -> Value {
    let mut tea = tea.clone();
    tea["supplyChainConsignment"]["importCountry"]["code"] = json!(country);
    tea["supplyChainConsignment"]["importer"]["postalAddress"]["countryCode"] = json!(country);
    tea
}

/// Almora cancels a certificate.
pub(crate) fn cancellation(number: &str) -> Sheet {
    Sheet::message(&cancellation_of(number))
}

/// The message by which almora cancels a certificate.
pub(crate) fn cancellation_of(number: &str) -> Value {
    json!({
        "function": "cancellation", "agreement": "mecta", "issuer": "id:chamber.almora.example",
        "number": number, "reason": {"code": "issued-in-error", "text": "the goods were not shipped"},
        "decided": "2026-11-20",
    })
}

impl Story {
    /// A story in the shipped community, with its hub up.
    pub(crate) async fn begin() -> Self {
        let mut at = Community::shipped().await;
        at.start().await;
        Self::of(at)
    }

    pub(crate) fn of(at: Community) -> Self {
        Self {
            at,
            text: String::new(),
            names: BTreeMap::new(),
            seen: BTreeMap::new(),
            receipts: BTreeMap::new(),
        }
    }

    /// Writes a line of one's own.
    pub(crate) fn note(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// The chronicle so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Holds the chronicle to what is expected, line by line.
    #[track_caller]
    pub(crate) fn reads(&self, expected: &str) {
        let clean = |text: &str| text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
        assert!(
            clean(&self.text) == clean(expected),
            "it reads\n\n{}\nbut was to read\n{expected}",
            self.text
        );
    }

    /// Pushes and writes down the answer; gives the hub's id of what was accepted.
    pub(crate) async fn push(&mut self, source: &str, key: &str, sheet: Sheet) -> String {
        let Sheet { media_type, headers, body } = sheet;
        let answer = self.at.member(source).push(key, media_type, headers, body.clone()).await.unwrap();
        if answer.status >= 300 {
            let problem = answer.json();
            let word = |name: &str| problem[name].as_str().unwrap().to_owned();
            self.note(&format!("{source} {key}: {} {}: {}", answer.status, word("code"), word("detail")));
            return String::new();
        }
        let id = answer.header("coo-message-id").unwrap().to_owned();
        let name = self.name("m", &id);
        if answer.header("coo-duplicate").is_some() {
            let same = self.receipts[&format!("{source} {key}")] == answer.body;
            self.note(&format!(
                "{source} {key}: {}, duplicate of {name}, same receipt: {same}",
                answer.status
            ));
            return id;
        }
        let receipt = self.verified(source, &answer.body).await;
        assert_eq!(receipt["digest"], format!("sha-256:{}", Digest::of(&body).hex()));
        assert_eq!(receipt["id"], *id);
        self.receipts.insert(format!("{source} {key}"), answer.body);
        let format = receipt["format"].as_str().unwrap_or("hub message");
        self.note(&format!(
            "{source} {key}: {} {name}, function {}, {format}, {} v{}",
            answer.status,
            receipt["function"],
            word(&receipt["number"]),
            receipt["version"]
        ));
        if let Some(first) = receipt["businessDuplicateOf"].as_str() {
            let first = self.name("m", first);
            self.note(&format!("  the same as {first}"));
        }
        for finding in receipt["findings"].as_array().unwrap() {
            self.note(&format!("  {} {}", word(&finding["level"]), word(&finding["code"])));
        }
        id
    }

    /// Pushes, and waits until everybody who is pushed to has what follows.
    pub(crate) async fn deliver(&mut self, source: &str, key: &str, sheet: Sheet) -> String {
        let id = self.push(source, key, sheet).await;
        self.outcome(source, &id).await;
        id
    }

    /// Writes down where a message went and what arrived.
    pub(crate) async fn outcome(&mut self, source: &str, id: &str) {
        let state = self.at.settled(source, id).await;
        self.note(&format!("  {}", word(&state["state"])));
        for delivery in state["deliveries"].as_array().unwrap() {
            let name = self.name("d", delivery["delivery"].as_str().unwrap());
            let line = format!(
                "  {name} to {} ({}): {}, {} lost, {}{}",
                word(&delivery["target"]),
                word(&delivery["because"]),
                word(&delivery["format"]),
                delivery["losses"].as_array().unwrap().len(),
                word(&delivery["state"]),
                delivery["answers"].as_array().unwrap().iter().map(said).collect::<String>(),
            );
            self.note(&line);
        }
        self.arrivals();
    }

    /// Writes down what arrived at members' servers since the last look.
    pub(crate) fn arrivals(&mut self) {
        let targets: Vec<String> = self.at.pushed_to().map(str::to_owned).collect();
        for target in targets {
            let received = self.at.partner(&target).received();
            let seen = self.seen.insert(target.clone(), received.len()).unwrap_or(0);
            for one in received.iter().skip(seen) {
                let line = self.arrival(&|name| one.header(name).to_owned(), &one.bytes);
                self.note(&format!("  {target} gets {line}"));
            }
        }
    }

    /// Collects and acknowledges a mailbox, and writes down what was in it.
    pub(crate) async fn collect(&mut self, member: &str) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for entry in self.at.collect(member).await {
            let bytes = STANDARD.decode(entry["content"].as_str().unwrap()).unwrap();
            let header = |name: &str| entry["headers"][name].as_str().unwrap_or_default().to_owned();
            let line = self.arrival(&header, &bytes);
            let acknowledged = self.at.acknowledge(member, &entry).await;
            self.note(&format!("  {member} collects {line}, acknowledged: {}", acknowledged.status));
            bodies.push(bytes);
        }
        bodies
    }

    /// A delivery in words: its headers, and what a hub message says.
    fn arrival(&mut self, header: &dyn Fn(&str) -> String, bytes: &[u8]) -> String {
        let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(bytes).0));
        assert_eq!(header("Content-Digest"), digest);
        let name = self.name("d", &header("CoO-Delivery"));
        let version = header("CoO-Version");
        let mut line = format!(
            "{name} {} {} {} v{version}",
            header("CoO-Cargo"),
            header("CoO-View"),
            header("CoO-Number")
        );
        if header("Content-Type") == message::MEDIA_TYPE {
            let said: Value = serde_json::from_slice(bytes).unwrap();
            if let Some(number) = said["number"].as_str() {
                let about = format!("{number} v{}", said["version"]);
                assert_eq!(about, format!("{} v{version}", header("CoO-Number")), "headers and body agree");
            }
            let _ = write!(line, ", {}", word(&said["function"]));
            if let Some(delivery) = said["delivery"].as_str() {
                let answered = self.name("d", delivery);
                let _ = write!(line, " about {answered} by {}", word(&said["member"]));
                line += &said_of(&said);
            }
        } else {
            let _ = write!(line, ", {}", header("Content-Type"));
        }
        let unseen = header("CoO-Unseen");
        if !unseen.is_empty() {
            let _ = write!(line, ", unseen: {unseen}");
        }
        line
    }

    /// The payload of the receipt that a source got under a key.
    pub(crate) async fn receipt(&self, source: &str, key: &str) -> Value {
        self.verified(source, &self.receipts[&format!("{source} {key}")]).await
    }

    /// The payload of a receipt, verified with the published keys.
    async fn verified(&self, source: &str, receipt: &[u8]) -> Value {
        let keys = self.at.member(source).get("/v1/keys").await.unwrap().json();
        let keys: Vec<_> = keys["keys"].as_array().unwrap().iter().filter_map(PublicKey::from_jwk).collect();
        let payload = verify(std::str::from_utf8(receipt).unwrap(), &keys).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    /// The id a name was given to.
    pub(crate) fn id(&self, name: &str) -> String {
        self.names.iter().find(|(_, known)| *known == name).map(|(id, _)| id.clone()).unwrap()
    }

    fn name(&mut self, kind: &str, id: &str) -> String {
        let next = self.names.values().filter(|name| name.starts_with(kind)).count() + 1;
        self.names.entry(id.to_owned()).or_insert_with(|| format!("{kind}{next}")).clone()
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn said(answer: &Value) -> String {
    format!(
        ", customs says {}{}",
        word(&answer["answer"]),
        answer["reason"].as_str().map(|r| format!(": {r}")).unwrap_or_default()
    )
}

fn said_of(message: &Value) -> String {
    let answer = message["answer"].as_str().map(|answer| format!(": {answer}")).unwrap_or_default();
    let reason = message["reason"]["code"].as_str().map(|code| format!(", {code}")).unwrap_or_default();
    answer + &reason
}
