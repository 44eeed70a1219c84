//! What a world is made of: a region of members that differ in how they are reached, and what is accepted and delivered.

use super::*;

pub(super) fn subject(number: &str, version: u32) -> Key {
    Key {
        agreement: AgreementId::new("eaeu").unwrap(),
        issuer: "RU-TPP".to_owned(),
        number: number.to_owned(),
        lineage: number.to_owned(),
        version: Some(version),
    }
}

pub(super) fn acceptance(original: &[u8], subject: Key, seen: Standing, received: Timestamp) -> Acceptance {
    let id = MessageId(uuid::Uuid::now_v7());
    let digest = Digest::of(original);
    Acceptance {
        id,
        source: self::id(SOURCE),
        key: MessageKey::new(&id.to_string()).unwrap(),
        digest,
        fingerprint: digest,
        received,
        function: if subject.version == Some(1) { Function::Original } else { Function::Amendment },
        subject,
        earlier_lineage: None,
        canonical: Some(digest),
        format: None,
        media_type: "application/xml".to_owned(),
        config: Digest([1; 32]),
        test: false,
        bulk: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: BTreeMap::new(),
        bodies: vec![
            body(Role::Original, original),
            body(Role::Canonical, br#"{"title": "of no fixed destination"}"#),
        ],
        parked_until: None,
        parked_max: u32::MAX,
        receipt: b"receipt".to_vec(),
        seen,
    }
}

pub(super) fn body(role: Role, bytes: &[u8]) -> Body {
    Body {
        role,
        format: "canonical-xml".to_owned(),
        table: Digest([0; 32]),
        media_type: "application/xml".to_owned(),
        bytes: bytes.to_vec(),
    }
}

pub(super) fn new_delivery(target: &str, text: &str) -> NewDelivery {
    NewDelivery {
        id: DeliveryId(uuid::Uuid::now_v7()),
        about: None,
        gap: None,
        target: id(target),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(body(Role::Rendering, text.as_bytes())),
        weight: 1,
        rank: Rank::Usual,
        created: Timestamp(0),
        held: None,
        losses: Vec::new(),
        because: "addressed by an operator".to_owned(),
        answer_within: None,
    }
}

pub(super) fn region(members: Vec<Member>) -> Region {
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
            from: None,
            to: None,
            state: LinkState::Live,
            live_from: None,
            paper_until: None,
            spot: coohub::problem::Spot::file("agreements/eaeu.toml"),
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
        members: members.into_iter().map(|member| (member.id.clone(), member)).collect(),
        agreements: BTreeMap::from([(agreement.id.clone(), agreement)]),
        tables: BTreeMap::new(),
        codes: coohub::format::codes::list::Library::default(),
        files: BTreeMap::default(),
        certs: BTreeMap::default(),
        held: BTreeMap::default(),
        vouching: BTreeMap::default(),
        operators: 1,
        go_live: coohub::region::golive::GoLive::default(),
        digest: Digest([1; 32]),
    }
}

pub(super) fn mailbox() -> Reach {
    Reach::Mailbox { lease: Duration::from_secs(300) }
}

pub(super) fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        anchors: PathBuf::new(),
        trusted: Arc::default(),
        addresses: Addresses::new("localhost", Vec::new()),
        leaf: None,
        acknowledge: Acknowledge::Echo,
        receipt_keys: Vec::new(),
        timeout: PATIENCE,
    }
}

pub(crate) fn rate(count: u32, seconds: u64, burst: u32) -> Rate {
    let number = |n| NonZeroU32::new(n).unwrap();
    let period = Duration::from_secs(seconds);
    Rate { count: number(count), weight: number(count), period, burst: number(burst) }
}

/// A member whose rate is no hindrance.
pub(super) fn member(name: &str, reach: Reach) -> Member {
    let many = NonZeroU32::new(1000).unwrap();
    let minute = Duration::from_secs(60);
    Member {
        id: id(name),
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
        reach,
        rate: rate(1_000_000, 1, 1_000_000),
        concurrency: NonZeroU32::new(4).unwrap(),
        maintenance: Maintenance::default(),
        sandbox: None,
        retry: Policy::new(vec![minute, minute * 5], minute * 60 * 24 * 7, minute * 60, 20).unwrap(),
        inbound: InboundRate { per_second: many, burst: many, connections_max: 10 },
        spot: Spot { file: Arc::from("members/x.toml"), line: 0, column: 0, key: String::new() },
    }
}
