//! Algorithms of XML signatures that a format's table may take, and the keys they go with.

use x509_parser::{
    oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_SIG_ED25519},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

/// Shortest and longest RSA modulus taken, in bits: a short one can be broken, a long one only costs.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What a signature is made with: a kind of key and a hash (RFC 6931 §2.3). The list is closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-1: still normal among issuing bodies, and broken.
    RsaSha1,
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    RsaSha384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    RsaSha512,
    /// ECDSA on P-256 with SHA-256.
    EcdsaSha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaSha384,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RsaSha1,
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
    ];
    /// All that nobody is known to break.
    pub const STRONG: [Self; 5] =
        [Self::RsaSha256, Self::RsaSha384, Self::RsaSha512, Self::EcdsaSha256, Self::EcdsaSha384];

    /// The word in a format table.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Word, identifier, identifier of the hash, kind of key.
    fn row(self) -> (&'static str, &'static str, &'static str, Key) {
        const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
        const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
        const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
        const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
        match self {
            Self::RsaSha1 => ("rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", SHA1, Key::Rsa),
            Self::RsaSha256 => {
                ("rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", SHA256, Key::Rsa)
            }
            Self::RsaSha384 => {
                ("rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", SHA384, Key::Rsa)
            }
            Self::RsaSha512 => {
                ("rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", SHA512, Key::Rsa)
            }
            Self::EcdsaSha256 => {
                ("ecdsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", SHA256, Key::P256)
            }
            Self::EcdsaSha384 => {
                ("ecdsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", SHA384, Key::P384)
            }
        }
    }

    /// The identifier in `ds:SignatureMethod`.
    pub(super) fn uri(self) -> &'static str {
        self.row().1
    }

    /// The identifier of its hash in `ds:DigestMethod`.
    pub(super) fn digest_uri(self) -> &'static str {
        self.row().2
    }

    /// The key it goes with.
    pub(super) fn key(self) -> Key {
        self.row().3
    }
}

/// A kind of key strong enough to be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// RSA, [`RSA_BITS`].
    Rsa,
    /// The curve P-256.
    P256,
    /// The curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl Key {
    /// The kind of a leaf's key; none when it is of no kind taken, or too short.
    pub(super) fn of(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        if info.algorithm.algorithm == OID_SIG_ED25519 {
            return Some(Self::Ed25519);
        }
        match info.parsed().ok()? {
            PublicKey::RSA(key) => RSA_BITS.contains(&bits(key.modulus)).then_some(Self::Rsa),
            PublicKey::EC(_) => {
                let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let known = [(OID_EC_P256, Self::P256), (OID_NIST_EC_P384, Self::P384)];
                known.into_iter().find(|(oid, _)| *oid == curve).map(|(_, key)| key)
            }
            _ => None,
        }
    }
}

/// Length of a number: the library's own count takes every number for whole bytes.
fn bits(number: &[u8]) -> usize {
    let mut bytes = number.iter().skip_while(|byte| **byte == 0);
    bytes.next().map_or(0, |first| {
        let whole = 8 * bytes.count();
        (1..=8).rev().find(|bit| first >> (bit - 1) & 1 == 1).unwrap_or(0) + whole
    })
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::FromDer as _;

    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    /// The public key of an RSA leaf whose modulus has so many bits.
    fn rsa(bits: usize) -> Option<Key> {
        let mut modulus = vec![0xFF; bits.div_ceil(8)];
        modulus[0] = 0xFF >> (bits.div_ceil(8) * 8 - bits);
        let modulus = if modulus[0] < 0x80 { modulus } else { [&[0], &modulus[..]].concat() };
        let key = der(0x30, &[der(0x02, &modulus), der(0x02, &[1, 0, 1])].concat());
        let algorithm = [0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
        let info = der(0x30, &[&algorithm[..], &der(0x03, &[&[0], &key[..]].concat())].concat());
        Key::of(&SubjectPublicKeyInfo::from_der(&info).unwrap().1)
    }

    #[test]
    fn rsa_is_taken_from_2048_to_8192_bits() {
        assert_eq!((rsa(2048), rsa(8192)), (Some(Key::Rsa), Some(Key::Rsa)));
        assert_eq!((rsa(2049), rsa(8191)), (Some(Key::Rsa), Some(Key::Rsa)));
        assert_eq!((rsa(2047), rsa(8193)), (None, None));
    }

    #[test]
    fn every_algorithm_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> = Algorithm::ALL.iter().map(|one| one.word()).collect();
        let uris: std::collections::BTreeSet<_> = Algorithm::ALL.iter().map(|one| one.uri()).collect();
        assert_eq!((words.len(), uris.len()), (Algorithm::ALL.len(), Algorithm::ALL.len()));
    }
}
