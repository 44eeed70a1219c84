//! What a connection showed, parsed once.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::Unknown;
use crate::model::{id::Digest, time::Timestamp};

/// Most subject alternative names of a leaf that are read; the rest cannot match.
const NAMES_MAX: usize = 64;

/// The peer of a connection: it has proved that it holds the key of this leaf, and no more.
#[derive(Clone, Debug)]
pub struct Peer {
    leaf: Vec<u8>,
    chain: Vec<Vec<u8>>,
    digest: Digest,
    spki: Digest,
    valid_seconds: (i64, i64),
    for_clients: bool,
    dns_names: Vec<String>,
    uris: Vec<String>,
}

/// The leaf is not well-formed X.509.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the leaf is not well-formed")]
pub struct Malformed;

impl Peer {
    /// Parses a leaf in DER and the intermediates sent behind it.
    ///
    /// # Errors
    /// [`Malformed`] when the leaf, its names or its extended key usage cannot be read.
    pub fn parse(leaf: &[u8], chain: Vec<Vec<u8>>) -> Result<Self, Malformed> {
        let (_, x509) = X509Certificate::from_der(leaf).map_err(|_| Malformed)?;
        let usage = x509.extended_key_usage().map_err(|_| Malformed)?;
        let names = x509.subject_alternative_name().map_err(|_| Malformed)?;
        let (mut dns_names, mut uris) = (Vec::new(), Vec::new());
        for name in names.iter().flat_map(|names| &names.value.general_names).take(NAMES_MAX) {
            match name {
                GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
                GeneralName::URI(uri) => uris.push((*uri).to_owned()),
                _ => {}
            }
        }
        let validity = x509.validity();
        Ok(Self {
            chain,
            digest: Digest::of(leaf),
            spki: Digest::of(x509.public_key().raw),
            valid_seconds: (validity.not_before.timestamp(), validity.not_after.timestamp()),
            for_clients: usage.is_none_or(|usage| usage.value.any || usage.value.client_auth),
            dns_names,
            uris,
            leaf: leaf.to_vec(),
        })
    }

    /// The leaf in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// The intermediates in DER, as sent.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki(&self) -> Digest {
        self.spki
    }

    /// SHA-256 of the leaf.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The leaf's thumbprint as `x5t#S256` has it: base64url without padding (RFC 8705 §3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.digest.0)
    }

    /// The end of the leaf's validity.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        Timestamp(self.valid_seconds.1.saturating_mul(1000))
    }

    /// Whether the leaf carries a name exactly: a URI when the name has a colon, else a DNS name. No wildcards.
    #[must_use]
    pub fn is_named(&self, san: &str) -> bool {
        let names = if san.contains(':') { &self.uris } else { &self.dns_names };
        names.iter().any(|name| name == san)
    }

    /// Judges what holds for every kind of identity: dates and purpose.
    pub(super) fn usable(&self, now: Timestamp) -> Result<(), Unknown> {
        let seconds = now.0.div_euclid(1000);
        let (first, last) = self.valid_seconds;
        if seconds < first {
            return Err(Unknown::NotYetValid);
        }
        if seconds > last {
            return Err(Unknown::Expired);
        }
        if !self.for_clients {
            return Err(Unknown::NotForClients);
        }
        Ok(())
    }
}
