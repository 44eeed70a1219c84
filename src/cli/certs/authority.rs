//! An authority for development and the leaves it makes.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, Error,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, PKCS_RSA_SHA256,
    RsaKeySize, SanType, date_time_ymd,
};

use crate::{model::time::Timestamp, tls::DEVELOPMENT};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const ANCHOR_DAYS: i64 = 3650;
const LEAF_DAYS: i64 = 365;
/// Signers' leaves are valid from the first day of this year: samples are dated, and are signed again on any day.
const SIGNER_FROM_YEAR: i32 = 2020;

/// What a leaf is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Server,
    Client,
    /// Signing documents; an RSA key, as real signers have.
    Signer,
}

/// A leaf and its key, in PEM.
pub(super) struct Pair {
    pub(super) leaf: String,
    pub(super) key: String,
}

/// An authority with its key.
pub(super) struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    /// A new authority.
    pub(super) fn new(name: &str, now: Timestamp) -> Result<Self, Error> {
        Ok(Self { params: anchor(name, now), key: KeyPair::generate()? })
    }

    /// The authority of a kept key: issuing needs its name and key only, and both are as they were.
    pub(super) fn kept(name: &str, now: Timestamp, key: &str) -> Result<Self, Error> {
        Ok(Self { params: anchor(name, now), key: KeyPair::from_pem(key)? })
    }

    /// The anchor itself.
    pub(super) fn pair(&self) -> Result<Pair, Error> {
        Ok(pair(&self.params.self_signed(&self.key)?, &self.key))
    }

    /// Makes a leaf with a new key.
    pub(super) fn leaf(
        &self,
        name: &str,
        purpose: Purpose,
        names: &[String],
        now: Timestamp,
    ) -> Result<Pair, Error> {
        let key = match purpose {
            Purpose::Signer => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
            Purpose::Server | Purpose::Client => KeyPair::generate()?,
        };
        let mut params = valid(now, LEAF_DAYS);
        if purpose == Purpose::Signer {
            params.not_before = date_time_ymd(SIGNER_FROM_YEAR, 1, 1);
        }
        params.distinguished_name = called(name);
        params.subject_alt_names = names.iter().map(|name| san(name)).collect::<Result<_, _>>()?;
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match purpose {
            Purpose::Server => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
            Purpose::Client => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::Signer => params.key_usages.push(KeyUsagePurpose::ContentCommitment),
        }
        let leaf = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key))?;
        Ok(pair(&leaf, &key))
    }
}

/// A new receipt key: Ed25519, PKCS#8 in PEM.
pub(super) fn receipt_key() -> Result<String, Error> {
    Ok(KeyPair::generate_for(&PKCS_ED25519)?.serialize_pem())
}

fn pair(leaf: &Certificate, key: &KeyPair) -> Pair {
    Pair { leaf: leaf.pem(), key: key.serialize_pem() }
}

fn anchor(name: &str, now: Timestamp) -> CertificateParams {
    let mut params = valid(now, ANCHOR_DAYS);
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn valid(now: Timestamp, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let day = |offset: i64| {
        let instant = jiff::Timestamp::from_millisecond(now.0.saturating_add(offset * DAY_MS));
        let date = jiff::tz::Offset::UTC.to_datetime(instant.unwrap_or_default()).date();
        date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(-1);
    params.not_after = day(days);
    params
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::OrganizationName, DEVELOPMENT);
    called.push(DnType::CommonName, name);
    called
}

fn san(name: &str) -> Result<SanType, Error> {
    if let Ok(address) = name.parse() {
        Ok(SanType::IpAddress(address))
    } else if name.contains(':') {
        Ok(SanType::URI(name.try_into()?))
    } else {
        Ok(SanType::DnsName(name.try_into()?))
    }
}
