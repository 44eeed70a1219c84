//! The verifier of the members' door: possession of a key and a well-formed leaf, nothing more.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Longest leaf, intermediate or anchor that is read, in bytes of DER.
pub const LEAF_BYTES_MAX: usize = 16 * 1024;
/// Longest chain a peer may send, its leaf included.
pub const CHAIN_LEAVES_MAX: usize = 8;
/// Most bytes of such a chain: each remembered session holds one.
pub const CHAIN_BYTES_MAX: usize = 24 * 1024;

/// Demands proof of possession; the chain is judged later, against one member's anchors at a time.
///
/// To judge it here would need one pool of every member's anchors, and then one member's authority could mint
/// another member's name.
#[derive(Debug)]
pub(super) struct Possession {
    algorithms: WebPkiSupportedAlgorithms,
}

impl Possession {
    pub(super) fn new(provider: &Arc<CryptoProvider>) -> Self {
        Self { algorithms: provider.signature_verification_algorithms }
    }
}

/// Whether DER is one X.509 structure within [`LEAF_BYTES_MAX`], with nothing behind it.
#[must_use]
pub fn well_formed(der: &[u8]) -> bool {
    der.len() <= LEAF_BYTES_MAX && X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty())
}

impl ClientCertVerifier for Possession {
    /// None: the members' authorities are nobody else's business.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes = chain.iter().fold(leaf.len(), |total, der| total.saturating_add(der.len()));
        if chain.len() < CHAIN_LEAVES_MAX && bytes <= CHAIN_BYTES_MAX && well_formed(leaf) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::BadEncoding.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(leaf: &[u8], chain: &[Vec<u8>]) -> bool {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| der.as_slice().into()).collect();
        let now = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
        Possession::new(&provider).verify_client_cert(&leaf.into(), &chain, now).is_ok()
    }

    fn leaf() -> Vec<u8> {
        rcgen::generate_simple_self_signed(["aa.example".to_owned()]).unwrap().cert.der().to_vec()
    }

    #[test]
    fn a_chain_has_its_length_and_its_bytes_and_no_more() {
        let leaf = leaf();
        assert!(accepts(&leaf, &vec![Vec::new(); CHAIN_LEAVES_MAX - 1]));
        assert!(!accepts(&leaf, &vec![Vec::new(); CHAIN_LEAVES_MAX]));
        let room = CHAIN_BYTES_MAX - leaf.len();
        assert!(accepts(&leaf, &[vec![0; room]]));
        assert!(!accepts(&leaf, &[vec![0; room + 1]]));
    }

    #[test]
    fn a_leaf_is_one_well_formed_structure() {
        let mut broken = leaf();
        assert!(well_formed(&broken) && accepts(&broken, &[]));
        broken.push(0);
        assert!(!well_formed(&broken) && !accepts(&broken, &[]));
    }
}
