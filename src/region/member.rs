//! A member: who it is, for whom it speaks, what it sends, what it takes and how fast.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::{
    address::Addresses,
    maintenance::Maintenance,
    place::Place,
    signer::{Authority, RevocationReason, Signer},
};
use crate::{
    decode::document::Syntax,
    evidence::key::PublicKey,
    model::{
        id::{AgreementId, Digest, FormatId, MemberId},
        retry::Policy,
        time::Timestamp,
        value::Date,
    },
    problem::Spot,
};

/// One member of the community.
#[derive(Clone, Debug)]
pub struct Member {
    /// Id, the file's name.
    pub id: MemberId,
    /// Name in words.
    pub name: String,
    /// Whether it may connect and be delivered to at all.
    pub suspended: bool,
    /// How its connections are recognised; any one suffices.
    pub identities: Vec<Identity>,
    /// Bodies it may issue for.
    pub bodies: Vec<IssuingBody>,
    /// Countries whose customs it receives for.
    pub customs: Vec<String>,
    /// Formats it may send.
    pub sends: Vec<Form>,
    /// What it takes.
    pub takes: Takes,
    /// How it is reached.
    pub reach: Reach,
    /// Where test traffic goes in place of its endpoint.
    pub sandbox: Option<Endpoint>,
    /// Its pace.
    pub rate: Rate,
    /// Deliveries under way to it at once.
    pub concurrency: NonZeroU32,
    /// When no attempt at a delivery to it begins.
    pub maintenance: Maintenance,
    /// When a failed delivery is tried again, and when it is given up.
    pub retry: Policy,
    /// Requests per second it may make of the hub, and the burst.
    pub inbound: InboundRate,
    /// The member's file, for problems found later.
    pub spot: Spot,
}

/// How a connection proves to be this member's (design §2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// The SHA-256 of the leaf's SubjectPublicKeyInfo.
    Pin {
        /// The digest.
        spki: Digest,
        /// First day it counts.
        from: Option<Date>,
        /// Last day it counts.
        until: Option<Date>,
    },
    /// A chain to one of the member's own anchors, and an exact subject alternative name.
    Anchored {
        /// DER of the anchors.
        anchors: Vec<Vec<u8>>,
        /// The SAN, a DNS name or URI, compared exactly.
        san: String,
        /// DER of revocation lists; when there is one, a leaf it does not cover or revokes is refused.
        revocations: Vec<Vec<u8>>,
    },
}

/// An issuing body a member speaks for, and who signs for it.
#[derive(Clone, Debug)]
pub struct IssuingBody {
    /// Id, as the format tables of the member deliver it.
    pub id: String,
    /// Name in words.
    pub name: String,
    /// Country, ISO 3166-1 alpha-2.
    pub country: String,
    /// IANA time zone in which its zone-less dates are read.
    pub zone: String,
    /// First day of the grant.
    pub from: Date,
    /// Last day of the grant.
    pub until: Option<Date>,
    /// Officials whose signatures count.
    pub signers: Vec<Signer>,
    /// Authorities whose officials' signatures count.
    pub authorities: Vec<Authority>,
    /// Reasons for which a revocation counts whatever time a signature states.
    pub revoked_always: BTreeSet<RevocationReason>,
}

/// A form a certificate is written in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// The canonical profile, as XML or JSON (`canonical-xml`, `canonical-json`).
    Canonical(Syntax),
    /// A format table.
    Table(FormatId),
}

/// What a member takes.
#[derive(Clone, Debug)]
pub struct Takes {
    /// Its form where no agreement says otherwise.
    pub form: Form,
    /// Its form per agreement.
    pub per_agreement: BTreeMap<AgreementId, Form>,
    /// What happens when a certificate cannot be rendered in its form.
    pub on_unrenderable: OnUnrenderable,
    /// Most goods items per certificate it takes.
    pub items_max: u32,
}

/// What is sent when a certificate cannot be rendered in the member's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnUnrenderable {
    /// The canonical profile instead.
    Canonical(Syntax),
    /// The original, untouched.
    Original,
    /// Nothing until an operator or a later version; the source is told.
    Hold,
}

/// How a member is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The hub pushes to an address.
    Push(Endpoint),
    /// The member collects from its mailbox.
    Mailbox {
        /// How long a collected entry stays reserved before it is offered again.
        lease: Duration,
    },
}

/// A member's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// `https` URL that takes deliveries.
    pub url: String,
    /// PEM file with the anchors its server leaf must chain to.
    pub anchors: PathBuf,
    /// What that file held when the region was read, in DER.
    pub trusted: Arc<[Vec<u8>]>,
    /// Addresses its name may stand for.
    pub addresses: Addresses,
    /// The leaf the hub shows to it, where it is not the one shown to all.
    pub leaf: Option<ClientLeaf>,
    /// What counts as stored.
    pub acknowledge: Acknowledge,
    /// Keys its receipts are signed with, for [`Acknowledge::Signed`].
    pub receipt_keys: Vec<PublicKey>,
    /// Longest wait for the head of an answer, once the delivery is sent.
    pub timeout: Duration,
}

/// A leaf the hub shows to one member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientLeaf {
    /// PEM file of the leaf, with its intermediates.
    pub leaf: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
    /// The end of its validity; the epoch when certificates were not read.
    pub ends: Timestamp,
}

/// What answer of a target counts as stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledge {
    /// A 2xx that echoes delivery id and digest. The default.
    Echo,
    /// A receipt that the target signed.
    Signed,
    /// Any 2xx: named by `check`, for servers that cannot echo.
    Status,
}

/// A member's pace: so many deliveries, and so much weight, per period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Deliveries per period.
    pub count: NonZeroU32,
    /// Goods items per period.
    pub weight: NonZeroU32,
    /// The period.
    pub period: Duration,
    /// Deliveries that may go at once when there was a pause.
    pub burst: NonZeroU32,
}

/// How fast a member may ask of the hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboundRate {
    /// Requests per second.
    pub per_second: NonZeroU32,
    /// Requests at once after a pause.
    pub burst: NonZeroU32,
    /// Connections at once.
    pub connections_max: u32,
}

impl Form {
    /// Reads `canonical-xml`, `canonical-json` or a format id.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "canonical-xml" => Some(Self::Canonical(Syntax::Xml)),
            "canonical-json" => Some(Self::Canonical(Syntax::Json)),
            _ => FormatId::new(name).map(Self::Table),
        }
    }

    /// The name that [`Form::named`] reads.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Canonical(Syntax::Xml) => "canonical-xml",
            Self::Canonical(_) => "canonical-json",
            Self::Table(id) => id.as_str(),
        }
    }
}

impl Takes {
    /// The form for an agreement.
    #[must_use]
    pub fn form(&self, agreement: &AgreementId) -> &Form {
        self.per_agreement.get(agreement).unwrap_or(&self.form)
    }
}

impl IssuingBody {
    /// Whether its member may speak for it on a day.
    #[must_use]
    pub fn granted_on(&self, day: &Date) -> bool {
        self.from.day() <= day.day() && self.until.as_ref().is_none_or(|until| day.day() <= until.day())
    }
}

impl Member {
    /// The server that is pushed to at a place, if there is one.
    #[must_use]
    pub fn server(&self, place: Place) -> Option<&Endpoint> {
        match (place, &self.reach) {
            (Place::Sandbox, _) => self.sandbox.as_ref(),
            (Place::Own, Reach::Push(endpoint)) => Some(endpoint),
            (Place::Own, Reach::Mailbox { .. }) => None,
        }
    }

    /// The issuing body of an id, if the member may speak for it.
    #[must_use]
    pub fn body(&self, id: &str) -> Option<&IssuingBody> {
        self.bodies.iter().find(|body| body.id == id)
    }
}
