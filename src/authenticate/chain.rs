//! A leaf against one member's anchors and revocation lists.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, BorrowedCertRevocationList, CertRevocationList, EndEntityCert, Error,
    ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptions, RevocationOptionsBuilder,
    UnknownStatusPolicy, anchor_from_trusted_cert,
};

use super::{Mismatch, Peer};
use crate::model::time::Timestamp;

/// Validates the peer's chain for client authentication, at a time, against these anchors only.
///
/// With revocation lists, the leaf must be covered by a current one, and no intermediate may be revoked by any.
pub(super) fn verify(
    peer: &Peer,
    anchors: &[Vec<u8>],
    revocations: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), Mismatch> {
    let anchors: Vec<CertificateDer<'_>> =
        anchors.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let anchors: Vec<TrustAnchor<'_>> =
        anchors.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let lists = read(revocations)?;
    let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
    if lists.is_empty() {
        return path(peer, &anchors, now, None);
    }
    let options = |depth, policy| {
        RevocationOptionsBuilder::new(&lists).ok().map(|builder| {
            builder
                .with_depth(depth)
                .with_status_policy(policy)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        })
    };
    // Two questions that one set of options cannot ask: the leaf must be known good, the rest not known bad.
    let leaf_known = options(RevocationCheckDepth::EndEntity, UnknownStatusPolicy::Deny);
    let none_revoked = options(RevocationCheckDepth::Chain, UnknownStatusPolicy::Allow);
    path(peer, &anchors, now, leaf_known)?;
    path(peer, &anchors, now, none_revoked)
}

fn path(
    peer: &Peer,
    anchors: &[TrustAnchor<'_>],
    now: Timestamp,
    revocation: Option<RevocationOptions<'_>>,
) -> Result<(), Mismatch> {
    let leaf = CertificateDer::from(peer.leaf());
    let leaf = EndEntityCert::try_from(&leaf).map_err(|_| Mismatch::Chain)?;
    let chain: Vec<CertificateDer<'_>> =
        peer.chain().iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let time = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now.0).unwrap_or(0)));
    leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        anchors,
        &chain,
        time,
        KeyUsage::client_auth(),
        revocation,
        None,
    )
    .map(|_| ())
    .map_err(|error| match error {
        Error::CertRevoked => Mismatch::Revoked,
        Error::UnknownRevocationStatus | Error::CrlExpired { .. } => Mismatch::RevocationUnknown,
        _ => Mismatch::Chain,
    })
}

/// Reads the lists; one that cannot be read leaves the status of every leaf unknown.
fn read(revocations: &[Vec<u8>]) -> Result<Vec<CertRevocationList<'_>>, Mismatch> {
    revocations
        .iter()
        .map(|der| {
            BorrowedCertRevocationList::from_der(der)
                .map(CertRevocationList::from)
                .map_err(|_| Mismatch::RevocationUnknown)
        })
        .collect()
}
