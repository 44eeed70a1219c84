//! A public key infrastructure in memory, and members that are recognised by it.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use coohub::{
    decode::document::Syntax,
    model::{
        id::{Digest, MemberId},
        retry::Policy,
    },
    problem::Spot,
    region::{
        Region,
        maintenance::Maintenance,
        member::{Form, Identity, InboundRate, Member, OnUnrenderable, Rate, Reach, Takes},
    },
    tls::OwnLeaf,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData as _, RevokedCertParams, SanType,
    SerialNumber, date_time_ymd,
};

/// An authority: a root, or an intermediate under another.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    der: Vec<u8>,
    /// PEM of this authority and those above it, without the root.
    chain: String,
}

/// A leaf with its key.
pub struct Leaf {
    pub der: Vec<u8>,
    pub spki: Digest,
    pem: String,
    key: String,
}

/// What a leaf is to say.
#[derive(Clone)]
pub struct Wanted<'a> {
    pub names: &'a [&'a str],
    pub usage: Option<ExtendedKeyUsagePurpose>,
    /// First and last year of validity; both begin on 1 January.
    pub years: (i32, i32),
    pub serial: u64,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self { names: &[], usage: Some(ExtendedKeyUsagePurpose::ClientAuth), years: (2000, 2100), serial: 1 }
    }
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().unwrap());
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { params, key, der, chain: String::new() }
    }

    /// An authority under this one.
    pub fn under(&self, name: &str, serial: u64) -> Self {
        let (mut params, key) = (authority(name), KeyPair::generate().unwrap());
        params.serial_number = Some(SerialNumber::from(serial));
        let made = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        Self { der: made.der().to_vec(), chain: format!("{}{}", made.pem(), self.chain), params, key }
    }

    pub fn der(&self) -> Vec<u8> {
        self.der.clone()
    }

    pub fn leaf(&self, wanted: &Wanted<'_>) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let made = params(wanted).signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        leaf(&made, &key, &self.chain)
    }

    /// A revocation list over these serial numbers, to be renewed on 1 January of a year.
    pub fn revoking(&self, serials: &[u64], renewed: i32) -> Vec<u8> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(renewed, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().der().to_vec()
    }

    /// The identity of whoever carries `san` under this authority.
    pub fn vouches(&self, san: &str, revocations: Vec<Vec<u8>>) -> Identity {
        Identity::Anchored { anchors: vec![self.der()], san: san.into(), revocations }
    }
}

impl Leaf {
    pub fn self_signed(wanted: &Wanted<'_>) -> Self {
        let key = KeyPair::generate().unwrap();
        leaf(&params(wanted).self_signed(&key).unwrap(), &key, "")
    }

    pub fn own(&self) -> OwnLeaf {
        OwnLeaf::from_pem(self.pem.as_bytes(), self.key.as_bytes()).unwrap()
    }

    /// The intermediates sent behind the leaf.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        coohub::tls::anchors(self.pem.as_bytes()).unwrap().split_off(1)
    }

    /// The identity that pins this leaf's key for ever.
    pub fn pinned(&self) -> Identity {
        Identity::Pin { spki: self.spki, from: None, until: None }
    }
}

pub fn id(name: &str) -> MemberId {
    MemberId::new(name).unwrap()
}

/// A member that is recognised, and nothing else.
pub fn member(name: &str, identities: Vec<Identity>) -> Member {
    let some = |n: u32| NonZeroU32::new(n).unwrap();
    Member {
        id: id(name),
        name: name.to_uppercase(),
        suspended: false,
        identities,
        bodies: Vec::new(),
        customs: Vec::new(),
        sends: Vec::new(),
        takes: Takes {
            form: Form::Canonical(Syntax::Xml),
            per_agreement: BTreeMap::new(),
            on_unrenderable: OnUnrenderable::Original,
            items_max: 1000,
        },
        reach: Reach::Mailbox { lease: Duration::from_secs(60) },
        rate: Rate { count: some(10), weight: some(100), period: Duration::from_secs(1), burst: some(10) },
        concurrency: some(2),
        maintenance: Maintenance::default(),
        sandbox: None,
        retry: Policy::new(vec![Duration::from_secs(1)], Duration::from_secs(60), Duration::from_secs(60), 0)
            .unwrap(),
        inbound: InboundRate { per_second: some(1000), burst: some(1000), connections_max: 8 },
        spot: Spot::file("members/test.toml"),
    }
}

/// DER as a section of PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

pub fn region(members: Vec<Member>) -> Region {
    Region {
        id: "test".into(),
        name: "Test community".into(),
        hub: "hub".into(),
        members: members.into_iter().map(|member| (member.id.clone(), member)).collect(),
        agreements: BTreeMap::new(),
        tables: BTreeMap::new(),
        codes: coohub::format::codes::list::Library::default(),
        files: BTreeMap::default(),
        certs: BTreeMap::default(),
        held: BTreeMap::default(),
        vouching: BTreeMap::default(),
        operators: 1,
        go_live: coohub::region::golive::GoLive::default(),
        digest: Digest::of(b"configuration"),
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn params(wanted: &Wanted<'_>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params.serial_number = Some(SerialNumber::from(wanted.serial));
    params.not_before = date_time_ymd(wanted.years.0, 1, 1);
    params.not_after = date_time_ymd(wanted.years.1, 1, 1);
    params.extended_key_usages = wanted.usage.iter().cloned().collect();
    params.subject_alt_names = wanted.names.iter().map(|name| san(name)).collect();
    params
}

fn san(name: &str) -> SanType {
    match name.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) if name.contains(':') => SanType::URI(name.try_into().unwrap()),
        Err(_) => SanType::DnsName(name.try_into().unwrap()),
    }
}

fn leaf(made: &rcgen::Certificate, key: &KeyPair, chain: &str) -> Leaf {
    Leaf {
        der: made.der().to_vec(),
        spki: Digest::of(&key.subject_public_key_info()),
        pem: format!("{}{chain}", made.pem()),
        key: key.serialize_pem(),
    }
}
