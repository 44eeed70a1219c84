//! The test certificates a member is sent by the list. Pure but for fresh ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    message,
    model::{
        certificate::Certificate,
        delivery::{Life, State},
        envelope::{Cancellation, Function},
        id::{AgreementId, DeliveryId, MemberId, MessageId},
        key::Key,
        time::Timestamp,
        value::Date,
    },
    region::{
        Region,
        agreement::CopyView,
        member::{Form, Member},
    },
    route::{
        plan,
        rendition::{self, Content, hub_message},
    },
    store::record::{Body, Cargo, Delivery, View},
};

/// The hub's sample, canonical.
const SAMPLE: &str = include_str!("sample.json");
/// Names as they are written in the region's countries, and elsewhere: combining marks, right to left, four bytes a letter.
const NAMES: &str = "Société Núñez & Øst — ТОО «Қазақстан» — 東方貿易 — شركة الشرق — ไทย — Zażółć — 𐍈";
/// Issuing body of the sample.
const ISSUER: &str = "TEST-BODY";

/// How a test certificate differs from the plain one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Plain,
    /// With other words.
    Amended,
    /// With names in many scripts.
    Names,
    /// With so many goods items.
    Largest(u32),
}

/// Whose sheets.
#[derive(Clone, Copy)]
pub(super) struct Sheets<'a> {
    pub(super) region: &'a Region,
    pub(super) member: &'a Member,
    pub(super) now: Timestamp,
}

/// One certificate's name in a run.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) agreement: AgreementId,
    pub(super) number: String,
}

impl Sheets<'_> {
    /// The forms it takes, each with an agreement under which it takes it.
    pub(super) fn forms(&self) -> Vec<(Form, AgreementId)> {
        let mut forms: BTreeMap<&Form, &AgreementId> = BTreeMap::new();
        for agreement in self.region.agreements.values() {
            let linked =
                agreement.links.iter().any(|link| link.to.as_ref().is_none_or(|to| *to == self.member.id));
            if linked {
                forms.entry(self.member.takes.form(&agreement.id)).or_insert(&agreement.id);
            }
        }
        forms.into_iter().map(|(form, agreement)| (form.clone(), agreement.clone())).collect()
    }

    /// A new number under an agreement.
    pub(super) fn number(agreement: &AgreementId) -> Number {
        Number { agreement: agreement.clone(), number: format!("TEST-{}", Uuid::now_v7()) }
    }

    /// A certificate in the form the member takes under that agreement; else the fields that its form demands besides.
    pub(super) fn certificate(&self, number: &Number, kind: Kind) -> Result<(Delivery, Body), String> {
        let certificate = plan::stored(document(&number.number, kind).to_string().as_bytes());
        let certificate: Certificate = certificate.ok_or("the hub's sample cannot be read")?;
        let (function, version) =
            if kind == Kind::Amended { (Function::Amendment, 2) } else { (Function::Original, 1) };
        let subject = subject(number, version);
        let rendition = rendition::rendition(&rendition::Case {
            region: self.region,
            target: self.member,
            view: &CopyView::Full,
            function,
            subject: &subject,
            certificate: &certificate,
            stored: None,
        });
        match rendition.content {
            Content::Body(body) if rendition.unfilled.is_empty() => {
                let weight = rendition::weight(&certificate);
                Ok((self.delivery(Cargo::Certificate, (function, subject), &body, weight), body))
            }
            _ => Err(rendition.unfilled.join(", ")),
        }
    }

    /// The cancellation of a number.
    pub(super) fn cancellation(&self, number: &Number) -> (Delivery, Body) {
        let subject = subject(number, 2);
        let cancellation = Cancellation {
            agreement: number.agreement.to_string(),
            issuer: ISSUER.to_owned(),
            number: number.number.clone(),
            version: Some(2),
            country: None,
            reason_code: "test".to_owned(),
            reason_text: "a test of the hub".to_owned(),
            decided: Date::of(self.now),
        };
        let body = hub_message(message::cancellation(&subject, &cancellation).to_string().into_bytes());
        (self.delivery(Cargo::Cancellation, (Function::Cancellation, subject), &body, 1), body)
    }

    /// The word that a number goes elsewhere now.
    pub(super) fn withdrawal(&self, number: &Number) -> (Delivery, Body) {
        let subject = subject(number, 1);
        let body = hub_message(message::withdrawal(&subject).to_string().into_bytes());
        (self.delivery(Cargo::Cancellation, (Function::Amendment, subject), &body, 1), body)
    }

    /// What no system can read as a certificate, under the media type of one.
    pub(super) fn unreadable(&self, number: &Number, like: &Body) -> (Delivery, Body) {
        let body = Body { bytes: b"this is no certificate".to_vec(), ..like.clone() };
        (self.delivery(Cargo::Certificate, (Function::Original, subject(number, 1)), &body, 1), body)
    }

    fn delivery(
        &self,
        cargo: Cargo,
        (function, subject): (Function, Key),
        body: &Body,
        weight: u32,
    ) -> Delivery {
        let digest = crate::model::id::Digest::of(&body.bytes);
        Delivery {
            id: DeliveryId(Uuid::now_v7()),
            sequence: i64::from(subject.version.unwrap_or(1)),
            chain: 0,
            message: MessageId(Uuid::now_v7()),
            source: MemberId::new(&self.region.hub).unwrap_or_else(|| self.member.id.clone()),
            function,
            subject,
            target: self.member.id.clone(),
            cargo,
            view: View::Full,
            life: Life { state: State::Due { at: self.now }, created: self.now, failures: 0 },
            attempts: 0,
            weight,
            test: true,
            rendered: Some((body.format.clone(), body.media_type.clone(), digest)),
            losses: Vec::new(),
            because: "the hub's checklist".to_owned(),
            config: Some(self.region.digest),
            gap: None,
            replay_of: None,
            answers: Vec::new(),
            answer_until: None,
            last: None,
            asked: None,
        }
    }
}

fn subject(number: &Number, version: u32) -> Key {
    Key {
        agreement: number.agreement.clone(),
        issuer: ISSUER.to_owned(),
        number: number.number.clone(),
        lineage: number.number.clone(),
        version: Some(version),
    }
}

fn document(number: &str, kind: Kind) -> Value {
    let mut document: Value = serde_json::from_str(SAMPLE).unwrap_or_default();
    let mut put = |path: &str, value: Value| {
        if let Some(place) = document.pointer_mut(path) {
            *place = value;
        }
    };
    put("/number", json!(number));
    match kind {
        Kind::Plain => {}
        Kind::Amended => put("/consignment/information", json!("amended")),
        Kind::Names => {
            put("/exporter/name", json!(NAMES));
            put("/importer/name", json!(NAMES));
        }
        Kind::Largest(items) => {
            let first = document.pointer("/items/0").cloned().unwrap_or_default();
            let item = |number: u32| {
                let mut item = first.clone();
                if let Some(place) = item.pointer_mut("/number") {
                    *place = json!(number.to_string());
                }
                item
            };
            let all: Vec<_> = (1..=items).map(item).collect();
            if let Some(place) = document.pointer_mut("/items") {
                *place = json!(all);
            }
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_certificate_of_as_many_items_as_are_asked_for() {
        for (kind, items) in [(Kind::Plain, 1), (Kind::Largest(1_000), 1_000)] {
            let certificate = plan::stored(document("A-1", kind).to_string().as_bytes()).unwrap();
            assert_eq!(rendition::weight(&certificate), items);
        }
        assert!(document("A-1", Kind::Names).to_string().contains("東方貿易"));
    }
}
