//! The other bytes in which one leaf can be written.
//!
//! For each ECDSA signature (r, s) there is a second one, (r, order − s), which anybody can work out and which verifies
//! as well. So whoever holds a leaf of an ECDSA authority can change its bytes, and with them its digest, and keep key,
//! name and the authority's word. A revocation that names a leaf by its digest must therefore hold for both.

use x509_parser::certificate::X509Certificate;

use crate::model::id::Digest;

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The order of P-256 (SEC 2, 2.4.2).
const P256: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
    0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];
/// The order of P-384 (SEC 2, 2.5.1).
const P384: [u8; 48] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF, 0x58, 0x1A,
    0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
];
/// The order of P-521 (SEC 2, 2.6.1).
const P521: [u8; 66] = [
    0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFA,
    0x51, 0x86, 0x87, 0x83, 0xBF, 0x2F, 0x96, 0x6B, 0x7F, 0xCC, 0x01, 0x48, 0xF7, 0x09, 0xA5, 0xD0, 0x3B,
    0xB5, 0xC9, 0xB8, 0x89, 0x9C, 0x47, 0xAE, 0xBB, 0x6F, 0xB7, 0x1E, 0x91, 0x38, 0x64, 0x09,
];

/// Digests of the same leaf in other bytes: one for each curve its authority may be on; none when it did not sign by
/// ECDSA.
pub(super) fn digests(der: &[u8], leaf: &X509Certificate<'_>) -> Vec<Digest> {
    let orders: [&[u8]; 3] = [&P256, &P384, &P521];
    orders.into_iter().filter_map(|order| Some(Digest::of(&twin(der, leaf, order)?))).collect()
}

/// The leaf with the other signature.
fn twin(der: &[u8], leaf: &X509Certificate<'_>, order: &[u8]) -> Option<Vec<u8>> {
    let signature = leaf.signature_value.data.as_ref();
    let (pair, []) = content(signature, SEQUENCE)? else { return None };
    let (r, rest) = content(pair, INTEGER)?;
    let (s, []) = content(rest, INTEGER)? else { return None };
    let (whole, _) = content(der, SEQUENCE)?;
    let signed = whole.strip_suffix(bits(signature).as_slice())?;
    let pair = [wrapped(INTEGER, r), wrapped(INTEGER, &negative(s, order)?)].concat();
    let other = bits(&wrapped(SEQUENCE, &pair));
    Some(wrapped(SEQUENCE, &[signed, &other].concat()))
}

/// Order less number, as an integer of DER; none when the number is not of this curve.
fn negative(number: &[u8], order: &[u8]) -> Option<Vec<u8>> {
    let zeros = std::iter::repeat(&0_u8);
    let digits = number.iter().rev().chain(zeros);
    let mut borrow = 0_i16;
    let mut difference = Vec::with_capacity(order.len() + 1);
    for (minuend, subtrahend) in order.iter().rev().zip(digits) {
        let digit = i16::from(*minuend) - i16::from(*subtrahend) - borrow;
        borrow = i16::from(digit < 0);
        difference.push(u8::try_from(digit.rem_euclid(0x100)).ok()?);
    }
    let over = number.iter().rev().skip(order.len()).any(|digit| *digit != 0);
    if over || borrow != 0 {
        return None;
    }
    while difference.last() == Some(&0) {
        difference.pop();
    }
    // Positive, so its first bit is none.
    if difference.last().is_none_or(|first| *first >= 0x80) {
        difference.push(0);
    }
    difference.reverse();
    Some(difference)
}

/// The content of the first element, which has this tag, and what comes after it.
fn content(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (_, rest) = der.split_first().filter(|(first, _)| **first == tag)?;
    let (length, rest) = rest.split_first()?;
    match *length {
        short @ ..0x80 => rest.split_at_checked(short.into()),
        long => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            let length = length
                .iter()
                .try_fold(0_usize, |length, digit| length.checked_mul(0x100)?.checked_add((*digit).into()))?;
            rest.split_at_checked(length)
        }
    }
}

/// A bit string of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    wrapped(BIT_STRING, &[&[0], bytes].concat())
}

/// An element of DER, its length in as few bytes as it takes.
fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let head = match digits.as_slice() {
        [] => vec![0],
        [short @ ..0x80] => vec![*short],
        long => [&[0x80 | u8::try_from(long.len()).unwrap_or(0)], long].concat(),
    };
    [&[tag], head.as_slice(), content].concat()
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
    use rustls_pki_types::CertificateDer;
    use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, anchor_from_trusted_cert};
    use x509_parser::parse_x509_certificate;

    use super::*;

    fn issued(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let anchor = params.self_signed(&key).unwrap().der().to_vec();
        let leaf = CertificateParams::default();
        let leaf =
            leaf.signed_by(&KeyPair::generate().unwrap(), &Issuer::from_params(&params, &key)).unwrap();
        (anchor, leaf.der().to_vec())
    }

    fn verifies(anchor: &[u8], leaf: &[u8]) -> bool {
        let (anchor, leaf) = (CertificateDer::from(anchor), CertificateDer::from(leaf));
        let anchors = [anchor_from_trusted_cert(&anchor).unwrap()];
        let leaf = EndEntityCert::try_from(&leaf).unwrap();
        let at = rustls_pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
        let usage = webpki::KeyUsage::client_auth();
        leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &[], at, usage, None, None).is_ok()
    }

    #[test]
    fn each_curve_has_one_other_signature_and_the_other_of_that_is_the_first() {
        let curves = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, P256.as_slice()),
            (&rcgen::PKCS_ECDSA_P384_SHA384, &P384),
            (&rcgen::PKCS_ECDSA_P521_SHA512, &P521),
        ];
        for (algorithm, order) in curves {
            for _ in 0..20 {
                let (anchor, leaf) = issued(algorithm);
                let other = twin(&leaf, &parse_x509_certificate(&leaf).unwrap().1, order).unwrap();
                assert_ne!(other, leaf);
                assert!(verifies(&anchor, &leaf) && verifies(&anchor, &other));
                assert_eq!(twin(&other, &parse_x509_certificate(&other).unwrap().1, order), Some(leaf));
            }
        }
    }

    #[test]
    fn a_signature_that_is_no_pair_of_numbers_has_no_other() {
        let (_, leaf) = issued(&rcgen::PKCS_ED25519);
        assert_eq!(digests(&leaf, &parse_x509_certificate(&leaf).unwrap().1), []);
    }
}
