//! Certificates a region names: anchors, signers' leaves, revocation lists, read from PEM files of the certs folder.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    super::signer::RevocationList,
    folder::{FILE_BYTES_MAX, read_bounded},
    revocation,
};
use crate::{
    model::{id::Digest, time::Timestamp},
    problem::{Found, Problems},
};

/// Most certificates or lists in one PEM file.
const ENTRIES_MAX: usize = 32;

/// The certs folder, and the digests of what was read from it.
#[derive(Debug)]
pub(super) struct Certs<'a> {
    folder: Option<&'a Path>,
    read: RefCell<BTreeMap<String, Digest>>,
}

impl<'a> Certs<'a> {
    /// The certs folder; `None` reads nothing.
    pub(super) fn new(folder: Option<&'a Path>) -> Self {
        Self { folder, read: RefCell::default() }
    }

    /// Digests of the files read, by the path the region gives.
    pub(super) fn read(&self) -> BTreeMap<String, Digest> {
        self.read.borrow().clone()
    }

    /// Where a named file stands.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }

    /// The anchors of a file, in DER: at least one, each a certificate that may anchor a chain.
    pub(super) fn anchors(&self, file: &Found<String>, problems: &Problems) -> Vec<Vec<u8>> {
        let good = |der: &CertificateDer<'_>| webpki::anchor_from_trusted_cert(der).is_ok();
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
        let ders = self.entries(file, problems, "an X.509 certificate", good);
        let der = ders.first()?;
        let (_, leaf) = X509Certificate::from_der(der).ok()?;
        Some((Digest::of(der), revocation::instant(leaf.validity().not_after)))
    }

    fn entries<T: PemObject + AsRef<[u8]>>(
        &self,
        file: &Found<String>,
        problems: &Problems,
        what: &str,
        good: impl Fn(&T) -> bool,
    ) -> Vec<Vec<u8>> {
        if self.folder.is_none() {
            return Vec::new();
        }
        let path = self.path(&file.value);
        let wrong = |reason: String| problems.add(file.spot.problem(format!("{}: {reason}", path.display())));
        let bytes = match read_bounded(&path, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(reason) => {
                wrong(reason);
                return Vec::new();
            }
        };
        self.read.borrow_mut().insert(file.value.clone(), Digest::of(&bytes));
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
        found.iter().map(|entry| entry.as_ref().to_vec()).collect()
    }
}
