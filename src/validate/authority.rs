//! Whether an authority of officials issued a leaf, and to an official.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    anchor_from_trusted_cert,
};
use x509_parser::{
    extensions::ParsedExtension,
    prelude::{GeneralName, X509Certificate},
};

use crate::{
    model::id::Digest,
    region::{
        member::IssuingBody,
        signer::{Admits, Authority},
    },
};

/// Any purpose: officials' leaves are for mail here, for clients there, or for nothing in particular.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

/// A leaf that signed, as read once.
pub(super) struct Leaf<'a> {
    pub(super) digest: Digest,
    pub(super) der: &'a [u8],
    pub(super) parsed: X509Certificate<'a>,
}

/// Whether an official of a body has this leaf, by list or by authority, at whatever time.
pub(super) fn knows(body: &IssuingBody, leaf: &Leaf<'_>) -> bool {
    let listed = body.signers.iter().any(|signer| signer.leaf == leaf.digest);
    listed
        || body.authorities.iter().any(|authority| issued(authority, leaf) && admits(authority, &leaf.parsed))
}

/// Whether one of the authority's anchors issued the leaf: name, signature and constraints, not the time, which is
/// judged apart.
pub(super) fn issued(authority: &Authority, leaf: &Leaf<'_>) -> bool {
    let name = leaf.parsed.issuer().as_raw();
    // Names first: a region may have many anchors, and reading each for each leaf would cost a stranger nothing.
    let anchors = authority.anchors.iter().filter(|anchor| anchor.name == name);
    let anchors: Vec<CertificateDer<'_>> =
        anchors.map(|anchor| CertificateDer::from(anchor.der.as_slice())).collect();
    let anchors: Vec<TrustAnchor<'_>> =
        anchors.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let der = CertificateDer::from(leaf.der);
    let Ok(end) = EndEntityCert::try_from(&der) else { return false };
    let begins = u64::try_from(leaf.parsed.validity().not_before.timestamp()).unwrap_or(0);
    let begins = UnixTime::since_unix_epoch(Duration::from_secs(begins));
    !anchors.is_empty()
        && end.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &[], begins, AnyPurpose, None, None).is_ok()
}

/// Whether a leaf the authority issued is an official's: for signing, and of the subject, name or policy the file says.
pub(super) fn admits(authority: &Authority, leaf: &X509Certificate<'_>) -> bool {
    let usage = leaf.key_usage();
    let signs = usage.is_ok_and(|usage| {
        usage.is_none_or(|usage| usage.value.digital_signature() || usage.value.non_repudiation())
    });
    signs
        && match &authority.admits {
            Admits::Subject(wanted) => wanted.iter().all(|(kind, value)| has_attribute(leaf, kind, value)),
            Admits::San(name) => is_named(leaf, name),
            Admits::Policy(policy) => is_under(leaf, policy),
            Admits::ListedOnly => false,
        }
}

/// Whether the subject has an attribute of a type once, with exactly this value.
fn has_attribute(leaf: &X509Certificate<'_>, kind: &str, value: &str) -> bool {
    let Some(oid) = attribute_oid(kind) else { return false };
    let mut found =
        leaf.subject().iter_attributes().filter(|attribute| attribute.attr_type().to_id_string() == oid);
    let (first, second) = (found.next(), found.next());
    first.is_some_and(|attribute| attribute.as_str().is_ok_and(|text| text == value)) && second.is_none()
}

fn attribute_oid(kind: &str) -> Option<&str> {
    Some(match kind {
        "C" => "2.5.4.6",
        "O" => "2.5.4.10",
        "OU" => "2.5.4.11",
        "CN" => "2.5.4.3",
        "serialNumber" => "2.5.4.5",
        "L" => "2.5.4.7",
        "ST" => "2.5.4.8",
        dotted if dotted.contains('.') => dotted,
        _ => return None,
    })
}

fn is_named(leaf: &X509Certificate<'_>, wanted: &str) -> bool {
    let Ok(Some(names)) = leaf.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
            *name == wanted
        }
        _ => false,
    })
}

fn is_under(leaf: &X509Certificate<'_>, wanted: &str) -> bool {
    leaf.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().any(|policy| policy.policy_id.to_id_string() == wanted)
        }
        _ => false,
    })
}
