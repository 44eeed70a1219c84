//! What a leaf of our own is good for: whether its key is its own, what it may be used for, and until when.

use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Error, OwnLeaf, provider};
use crate::model::time::Timestamp;

/// The organisation of every leaf made for development.
pub const DEVELOPMENT: &str = "coohub development";

/// Which side of a connection a leaf is shown on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To those who connect.
    Server,
    /// To those the hub connects to.
    Client,
}

impl OwnLeaf {
    /// Whether the key belongs to the leaf and the leaf allows this use; one that says nothing of its use allows any.
    ///
    /// # Errors
    /// [`Error::Unusable`], [`Error::Purpose`] or [`Error::Malformed`].
    pub fn fits(&self, purpose: Purpose) -> Result<(), Error> {
        CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &provider())?;
        let (_, leaf) = X509Certificate::from_der(self.der()).map_err(|_| Error::Malformed)?;
        let Some(usage) = leaf.extended_key_usage().map_err(|_| Error::Malformed)? else { return Ok(()) };
        let (allowed, word) = match purpose {
            Purpose::Server => (usage.value.server_auth, "serverAuth"),
            Purpose::Client => (usage.value.client_auth, "clientAuth"),
        };
        if allowed || usage.value.any { Ok(()) } else { Err(Error::Purpose(word)) }
    }

    /// Whether it was made for development, by `coohub certs dev`.
    #[must_use]
    pub fn is_of_development(&self) -> bool {
        let Ok((_, leaf)) = X509Certificate::from_der(self.der()) else { return false };
        leaf.subject().iter_organization().any(|name| name.as_str() == Ok(DEVELOPMENT))
    }

    /// The end of the leaf's validity.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        ends(self.der()).unwrap_or_default()
    }
}

/// The end of the validity of a leaf or anchor in DER, if it is one.
#[must_use]
pub fn ends(der: &[u8]) -> Option<Timestamp> {
    let (_, x509) = X509Certificate::from_der(der).ok()?;
    Some(Timestamp(x509.validity().not_after.timestamp().saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

    use super::*;

    fn own(usages: &[ExtendedKeyUsagePurpose]) -> OwnLeaf {
        let mut params = CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
        params.extended_key_usages = usages.to_vec();
        params.not_after = date_time_ymd(2030, 1, 1);
        let key = KeyPair::generate().unwrap();
        let leaf = params.self_signed(&key).unwrap().pem();
        OwnLeaf::from_pem(leaf.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    #[test]
    fn a_leaf_is_for_what_it_says_and_for_anything_when_it_says_nothing() {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
        for (usages, server, client) in [
            (&[][..], true, true),
            (&[Any], true, true),
            (&[ServerAuth], true, false),
            (&[ClientAuth], false, true),
            (&[ServerAuth, ClientAuth], true, true),
        ] {
            assert_eq!(own(usages).fits(Purpose::Server).is_ok(), server, "{usages:?}");
            assert_eq!(own(usages).fits(Purpose::Client).is_ok(), client, "{usages:?}");
        }
    }

    #[test]
    fn a_leaf_with_the_key_of_another_fits_nothing() {
        let (one, two) = (own(&[]), own(&[]));
        let crossed = OwnLeaf { chain: one.chain, key: two.key };
        assert!(matches!(crossed.fits(Purpose::Client), Err(Error::Unusable(_))));
    }

    #[test]
    fn a_leaf_ends_when_it_says() {
        assert_eq!(own(&[]).ends().to_string(), "2030-01-01T00:00:00.000Z");
    }
}
