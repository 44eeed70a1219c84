//! Signing, for samples, the demo and tests: the hub never signs national documents.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bergshamra_dsig::{DsigContext, sign::sign_document_node};
use bergshamra_keys::{Key, KeyData, KeyUsage, KeysManager, loader::load_x509_cert_der};
use uppsala::{Document as Parsed, NodeId, Parser};

use super::{SignerRole, algorithm::Algorithm, place::DSIG};

/// A leaf with its private key. Not `Debug`: it holds key material.
pub struct SigningLeaf {
    /// Private key, PKCS#8, DER: RSA of 2048 bits or more, P-256 or P-384.
    pub key_pkcs8_der: Vec<u8>,
    /// The leaf, DER.
    pub leaf_der: Vec<u8>,
}

/// Why a sample could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not XML.
    #[error("the envelope is not well-formed: {0}")]
    Malformed(String),
    /// An element that must be there is not.
    #[error("the envelope has no {0}")]
    Missing(&'static str),
    /// The key cannot sign, or the leaf cannot be read.
    #[error("key or leaf of the {role}: {detail}")]
    Leaf {
        /// Whose.
        role: &'static str,
        /// What the library says.
        detail: String,
    },
}

/// Signs an unsigned COD envelope that has `EH` and `CertificationEH`: the exporter first, then the official.
///
/// # Errors
/// [`Error`]: when an element is missing or a key does not fit; nothing is signed by halves.
pub fn sign_cod(xml: &str, exporter: &SigningLeaf, official: &SigningLeaf) -> Result<String, Error> {
    let declared = sign_part(xml, SignerRole::Exporter, exporter)?;
    sign_part(&declared, SignerRole::Official, official)
}

/// Adds one signature to a COD envelope, over the bytes as they stand.
///
/// # Errors
/// As [`sign_cod`].
pub fn sign_part(xml: &str, role: SignerRole, leaf: &SigningLeaf) -> Result<String, Error> {
    let xml = xml.strip_prefix('\u{FEFF}').unwrap_or(xml);
    let needed: &[&'static str] = match role {
        SignerRole::Exporter => &["COD"],
        SignerRole::Official => &["EH", "CertificationEH", "CODEH"],
    };
    let end = signed_end(xml, needed)?;
    let (head, tail) = xml.split_at(end);
    let key = key(role, leaf)?;
    let draft = Draft { role, key: &key, leaf_der: &leaf.leaf_der };
    let template = format!("{head}{}{tail}", draft.xml("", ""));
    let (digest, value) = draft.values(&template)?;
    Ok(format!("{head}{}{tail}", draft.xml(&digest, &value)))
}

/// Where the last needed element ends; all of them must be there.
fn signed_end(xml: &str, needed: &[&'static str]) -> Result<usize, Error> {
    let doc = parse(xml)?;
    let mut end = 0;
    for name in needed {
        let id = doc.get_elements_by_tag_name(name).first().copied();
        let range = id.and_then(|id| doc.node_range(id)).ok_or(Error::Missing(name))?;
        end = range.end;
    }
    if xml.is_char_boundary(end) { Ok(end) } else { Err(Error::Missing("boundary")) }
}

fn parse(xml: &str) -> Result<Parsed<'_>, Error> {
    let parser = Parser::new().with_forbid_dtd(true);
    parser.parse(xml).map_err(|error| Error::Malformed(error.to_string()))
}

fn key(role: SignerRole, leaf: &SigningLeaf) -> Result<Key, Error> {
    let bad = |error: &dyn std::fmt::Display| Error::Leaf { role: role.word(), detail: error.to_string() };
    let public = load_x509_cert_der(&leaf.leaf_der).map_err(|error| bad(&error))?;
    let data = KeyData::from_pkcs8_der(public.data.algorithm(), &leaf.key_pkcs8_der);
    Ok(Key::new(data.map_err(|error| bad(&error))?, KeyUsage::Any))
}

/// A signature to be.
struct Draft<'a> {
    role: SignerRole,
    key: &'a Key,
    leaf_der: &'a [u8],
}

impl Draft<'_> {
    fn xml(&self, digest: &str, value: &str) -> String {
        let reference = match self.role {
            SignerRole::Exporter => "#COD",
            SignerRole::Official => "#CODEH",
        };
        let algorithm = match self.key.algorithm_name() {
            "RSA" => Algorithm::RsaSha256,
            "EC-P384" => Algorithm::EcdsaSha384,
            _ => Algorithm::EcdsaSha256,
        };
        let (method, digest_method) = (algorithm.uri(), algorithm.digest_uri());
        let leaf = STANDARD.encode(self.leaf_der);
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>\
             <ds:SignatureMethod Algorithm=\"{method}\"/>\
             <ds:Reference URI=\"{reference}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{digest_method}\"/>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{leaf}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </ds:Signature>"
        )
    }

    /// Digest and signature value of the template's last, still empty signature.
    fn values(&self, template: &str) -> Result<(String, String), Error> {
        let mut doc = parse(template)?;
        let signature = last(&doc, "Signature").ok_or(Error::Missing("Signature"))?;
        let mut keys = KeysManager::new();
        keys.add_key(self.key.clone());
        sign_document_node(&DsigContext::new(keys), &mut doc, signature)
            .map_err(|error| Error::Leaf { role: self.role.word(), detail: error.to_string() })?;
        let text = |name: &'static str| {
            let id = last(&doc, name).ok_or(Error::Missing(name))?;
            Ok(doc.text_content_deep(id).split_whitespace().collect::<String>())
        };
        Ok((text("DigestValue")?, text("SignatureValue")?))
    }
}

/// The signature being made is the last of the document: the exporter's is first, the official's follows it.
fn last(doc: &Parsed<'_>, name: &str) -> Option<NodeId> {
    doc.get_elements_by_tag_name_ns(DSIG, name).last().copied()
}
