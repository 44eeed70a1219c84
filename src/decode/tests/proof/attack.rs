//! Forgeries. Each takes a well signed certificate and tries to have something else read, or someone else believed.

use super::{Algorithm, EXPORTER, SIGNED, SignerRole, proof, proof_with, sign_part, with};
use crate::model::reason::Reason;

const STRUCTURE: [&str; 1] = ["proof-structure"];
const ALGORITHM: [&str; 1] = ["proof-algorithm"];

fn refused(xml: &str, codes: &[&str], what: &str) {
    match proof(xml) {
        Ok(_) => panic!("{what}: verified"),
        Err(found) => assert_eq!(found, codes, "{what}"),
    }
}

/// From one mark to the end of another, both included.
fn between<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let start = xml.find(from).unwrap();
    let end = start + xml[start..].find(to).unwrap() + to.len();
    &xml[start..end]
}

fn cod() -> &'static str {
    between(&SIGNED, "<COD id", "</COD>")
}

fn signature() -> &'static str {
    between(&SIGNED, "<ds:Signature ", "</ds:Signature>")
}

const FORGED: &str = "<COD><Code>9999.99</Code></COD>";

#[test]
fn a_second_element_on_the_way_to_the_signed_one_is_refused() {
    refused(&with(&SIGNED, cod(), &format!("{FORGED}{}", cod())), &STRUCTURE, "forged COD before");
    refused(&with(&SIGNED, cod(), &format!("{}{FORGED}", cod())), &STRUCTURE, "forged COD after");
    let spaced = "<f:COD xmlns:f='urn:f'><Code>9999.99</Code></f:COD>";
    refused(&with(&SIGNED, cod(), &format!("{spaced}{}", cod())), &STRUCTURE, "forged COD in a namespace");
    let exporter = format!("<CODExporter>{FORGED}</CODExporter><CODExporter>");
    refused(&with(&SIGNED, "<CODExporter>", &exporter), &STRUCTURE, "forged CODExporter");
    let codeh = format!("<CODEH><CODExporter>{FORGED}</CODExporter></CODEH><CODEH id=\"CODEH\">");
    refused(&with(&SIGNED, "<CODEH id=\"CODEH\">", &codeh), &STRUCTURE, "forged CODEH");
    let origin = format!(
        "<CertOrigin><CODEH><CODExporter>{FORGED}</CODExporter></CODEH></CertOrigin><ns1:CertOrigin>"
    );
    refused(&with(&SIGNED, "<ns1:CertOrigin>", &origin), &STRUCTURE, "forged CertOrigin");
    let after = format!("</ns1:CertOrigin>{}", origin.replace("<ns1:CertOrigin>", ""));
    refused(&with(&SIGNED, "</ns1:CertOrigin>", &after), &STRUCTURE, "forged CertOrigin after");
    refused(
        &with(&SIGNED, cod(), &format!("{}<Extra/>", cod())),
        &STRUCTURE,
        "company beside the signed element",
    );
}

#[test]
fn the_signed_element_moved_away_is_refused() {
    let with_id = FORGED.replace("<COD>", "<COD id=\"COD\">");
    let header = |content: &str| format!("<ns1:Header>{content}</ns1:Header><ns1:CertOrigin>");
    for (forged, what) in [(FORGED, "without id"), (with_id.as_str(), "with the same id")] {
        let swapped = with(&SIGNED, cod(), forged);
        refused(&with(&swapped, "<ns1:CertOrigin>", &header(cod())), &STRUCTURE, what);
        let object = format!("<ds:Object>{}</ds:Object></ds:Signature>", cod());
        refused(&with(&swapped, "</ds:Signature>", &object), &STRUCTURE, what);
    }
    let body = SIGNED.split_once("?>").unwrap().1;
    let forged_root = format!("<f><Envelope>{FORGED}</Envelope>{body}</f>");
    refused(&forged_root, &STRUCTURE, "signed envelope under a forged root");
    let spaceless = SIGNED.replace("ns1:", "").replace("xmlns:ns1", "data");
    refused(&spaceless, &STRUCTURE, "envelope without its namespace");
}

#[test]
fn a_signature_at_another_place_or_twice_is_refused() {
    let without = SIGNED.replacen(signature(), "", 1);
    refused(&with(&without, "</COD>", &format!("{}</COD>", signature())), &STRUCTURE, "inside COD");
    refused(&with(&without, "<EH>", &format!("{}<EH>", signature())), &STRUCTURE, "beside EH");
    refused(
        &with(&without, "</ns1:Env", &format!("{}</ns1:Env", signature())),
        &STRUCTURE,
        "in the envelope",
    );
    refused(&with(&without, "<COD id", &format!("{}<COD id", signature())), &STRUCTURE, "before COD");
    refused(&with(&SIGNED, signature(), &signature().repeat(2)), &STRUCTURE, "twice");
    let nested = format!("{}<ds:Object>{}</ds:Object>", "", signature());
    refused(&with(&SIGNED, "</ds:Signature>", &format!("{nested}</ds:Signature>")), &STRUCTURE, "nested");
}

#[test]
fn identifiers_given_twice_are_refused_whatever_their_name() {
    for attribute in ["id='COD'", "Id='COD'", "ID='COD'", "xml:id='COD'", "AssertionID='COD'", "x:iD='CODEH'"]
    {
        let decoy = format!("<EH><Decoy xmlns:x='urn:x' {attribute}/>");
        refused(&with(&SIGNED, "<EH>", &decoy), &STRUCTURE, attribute);
    }
    refused(&with(&SIGNED, "<COD id=", "<COD Id='other' id="), &STRUCTURE, "two identifiers on one element");
    refused(&with(&SIGNED, "<COD id=", "<COD Id="), &STRUCTURE, "an identifier of another name");
    refused(&with(&SIGNED, "<COD id=", "<COD xmlns:x='u' x:id="), &STRUCTURE, "an identifier in a namespace");
}

#[test]
fn references_to_anything_but_the_signed_element_are_refused() {
    let uris = [
        "",
        "#CODEH",
        "#cod",
        "COD",
        "secret.txt",
        "Cargo.toml",
        "file:///etc/passwd",
        "http://x/",
        "cid:a",
        "#xpointer(/)",
    ];
    for uri in uris.into_iter().chain(["#xpointer(id('COD'))", "/etc/passwd", "#COD "]) {
        refused(&with(&SIGNED, "URI=\"#COD\"", &format!("URI=\"{uri}\"")), &STRUCTURE, uri);
    }
    refused(&with(&SIGNED, "URI=\"#COD\"", ""), &STRUCTURE, "no URI");
    let hidden = "xmlns:x='u' x:URI=\"Cargo.toml\" URI=\"#COD\"";
    refused(&with(&SIGNED, "URI=\"#COD\"", hidden), &STRUCTURE, "a second URI in a namespace");
    let typed = "Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI=\"#COD\"";
    refused(&with(&SIGNED, "URI=\"#COD\"", typed), &STRUCTURE, "a manifest");
    let reference = between(&SIGNED, "<ds:Reference", "</ds:Reference>");
    refused(&with(&SIGNED, reference, &reference.repeat(2)), &STRUCTURE, "two references");
    refused(&with(&SIGNED, reference, ""), &STRUCTURE, "no reference");
}

#[test]
fn transforms_and_canonical_forms_outside_the_list_are_refused() {
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let transform = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"/>");
    for uri in [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "",
    ] {
        refused(&with(&SIGNED, enveloped, &transform(uri)), &ALGORITHM, uri);
        refused(&with(&SIGNED, enveloped, &format!("{enveloped}{}", transform(uri))), &ALGORITHM, uri);
        refused(&with(&SIGNED, inclusive, uri), &ALGORITHM, uri);
    }
    let three = format!("{enveloped}{}{}", transform(inclusive), transform(inclusive));
    refused(&with(&SIGNED, enveloped, &three), &STRUCTURE, "three transforms");
    let late = format!("{}{enveloped}", transform(inclusive));
    refused(&with(&SIGNED, enveloped, &late), &STRUCTURE, "enveloped after canonical form");
    let alien = "<x:Transform xmlns:x='u' Algorithm='http://www.w3.org/TR/1999/REC-xslt-19991116'/>";
    refused(&with(&SIGNED, enveloped, alien), &STRUCTURE, "a transform of another namespace");
    let prefixes = format!(
        "<ds:Transform Algorithm=\"{inclusive}\"><e:InclusiveNamespaces xmlns:e='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='ns1'/></ds:Transform>"
    );
    refused(&with(&SIGNED, enveloped, &prefixes), &STRUCTURE, "prefixes for the inclusive form");
}

#[test]
fn algorithms_outside_the_list_are_refused_before_any_mathematics() {
    let signature = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    for uri in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    ] {
        refused(&with(&SIGNED, signature, uri), &ALGORITHM, uri);
    }
    let digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    for uri in ["http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5", ""] {
        refused(&with(&SIGNED, digest, uri), &ALGORITHM, uri);
    }
    // Taken on demand: then it is the mathematics that says no.
    let weaker = with(&SIGNED, digest, "http://www.w3.org/2000/09/xmldsig#sha1");
    let verdict = proof_with(&weaker, &Algorithm::ALL);
    assert_eq!(verdict, Err(vec!["proof-invalid", "proof-invalid"]));
}

#[test]
fn keys_from_elsewhere_and_signatures_with_more_in_them_are_refused() {
    let data = between(&SIGNED, "<ds:X509Data>", "</ds:X509Data>");
    let retrieval = "<ds:RetrievalMethod URI='Cargo.toml'/>";
    let reference = "<d:KeyInfoReference xmlns:d='http://www.w3.org/2009/xmldsig11#' URI='#COD'/>";
    for (instead, what) in [
        ("", "no leaf"),
        (retrieval, "retrieval method"),
        (reference, "reference to a key"),
        ("<ds:KeyName>x</ds:KeyName>", "a name alone"),
        ("<ds:X509Data/>", "no leaf in X509Data"),
        ("<ds:X509Data><ds:X509CRL>AA==</ds:X509CRL></ds:X509Data>", "a list of revoked leaves"),
        ("<ds:X509Data><ds:X509Certificate>AA==</ds:X509Certificate></ds:X509Data>", "not a leaf"),
        ("<ds:X509Data><ds:X509Certificate>%</ds:X509Certificate></ds:X509Data>", "not base64"),
    ] {
        refused(&with(&SIGNED, data, instead), &STRUCTURE, what);
    }
    for more in [retrieval, reference, data] {
        refused(&with(&SIGNED, data, &format!("{data}{more}")), &STRUCTURE, more);
    }
    refused(&with(&SIGNED, "</ds:Signature>", "<ds:Object/></ds:Signature>"), &STRUCTURE, "an object");
    refused(&with(&SIGNED, "<ds:SignedInfo>", "<!--x--><ds:SignedInfo>"), &STRUCTURE, "a comment");
    refused(&with(&SIGNED, "<ds:SignedInfo>", "x<ds:SignedInfo>"), &STRUCTURE, "text");
    refused(
        &with(&SIGNED, "<ds:DigestValue>", "<ds:DigestValue><!--x-->"),
        &STRUCTURE,
        "a comment in a value",
    );
    let declared = sign_part(super::COD, SignerRole::Exporter, &EXPORTER).unwrap();
    let data = between(&declared, "<ds:X509Data>", "</ds:X509Data>");
    let named = with(&declared, data, &format!("<ds:KeyName>x</ds:KeyName>{data}"));
    assert!(proof(&named).is_ok(), "a key's name beside the leaf is not looked at");
}

#[test]
fn a_document_type_never_reaches_a_verifier() {
    let finding =
        super::Tree::parse(with(&SIGNED, "?>", "?><!DOCTYPE a>").as_bytes(), &super::Limits::default());
    assert_eq!(finding.err().map(|finding| finding.reason), Some(Reason::XmlDtd));
}

#[test]
fn one_signature_cannot_stand_for_the_other() {
    let declared = sign_part(super::COD, SignerRole::Exporter, &EXPORTER).unwrap();
    let moved = declared.replacen(signature_of(&declared), "", 1);
    let moved = with(&moved, "</CODEH>", &format!("</CODEH>{}", signature_of(&declared)));
    refused(&moved, &STRUCTURE, "the exporter's signature at the official's place");
    refused(
        &moved.replace("URI=\"#COD\"", "URI=\"#CODEH\""),
        &["proof-invalid"],
        "and its reference changed",
    );
}

fn signature_of(xml: &str) -> &str {
    between(xml, "<ds:Signature ", "</ds:Signature>")
}

#[test]
fn an_official_signature_made_before_the_exporters_does_not_survive_it() {
    let official_first = sign_part(super::COD, SignerRole::Official, &super::OFFICIAL).unwrap();
    let head = official_first.find("</COD>").unwrap() + "</COD>".len();
    let (head, tail) = official_first.split_at(head);
    let late = format!("{head}{}{tail}", signature());
    assert_eq!(proof(&late), Err(vec!["proof-invalid"]));
}
