//! Reads a revocation list once, when the region is read: whose it is, how current, what it revokes.

use std::collections::BTreeMap;

use rustls_pki_types::CertificateDer;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert};
use x509_parser::{
    extensions::ParsedExtension,
    prelude::{ASN1Time, CertificateRevocationList, FromDer as _, RevokedCertificate, X509Certificate},
};

use super::super::signer::{Anchor, Revocation, RevocationList, RevocationReason};
use crate::model::{id::Digest, time::Timestamp};

/// Reads a list that one of these anchors must have signed; `file` names it in notices.
///
/// # Errors
/// In words: what is wrong with it.
pub(super) fn read(der: &[u8], anchors: &[Vec<u8>], file: &str) -> Result<RevocationList, String> {
    let (_, list) =
        CertificateRevocationList::from_der(der).map_err(|_| "holds what is no revocation list")?;
    if !anchors.iter().any(|anchor| signed_by(&list, anchor)) {
        return Err("holds a revocation list that none of the authority's anchors signed".to_owned());
    }
    if is_partial(&list) {
        return Err("holds a revocation list that covers only part of what its authority issued".to_owned());
    }
    let next_update =
        list.next_update().ok_or("holds a revocation list that does not say when the next is due")?;
    Ok(RevocationList {
        digest: Digest::of(der),
        issuer: list.issuer().as_raw().to_vec(),
        this_update: instant(list.last_update()),
        next_update: instant(next_update),
        revoked: list.iter_revoked_certificates().map(entry).collect::<BTreeMap<_, _>>(),
        file: file.to_owned(),
    })
}

/// An anchor with its name; `None` when it cannot be read, which is a problem already.
pub(super) fn anchor(der: Vec<u8>) -> Option<Anchor> {
    let name = X509Certificate::from_der(&der).ok()?.1.subject().as_raw().to_vec();
    Some(Anchor { der, name })
}

/// Whether an anchor has the issuer's name, may sign lists, and its key signed this one.
fn signed_by(list: &CertificateRevocationList<'_>, anchor: &[u8]) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(anchor) else { return false };
    let may = parsed.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
    let der = CertificateDer::from(anchor);
    let Ok(key) = EndEntityCert::try_from(&der) else { return false };
    let (message, signature) = (list.tbs_cert_list.as_ref(), list.signature_value.data.as_ref());
    let verifies = |algorithm: &&dyn rustls_pki_types::SignatureVerificationAlgorithm| {
        key.verify_signature(*algorithm, message, signature).is_ok()
    };
    may && parsed.subject().as_raw() == list.issuer().as_raw() && ALL_VERIFICATION_ALGS.iter().any(verifies)
}

/// A list with a distribution point of its own, for authorities only, or for some reasons only, says nothing of a leaf
/// it does not name.
fn is_partial(list: &CertificateRevocationList<'_>) -> bool {
    list.extensions()
        .iter()
        .any(|extension| matches!(extension.parsed_extension(), ParsedExtension::IssuingDistributionPoint(_)))
}

fn entry(entry: &RevokedCertificate<'_>) -> (Vec<u8>, Revocation) {
    let reason = entry
        .reason_code()
        .map_or(RevocationReason::Unspecified, |(_, code)| RevocationReason::of_code(code.0));
    let revoked = instant(entry.revocation_date);
    let at = entry.invalidity_date().map_or(revoked, |(_, invalid)| instant(invalid).min(revoked));
    (entry.raw_serial().to_vec(), Revocation { at, reason })
}

/// An instant of X.509, which has seconds.
pub(super) fn instant(time: ASN1Time) -> Timestamp {
    Timestamp(time.timestamp().saturating_mul(1000))
}
