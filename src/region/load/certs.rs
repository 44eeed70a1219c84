//! Certificates a region names: anchors, signers' leaves, revocation lists, read from PEM files of the certs folder.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use serde_json::Value;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    super::{CERTS, held::Held, member::ClientLeaf, signer::RevocationList},
    folder::FILE_BYTES_MAX,
    revocation, secret,
};
use crate::{
    evidence::key::PublicKey,
    files::read_bounded,
    model::{id::Digest, time::Timestamp},
    problem::{Found, Problems},
    tls::{self, OwnLeaf, Purpose},
};

/// Most certificates or lists in one PEM file.
const ENTRIES_MAX: usize = 32;

/// The certs folder, and what was read from it; private keys are no part of that.
#[derive(Debug)]
pub(super) struct Certs<'a> {
    folder: Option<&'a Path>,
    read: RefCell<BTreeMap<String, Arc<[u8]>>>,
    held: RefCell<BTreeMap<String, Vec<Held>>>,
    vouching: RefCell<BTreeSet<String>>,
}

impl<'a> Certs<'a> {
    /// The certs folder; `None` reads nothing.
    pub(super) fn new(folder: Option<&'a Path>) -> Self {
        Self { folder, read: RefCell::default(), held: RefCell::default(), vouching: RefCell::default() }
    }

    /// The files read, by their path below the region's name for the folder.
    pub(super) fn read(&self) -> BTreeMap<String, Arc<[u8]>> {
        self.read.borrow().iter().map(|(name, bytes)| (of_folder(name), bytes.clone())).collect()
    }

    /// The anchors and leaves in the files read, by their path below the region's name for the folder.
    pub(super) fn held(&self) -> BTreeMap<String, Vec<Held>> {
        let held = self.held.borrow();
        held.iter().map(|(name, entries)| (of_folder(name), entries.clone())).collect()
    }

    /// The files of anchors, leaves and keys named since this was asked last, by the same path; revocation lists are none.
    pub(super) fn vouching(&self) -> BTreeSet<String> {
        self.vouching.take().iter().map(|name| of_folder(name)).collect()
    }

    /// Where a named file stands.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }

    /// The anchors of a file, in DER: at least one, each a certificate that may anchor a chain.
    pub(super) fn anchors(&self, file: &Found<String>, problems: &Problems) -> Vec<Vec<u8>> {
        let good = |der: &CertificateDer<'_>| webpki::anchor_from_trusted_cert(der).is_ok();
        self.vouches(file);
        self.entries(file, problems, "an X.509 certificate", good)
    }

    /// The revocation lists of a file, in DER: at least one.
    pub(super) fn revocations(&self, file: &Found<String>, problems: &Problems) -> Vec<Vec<u8>> {
        let good = |der: &CertificateRevocationListDer<'_>| {
            webpki::BorrowedCertRevocationList::from_der(der).is_ok()
        };
        self.entries(file, problems, "a revocation list", good)
    }

    /// The revocation lists of a file, each of which one of the anchors must have signed.
    pub(super) fn lists(
        &self,
        file: &Found<String>,
        anchors: &[Vec<u8>],
        problems: &Problems,
    ) -> Vec<RevocationList> {
        let ders = self.revocations(file, problems);
        // Without anchors there is a problem already.
        let read = ders.iter().filter(|_| !anchors.is_empty()).map(|der| {
            revocation::read(der, anchors, &file.value).map_err(|reason| {
                problems.add(file.spot.problem(format!("{}: {reason}", self.path(&file.value).display())));
            })
        });
        read.filter_map(Result::ok).collect()
    }

    /// The digest of the first leaf of a file and the end of its validity; `None` when the folder is not read or there
    /// is a problem.
    pub(super) fn leaf(&self, file: &Found<String>, problems: &Problems) -> Option<(Digest, Timestamp)> {
        let good = |der: &CertificateDer<'_>| {
            webpki::EndEntityCert::try_from(der).is_ok() && X509Certificate::from_der(der).is_ok()
        };
        self.vouches(file);
        let ders = self.entries(file, problems, "an X.509 certificate", good);
        let der = ders.first()?;
        let (_, leaf) = X509Certificate::from_der(der).ok()?;
        Some((Digest::of(der), revocation::instant(leaf.validity().not_after)))
    }

    /// The leaf shown to one member, whose key must be its own and which must allow that use.
    pub(super) fn client_leaf(
        &self,
        leaf: &Found<String>,
        key: &Found<String>,
        problems: &Problems,
    ) -> ClientLeaf {
        let ends = self.own(leaf, key, problems).map(|own| own.ends()).unwrap_or_default();
        ClientLeaf { leaf: self.path(&leaf.value), key: self.path(&key.value), ends }
    }

    fn own(&self, leaf: &Found<String>, key: &Found<String>, problems: &Problems) -> Option<OwnLeaf> {
        self.vouches(leaf);
        let (leaf_pem, key_pem) = (self.public(leaf, problems), self.bytes(key, problems));
        let own = OwnLeaf::from_pem(&leaf_pem?, &key_pem?);
        let fit = own.and_then(|own| own.fits(Purpose::Client).map(|()| own));
        let of = |error: &tls::Error| if error.is_of_key() { key } else { leaf };
        fit.map_err(|error| self.wrong(of(&error), &error.to_string(), problems)).ok()
    }

    /// The keys of a JWK set: at least one, each EdDSA or ES256.
    pub(super) fn keys(&self, file: &Found<String>, problems: &Problems) -> Vec<PublicKey> {
        self.vouches(file);
        let Some(bytes) = self.public(file, problems) else { return Vec::new() };
        let set: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let listed = set.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let keys: Option<Vec<_>> = listed.iter().map(PublicKey::from_jwk).collect();
        match keys {
            Some(keys) if (1..=ENTRIES_MAX).contains(&keys.len()) => keys,
            _ => {
                let what = format!("is not a key set of 1 to {ENTRIES_MAX} keys, each Ed25519 or P-256");
                self.wrong(file, &what, problems);
                Vec::new()
            }
        }
    }

    /// The bytes of a file without a private key, which goes into the region whole; `None` when the folder is not read or
    /// there is a problem.
    fn public(&self, file: &Found<String>, problems: &Problems) -> Option<Vec<u8>> {
        let bytes = self.bytes(file, problems)?;
        if secret::is_in(&bytes) {
            self.wrong(file, "holds a private key; keep keys in files of their own", problems);
            return None;
        }
        self.read.borrow_mut().insert(file.value.clone(), bytes.as_slice().into());
        Some(bytes)
    }

    fn vouches(&self, file: &Found<String>) {
        self.vouching.borrow_mut().insert(file.value.clone());
    }

    /// A file's bytes; `None` when the folder is not read or there is a problem.
    fn bytes(&self, file: &Found<String>, problems: &Problems) -> Option<Vec<u8>> {
        self.folder?;
        let read = read_bounded(&self.path(&file.value), FILE_BYTES_MAX);
        read.map_err(|reason| self.wrong(file, &reason, problems)).ok()
    }

    fn wrong(&self, file: &Found<String>, reason: &str, problems: &Problems) {
        problems.add(file.spot.problem(format!("{}: {reason}", self.path(&file.value).display())));
    }

    fn entries<T: PemObject + AsRef<[u8]>>(
        &self,
        file: &Found<String>,
        problems: &Problems,
        what: &str,
        good: impl Fn(&T) -> bool,
    ) -> Vec<Vec<u8>> {
        let wrong = |reason: String| self.wrong(file, &reason, problems);
        let Some(bytes) = self.public(file, problems) else { return Vec::new() };
        let found: Vec<T> = match T::pem_slice_iter(&bytes).collect() {
            Ok(found) => found,
            Err(error) => {
                wrong(format!("is not a PEM file: {error}"));
                return Vec::new();
            }
        };
        if !(1..=ENTRIES_MAX).contains(&found.len()) {
            wrong(format!("holds {} of what must be {what}; allowed: 1 to {ENTRIES_MAX}", found.len()));
        } else if !found.iter().all(good) {
            wrong(format!("holds an entry that is not {what}"));
        }
        let held = found.iter().filter_map(|entry| Held::of(entry.as_ref())).collect();
        self.held.borrow_mut().insert(file.value.clone(), held);
        found.iter().map(|entry| entry.as_ref().to_vec()).collect()
    }
}

/// A file of the certs folder, as the region names it.
fn of_folder(name: &str) -> String {
    format!("{CERTS}{name}")
}
