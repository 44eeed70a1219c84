//! The table of mistakes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::{message, model::id::Digest};
use serde_json::{Value, json};

use super::Row;
use crate::{
    flow::story::{Story, bound_for, reworded, tea},
    support::{hub::sample, need::corpus},
};

/// A push as it goes over the wire.
pub(super) struct Request {
    pub(super) from: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Request {
    fn new(from: &'static str, media_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(&body).0));
        // The row gives it an Idempotency-Key of its own; see `row`.
        let headers = vec![
            ("idempotency-key", String::new()),
            ("content-digest", digest),
            ("content-type", media_type.to_owned()),
        ];
        Self { from, headers, body }
    }

    /// The same with a header of its own, in place of what it was.
    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        let mut this = self.without(name);
        this.headers.push((name, value.to_owned()));
        this
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }
}

pub(super) fn json(document: &Value) -> Request {
    Request::new("almora", "application/json", document.to_string())
}

fn json_text(document: impl Into<Bytes>) -> Request {
    Request::new("almora", "application/json", document)
}

fn xml(document: impl Into<Bytes>) -> Request {
    Request::new("corvania", "application/xml", document)
}

fn csv(document: impl Into<Bytes>) -> Request {
    Request::new("dunmere", "text/csv", document)
}

fn cod(document: impl Into<Bytes>) -> Request {
    Request::new("brisca", "application/xml", document)
}

pub(super) fn message(from: &'static str, message: &Value) -> Request {
    Request::new(from, message::MEDIA_TYPE, message.to_string())
}

/// The tea certificate with one value changed, by JSON pointer.
fn tea_with(pointer: &str, value: &str) -> Request {
    let mut tea = tea("AL-BAD");
    *tea.pointer_mut(pointer).unwrap() = json!(value);
    json(&tea)
}

const NAMED_NOT_A_PARTY: &str = "correct the importing country or the agreement";

/// Every row.
pub(super) fn rows(story: &Story) -> Vec<Row> {
    [request(), syntax(), format(), identity(story), destination(), proof(story)]
        .into_iter()
        .flatten()
        .collect()
}

pub(super) fn row(
    name: &'static str,
    mut request: Request,
    (status, code, says): (u16, &'static str, &'static str),
) -> Row {
    let key = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    for (_, value) in request.headers.iter_mut().filter(|(_, value)| value.is_empty()) {
        value.clone_from(&key);
    }
    Row { name, key, request, status, code, says }
}

/// What is wrong before the document is looked at.
fn request() -> Vec<Row> {
    let good = || json(&tea("AL-BAD"));
    let other = Request::new("almora", "application/json", "other");
    let other = other.headers[1].1.clone();
    vec![
        row(
            "key missing",
            good().without("idempotency-key"),
            (400, "header-missing", "Idempotency-Key is required"),
        ),
        row(
            "key of 129",
            good().with("idempotency-key", &"k".repeat(129)),
            (400, "header-invalid", "1 to 128 characters"),
        ),
        row(
            "digest missing",
            good().without("content-digest"),
            (400, "header-missing", "Content-Digest is required"),
        ),
        row(
            "digest of other bytes",
            good().with("content-digest", &other),
            (400, "digest-mismatch", "not that of the body"),
        ),
        row(
            "compressed",
            good().with("content-encoding", "gzip"),
            (415, "content-encoding", "without Content-Encoding"),
        ),
        row(
            "media type",
            good().with("content-type", "text/plain"),
            (415, "media-type", "Content-Type is application/xml"),
        ),
        row(
            "charset",
            good().with("content-type", "application/json; charset=latin1"),
            (415, "media-type", "in UTF-8"),
        ),
        row("empty body", json_text(""), (400, "body-empty", "it is empty")),
        row(
            "over 2 MiB",
            json_text(vec![b' '; (2 << 20) + 1]),
            (413, "body-too-large", "at most 2097152 bytes"),
        ),
        row(
            "unknown function",
            good().with("coo-function", "99"),
            (400, "header-invalid", "CoO-Function is 9, 4, 5, 1 or 11"),
        ),
        row(
            "cancellation as document",
            good().with("coo-function", "1"),
            (400, "header-invalid", "send it as application/vnd.coohub"),
        ),
        row(
            "malformed hub message",
            message("almora", &json!({"function": "cancelation"})),
            (422, "message-malformed", "function must be cancellation or response"),
        ),
        row(
            "hub message without number",
            message("almora", &json!({"function": "cancellation"})),
            (422, "message-malformed", "missing field `agreement`"),
        ),
    ]
}

/// What no parser is to be given.
fn syntax() -> Vec<Row> {
    let xml_sample = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    let csv_sample = sample("mec-csv/samples/dunmere-estalia.csv");
    let json_sample = tea("AL-BAD").to_string();
    let named = |name: &str| xml_sample.replace("Harbour Instruments Ltd", name);
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let doctype =
        xml_sample.replacen("<CertificatOrigine", "<!DOCTYPE x [<!ENTITY a \"b\">]><CertificatOrigine", 1);
    let deep = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
    let flood: String = (0..1000).map(|n| format!(" a{n}=\"\"")).collect();
    let twice = json_sample.replacen('{', "{\"iD\":\"AL-OTHER\",", 1);
    let latin = [b"<a>S\xe3o Corvo</a>".as_slice()].concat();
    vec![
        row(
            "garbage as JSON",
            json_text(vec![0x9f, 0x00, 0xff, 0x41]),
            (422, "not-utf8", "send the document as UTF-8"),
        ),
        row(
            "garbage as XML",
            xml("this is no document"),
            (422, "xml-malformed", "make the document well-formed"),
        ),
        row("deep XML", xml(deep), (422, "xml-too-deep", "nest elements at most 64 deep")),
        row(
            "attribute flood",
            xml(format!("<a{flood}/>")),
            (422, "xml-too-many-attributes", "at most 64 attributes"),
        ),
        row("DTD", xml(doctype), (422, "xml-dtd", "remove the document type declaration")),
        row("entity", xml(named("&owner;")), (422, "xml-entity", "write the character itself")),
        row("U+0000 in XML", xml(named("Harbour\0")), (422, "nul-character", "remove the character U+0000")),
        row(
            "U+0000 as reference",
            xml(named("Harbour&#0;")),
            (422, "nul-character", "remove the character U+0000"),
        ),
        row(
            "U+0000 in JSON",
            json_text(json_sample.replace("Tarn", "Ta\\u0000rn")),
            (422, "nul-character", "remove the character U+0000"),
        ),
        row(
            "U+0000 in CSV",
            csv(csv_sample.replace("Quay 7", "Quay\0 7")),
            (422, "nul-character", "remove the character U+0000"),
        ),
        row("Latin-1", xml(latin), (422, "not-utf8", "send the document as UTF-8")),
        row("key twice", json_text(twice), (422, "json-duplicate-key", "give each name once")),
        row(
            "deep JSON",
            json_text(format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000))),
            (422, "json-too-deep", "nest"),
        ),
        row("half of a JSON", json_text(half(&json_sample)), (422, "json-malformed", "close the string")),
        row(
            "half of an XML",
            xml(xml_sample.rsplit_once("</").unwrap().0.to_owned()),
            (422, "xml-malformed", "send one complete, well-formed XML document"),
        ),
        row(
            "half of a CSV",
            csv(csv_sample.split(" issued retro").next().unwrap().to_owned()),
            (422, "csv-malformed", "quote a whole cell"),
        ),
    ]
}

/// What is well-formed and not what this member sends.
fn format() -> Vec<Row> {
    let french = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    let foreign = Request::new("almora", "application/xml", french.clone());
    vec![
        row("another member's format", foreign, (422, "format-not-allowed", "it sends: edi3-coo")),
        row(
            "no format at all",
            json(&json!({"hello": 1})),
            (422, "format-unknown", "in no format this member sends: edi3-coo"),
        ),
        row(
            "another format than insisted",
            json(&tea("AL-BAD")).with("coo-format", "ru-ct1"),
            (422, "format-unknown", "edi3-coo"),
        ),
    ]
}

/// Whose certificate it is, and what the hub knows of it.
fn identity(story: &Story) -> Vec<Row> {
    let bad = || json(&tea("AL-BAD"));
    let amended = |number: &str| json(&reworded(&tea(number), "other")).with("coo-function", "4");
    let mut strict = tea("AL-UNSEEN");
    strict["freeTradeAgreement"] = json!("STRICT");
    let foreign = json!({
        "function": "cancellation", "agreement": "mecta", "issuer": "id:chamber.almora.example",
        "number": "AL-SEEN", "reason": {"code": "x"}, "decided": "2026-11-20",
    });
    let answer = json!({"function": "response", "delivery": story.id("d1"), "answer": "accepted"});
    let canonical = sample("edi3-coo/samples/almora-corvania-tea.canonical.json");
    let roleless = Request::new("transit", "application/json", canonical);
    vec![
        row(
            "number twice stated",
            bad().with("coo-number", "AL-7"),
            (422, "envelope-mismatch", "header CoO-Number differs"),
        ),
        row(
            "issuer twice stated",
            bad().with("coo-issuer", "XBB01"),
            (422, "envelope-mismatch", "header CoO-Issuer differs"),
        ),
        row(
            "agreement twice stated",
            bad().with("coo-agreement", "strict"),
            (422, "envelope-mismatch", "header CoO-Agreement names another"),
        ),
        row(
            "unknown agreement",
            tea_with("/freeTradeAgreement", "NAFTA"),
            (422, "agreement-unknown", "name an agreement of this community"),
        ),
        row("another body", tea_with("/issuer/iD", "XBB01"), (403, "issuer-not-yours", "check the body")),
        row("no number", tea_with("/iD", "N/A"), (422, "not-issued", "lacks the certificate number")),
        row("member without role", roleless, (403, "role-not-allowed", "issues no certificates")),
        row(
            "number reused",
            json(&reworded(&tea("AL-SEEN"), "other")),
            (409, "number-reused", "send a change as an amendment"),
        ),
        row(
            "amendment of unseen",
            json(&strict).with("coo-function", "4"),
            (422, "certificate-unknown", "send the original first"),
        ),
        row("amendment of cancelled", amended("AL-GONE"), (409, "certificate-cancelled", "issue a new one")),
        row(
            "amendment below",
            amended("AL-SEEN").with("coo-version", "1"),
            (409, "version-outdated", "number the amendment above it"),
        ),
        row(
            "replacement of nothing",
            bad().with("coo-function", "5"),
            (422, "field-missing", "in CoO-Earlier"),
        ),
        row(
            "foreign cancellation",
            message("brisca", &foreign),
            (403, "issuer-not-yours", "only the issuing body cancels"),
        ),
        row(
            "foreign response",
            message("brisca", &answer),
            (422, "delivery-unknown", "state the id from its CoO-Delivery"),
        ),
    ]
}

/// Where it is to go.
fn destination() -> Vec<Row> {
    let to = |country: &str| json(&bound_for(&tea("AL-BAD"), country));
    let mut large = tea("AL-BAD");
    let lines = &mut large["supplyChainConsignment"]["includedConsignmentItems"][1]["tradeLineItems"];
    let mut fourth = lines[0].clone();
    fourth["sequenceNumber"] = json!(4);
    lines.as_array_mut().unwrap().push(fourth);
    vec![
        row("no party", to("SE"), (422, "destination-not-party", NAMED_NOT_A_PARTY)),
        row(
            "two countries",
            tea_with("/supplyChainConsignment/importCountry/code", "XB"),
            (422, "destination-conflict", "disagree: destinationCountry, importer.address.country"),
        ),
        row("party without member", to("CH"), (422, "no-link", "no member of the hub receives")),
        row(
            "test on a live link",
            json(&tea("AL-BAD")).with("coo-test", "?1"),
            (422, "test-not-allowed", "send without CoO-Test"),
        ),
        row("too many items", json(&large), (422, "too-many-items", "at most 3 goods items")),
    ]
}

/// What must be signed.
fn proof(story: &Story) -> Vec<Row> {
    let unsigned = sample("aladi-cod/samples/mecta-brisca-almora.xml");
    let signed = story.at.signed("brisca", &unsigned);
    let changed = signed.replace("<GoodsItemValue>8420.00<", "<GoodsItemValue>9420.00<");
    let by_another = story.at.signed("almora", &unsigned);
    let mut rows = vec![
        row(
            "unsigned COD",
            cod(unsigned),
            (422, "not-issued", "lacks the exporter's signature, the official's signature"),
        ),
        row(
            "COD by another official",
            cod(by_another),
            (422, "signer-unknown", "ask the hub's operator to add the leaf"),
        ),
        row("COD changed after signing", cod(changed), (422, "proof-invalid", "sign again")),
    ];
    let real = corpus("aladi-cod/A14-FormA18-unsigned.xml");
    rows.extend(
        real.map(|real| row("real unsigned COD", cod(real), (422, "agreement-unknown", "name an agreement"))),
    );
    rows
}
