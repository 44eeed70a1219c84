//! What the tests of this module speak of: a region of two members, one link, one delivery.

use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    decode::document::Syntax,
    evidence::key::SigningKey,
    model::{
        delivery::{Life, State},
        envelope::Function,
        id::{AgreementId, DeliveryId, Digest, MemberId, MessageId},
        key::Key,
        retry::Policy,
        time::Timestamp,
    },
    problem::Spot,
    region::{
        Region,
        address::Addresses,
        agreement::{Agreement, Link, LinkState, ProofDemand, Unseen},
        golive::GoLive,
        maintenance::Maintenance,
        member::{Acknowledge, Endpoint, Form, InboundRate, Member, OnUnrenderable, Rate, Reach, Takes},
    },
    store::{
        news::Bounds,
        record::{Body, Cargo, Delivery, Role, View},
    },
};

pub(super) const BOUNDS: Bounds =
    Bounds { period: Duration::from_secs(3_600), notices_max: 10, entries_max: 10 };

pub(super) fn id(n: u128) -> DeliveryId {
    DeliveryId(uuid::Uuid::from_u128(n))
}

pub(super) fn key() -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
}

pub(super) fn body(bytes: &[u8]) -> Body {
    Body {
        role: Role::Rendering,
        format: "canonical-xml".to_owned(),
        table: Digest([7; 32]),
        media_type: "application/xml".to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// A certificate from `ru` to `kg` under `eaeu`, due.
pub(crate) fn delivery(n: u8) -> Delivery {
    Delivery {
        id: id(n.into()),
        sequence: n.into(),
        chain: n.into(),
        message: MessageId(uuid::Uuid::from_u128(1000 + u128::from(n))),
        source: MemberId::new("ru").unwrap(),
        function: Function::Original,
        subject: Key {
            agreement: AgreementId::new("eaeu").unwrap(),
            issuer: "RU-TPP".to_owned(),
            number: "RU-1".to_owned(),
            lineage: "RU-1".to_owned(),
            version: Some(1),
        },
        target: MemberId::new("kg").unwrap(),
        cargo: Cargo::Certificate,
        view: View::Full,
        life: Life { state: State::Due { at: Timestamp(0) }, created: Timestamp(0), failures: 0 },
        attempts: 0,
        weight: 1,
        test: false,
        rendered: Some(("canonical-xml".to_owned(), "application/xml".to_owned(), Digest::of(b"<cod/>"))),
        losses: Vec::new(),
        because: "importing party".to_owned(),
        config: Some(Digest([1; 32])),
        gap: None,
        replay_of: None,
        answers: Vec::new(),
        answer_until: None,
        last: None,
        asked: None,
    }
}

/// `ru` and `kg` with a link from the first to the second.
pub(crate) fn region(link: LinkState) -> Region {
    let (ru, kg) = (member("ru"), member("kg"));
    let agreement = Agreement {
        id: AgreementId::new("eaeu").unwrap(),
        name: "EAEU".to_owned(),
        aliases: Vec::new(),
        parties: Vec::new(),
        unions: Vec::new(),
        proof: Some(ProofDemand::Connection),
        proof_by_format: BTreeMap::new(),
        importing_party: Vec::new(),
        copies: Vec::new(),
        links: vec![Link {
            from: Some(ru.id.clone()),
            to: Some(kg.id.clone()),
            state: link,
            live_from: None,
            paper_until: None,
            spot: Spot::file("agreements/eaeu.toml"),
        }],
        hs_edition: None,
        criteria: None,
        unseen: Unseen::Forward,
        answer_within: None,
        severe: Vec::new(),
    };
    Region {
        id: "eaeu".to_owned(),
        name: "Eurasian".to_owned(),
        hub: "hub".to_owned(),
        members: [ru, kg].into_iter().map(|member| (member.id.clone(), member)).collect(),
        agreements: BTreeMap::from([(agreement.id.clone(), agreement)]),
        tables: BTreeMap::new(),
        codes: crate::format::codes::list::Library::default(),
        files: BTreeMap::default(),
        certs: BTreeMap::default(),
        held: BTreeMap::default(),
        vouching: BTreeMap::default(),
        operators: 1,
        go_live: GoLive::default(),
        digest: Digest([1; 32]),
    }
}

fn member(name: &str) -> Member {
    let many = NonZeroU32::new(1000).unwrap();
    Member {
        id: MemberId::new(name).unwrap(),
        name: name.to_owned(),
        suspended: false,
        identities: Vec::new(),
        bodies: Vec::new(),
        customs: Vec::new(),
        sends: Vec::new(),
        takes: Takes {
            form: Form::Canonical(Syntax::Xml),
            per_agreement: BTreeMap::new(),
            on_unrenderable: OnUnrenderable::Hold,
            items_max: 100,
        },
        reach: Reach::Push(Endpoint {
            url: format!("https://localhost/{name}"),
            anchors: PathBuf::new(),
            trusted: Arc::default(),
            addresses: Addresses::new("localhost", Vec::new()),
            leaf: None,
            acknowledge: Acknowledge::Echo,
            receipt_keys: Vec::new(),
            timeout: Duration::from_secs(5),
        }),
        rate: Rate { count: many, weight: many, period: Duration::from_secs(1), burst: many },
        concurrency: many,
        maintenance: Maintenance::default(),
        sandbox: None,
        retry: Policy::default(),
        inbound: InboundRate { per_second: many, burst: many, connections_max: 10 },
        spot: Spot { file: Arc::from("members/x.toml"), line: 0, column: 0, key: String::new() },
    }
}
