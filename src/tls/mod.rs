//! TLS both ways: PEM in, rustls configurations out, with aws-lc-rs as the only cryptography.
//!
//! Inward, a peer must show a leaf and prove that it holds its key; whether anybody knows the leaf is not asked here
//! (`authenticate` asks on every request, against each member's own anchors). Outward, a member's server is judged by
//! that member's anchors alone; the platform's roots are never used.
//!
//! **Invariant:** a configuration of the members' door never accepts a connection without proof of possession of the peer's
//! key.
//!
//! It does not read files, watch them or hold state: a caller reads PEM, builds a configuration and swaps it, and
//! connections made from then on use the new one. Feeds `listen`, `console` and `deliver`.

mod leaf;
mod verifier;

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SignatureScheme,
    client::{ResolvesClientCert, Resumption},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject,
    },
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

pub use leaf::{DEVELOPMENT, Purpose, ends};
pub use verifier::{CHAIN_BYTES_MAX, CHAIN_LEAVES_MAX, LEAF_BYTES_MAX, well_formed};

/// Protocols offered by ALPN, preferred first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// Sessions a server configuration remembers for resumption; the memory goes with the configuration.
const SESSIONS_MAX: usize = 2048;
/// Sessions a client configuration remembers: those of the one server it is for. The library has room for 32 servers.
const CLIENT_SESSIONS_MAX: usize = 8;

/// Why PEM text is not usable.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no X.509 block.
    #[error("no CERTIFICATE block")]
    NoLeaf,
    /// There is no private key block, or it is encrypted.
    #[error("no usable PRIVATE KEY block")]
    NoKey,
    /// A block is not PEM, or not what its label says.
    #[error("the PEM text is broken")]
    Pem,
    /// An anchor, leaf or revocation list is not well-formed X.509.
    #[error("not a well-formed X.509 structure")]
    Malformed,
    /// The leaf says what it is for, and this is not among it.
    #[error("the leaf's extended key usage does not have {0}")]
    Purpose(&'static str),
    /// rustls refuses the key, or it does not belong to the leaf.
    #[error("the leaf and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Error {
    /// Whether what is wrong with a leaf and its key is the key: it is none, or another leaf's.
    #[must_use]
    pub fn is_of_key(&self) -> bool {
        matches!(self, Self::NoKey | Self::Unusable(_))
    }
}

/// The hub's own leaf with the chain it sends and the key it proves.
pub struct OwnLeaf {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl OwnLeaf {
    /// Reads a leaf, with any intermediates behind it, and its key (PKCS#8, SEC 1 or PKCS#1).
    ///
    /// # Errors
    /// [`Error::NoLeaf`], [`Error::NoKey`], [`Error::Pem`] or [`Error::Malformed`]; none holds key material.
    pub fn from_pem(leaf: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain = blocks(leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Error::NoKey)?;
        Ok(Self { chain, key })
    }

    /// The leaf in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.chain.first().map_or(&[], |leaf| leaf.as_ref())
    }
}

/// Reads every X.509 block of a PEM text as DER: anchors, or a leaf with its chain.
///
/// # Errors
/// [`Error::NoLeaf`], [`Error::Pem`] or [`Error::Malformed`].
pub fn anchors(pem: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    Ok(blocks(pem)?.into_iter().map(|der| der.to_vec()).collect())
}

/// Reads every revocation list of a PEM text as DER; none is fine.
///
/// # Errors
/// [`Error::Pem`] or [`Error::Malformed`].
pub fn revocations(pem: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let lists: Vec<CertificateRevocationListDer<'static>> = CertificateRevocationListDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| Error::Pem)?;
    let sound =
        |list: &CertificateRevocationListDer<'_>| webpki::BorrowedCertRevocationList::from_der(list).is_ok();
    if !lists.iter().all(sound) {
        return Err(Error::Malformed);
    }
    Ok(lists.into_iter().map(|der| der.to_vec()).collect())
}

/// Reads a PKCS#8 private key as DER: the form of the receipt key.
///
/// # Errors
/// [`Error::NoKey`].
pub fn pkcs8(pem: &[u8]) -> Result<Vec<u8>, Error> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| Error::NoKey)?;
    Ok(key.secret_pkcs8_der().to_vec())
}

/// Builds the configuration of the members' door: TLS 1.2 and 1.3, client leaf demanded, ALPN `h2` and `http/1.1`.
///
/// Each configuration has its own session memory, so a session does not outlive a swap.
///
/// # Errors
/// [`Error::Unusable`] when leaf and key do not fit together.
pub fn server(own: &OwnLeaf) -> Result<Arc<ServerConfig>, Error> {
    let provider = provider();
    let verifier = Arc::new(verifier::Possession::new(&provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(own.chain.clone(), own.key.clone_key())?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(SESSIONS_MAX);
    Ok(Arc::new(config))
}

/// Builds the configuration of the console: TLS 1.2 and 1.3, no client leaf, ALPN `http/1.1`.
///
/// Who asks is told by a session, not by the connection.
///
/// # Errors
/// [`Error::Unusable`] as for [`server`].
pub fn console(own: &OwnLeaf) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(own.chain.clone(), own.key.clone_key())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Builds the configuration of a connection to a member: its anchors only, our leaf shown when asked for.
///
/// ALPN is left empty: the HTTP connector sets it to what it speaks.
///
/// # Errors
/// [`Error::Malformed`] when an anchor cannot be used or there is none, [`Error::Unusable`] as for [`server`].
pub fn client(own: &OwnLeaf, anchors: &[Vec<u8>]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        roots.add(CertificateDer::from(anchor.as_slice())).map_err(|_| Error::Malformed)?;
    }
    if roots.is_empty() {
        return Err(Error::Malformed);
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots)
        .with_client_auth_cert(own.chain.clone(), own.key.clone_key())?;
    config.resumption = Resumption::in_memory_sessions(CLIENT_SESSIONS_MAX);
    Ok(config)
}

/// The same configuration without a leaf of ours: what a stranger would have.
#[must_use]
pub fn nameless(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.client_auth_cert_resolver = Arc::new(NoLeaf);
    // A session begun with the leaf would be taken for ours.
    config.resumption = Resumption::disabled();
    config
}

/// Shows nothing, whatever is asked for.
#[derive(Debug)]
struct NoLeaf;

impl ResolvesClientCert for NoLeaf {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn blocks(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let blocks: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| Error::Pem)?;
    if blocks.is_empty() {
        return Err(Error::NoLeaf);
    }
    if !blocks.iter().all(|der| well_formed(der)) {
        return Err(Error::Malformed);
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["hub.example".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_leaf_with_the_key_of_another_is_refused() {
        let ((leaf, key), (_, other)) = (own(), own());
        assert!(server(&OwnLeaf::from_pem(leaf.as_bytes(), key.as_bytes()).unwrap()).is_ok());
        let crossed = OwnLeaf::from_pem(leaf.as_bytes(), other.as_bytes()).unwrap();
        assert!(matches!(server(&crossed), Err(Error::Unusable(_))));
    }

    #[test]
    fn pem_problems_are_told_apart() {
        let (leaf, key) = own();
        assert!(matches!(OwnLeaf::from_pem(b"", key.as_bytes()), Err(Error::NoLeaf)));
        assert!(matches!(OwnLeaf::from_pem(leaf.as_bytes(), leaf.as_bytes()), Err(Error::NoKey)));
        let hollow = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(anchors(hollow), Err(Error::Malformed)));
        assert_eq!(anchors(format!("{leaf}{leaf}").as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn a_client_without_anchors_is_not_built() {
        let (leaf, key) = own();
        let own = OwnLeaf::from_pem(leaf.as_bytes(), key.as_bytes()).unwrap();
        assert!(matches!(client(&own, &[]), Err(Error::Malformed)));
        assert!(client(&own, &anchors(leaf.as_bytes()).unwrap()).is_ok());
    }
}
