//! Headers of a push, one rule at a time.

use axum::http::HeaderValue;

use super::*;
use crate::decode::document::Syntax;

fn headers(changes: &[(&'static str, &str)]) -> HeaderMap {
    let digest = content_digest(Digest::of(b"<a/>"));
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static("k-1"));
    headers.insert("content-digest", HeaderValue::from_str(&digest).unwrap());
    headers.insert("content-type", HeaderValue::from_static("application/xml"));
    for (name, value) in changes {
        headers.insert(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn refused(changes: &[(&'static str, &str)]) -> Reason {
    read(&headers(changes)).unwrap_err().reason
}

#[test]
fn a_bare_push_is_an_original_about_which_the_document_speaks() {
    let stated = read(&headers(&[])).unwrap();
    assert_eq!(stated.envelope, Envelope::original());
    assert_eq!(stated.content, Content::Document(Syntax::Xml));
    assert_eq!(stated.digest, Digest::of(b"<a/>"));
}

#[test]
fn an_envelope_is_read_whole() {
    let stated = read(&headers(&[
        ("coo-function", "amendment"),
        ("coo-agreement", "XXFTA"),
        ("coo-number", "№ 7/б"),
        ("coo-version", "2"),
        ("coo-test", "?1"),
        ("idempotency-key", "\"quoted\""),
    ]))
    .unwrap();
    assert_eq!(stated.key.as_str(), "quoted");
    assert_eq!(stated.envelope.function, Function::Amendment);
    assert_eq!(stated.envelope.number.as_deref(), Some("№ 7/б"));
    assert_eq!(stated.envelope.version, Some(2));
    assert!(stated.envelope.test);
    for function in Function::ALL {
        let code = function.code().to_string();
        assert_eq!(read(&headers(&[("coo-function", &code)])).unwrap().envelope.function, function);
    }
}

#[test]
fn a_signature_may_be_longer_than_other_headers_and_no_longer_than_its_own_limit() {
    let of = |length: usize| "s".repeat(length);
    assert_eq!(read(&headers(&[])).unwrap().signature, None);
    let longest = of(jws::HEADER_CHARACTERS_MAX);
    assert_eq!(read(&headers(&[("coo-signature", &longest)])).unwrap().signature, Some(longest));
    assert_eq!(refused(&[("coo-signature", &of(jws::HEADER_CHARACTERS_MAX + 1))]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("coo-signature", "")]), Reason::HeaderInvalid);
    let mut twice = headers(&[("coo-signature", "a..b")]);
    twice.append("coo-signature", HeaderValue::from_static("a..b"));
    assert_eq!(read(&twice).unwrap_err().reason, Reason::HeaderInvalid);
}

#[test]
fn each_wrong_header_has_its_code() {
    assert_eq!(refused(&[("coo-function", "18")]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("coo-version", "two")]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("coo-test", "yes")]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("content-encoding", "gzip")]), Reason::ContentEncoding);
    assert_eq!(refused(&[("content-type", "application/pdf")]), Reason::MediaType);
    assert_eq!(refused(&[("content-type", "text/xml; charset=utf-16")]), Reason::MediaType);
    assert_eq!(refused(&[("content-digest", "sha-512=:AAAA:")]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("content-digest", "sha-256=:AAAA:")]), Reason::HeaderInvalid);
    assert_eq!(refused(&[("coo-number", &"7".repeat(257))]), Reason::HeaderInvalid);
    assert!(read(&headers(&[("coo-number", &"7".repeat(256))])).is_ok());
}

#[test]
fn two_digests_in_one_value_are_no_digest() {
    let one = content_digest(Digest::of(b"<a/>"));
    let two = format!("{one}, {}", content_digest(Digest::of(b"<b/>")));
    assert_eq!(refused(&[("content-digest", &two)]), Reason::HeaderInvalid);
    let with_other = format!("sha-512=:AAAA:, {one}");
    assert!(read(&headers(&[("content-digest", &with_other)])).is_ok());
}

#[test]
fn a_required_or_named_header_stands_once() {
    for name in ["idempotency-key", "content-digest", "content-type", "coo-number"] {
        let mut twice = headers(&[("coo-number", "7")]);
        let again = twice.get(name).unwrap().clone();
        twice.append(name, again);
        let refusal = read(&twice).unwrap_err();
        assert_eq!(refusal.reason, Reason::HeaderInvalid, "{name}");
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let empty = HeaderMap::new();
    let refusal = read(&empty).unwrap_err();
    let expected = Refusal::found(vec![
        Finding::severe(Reason::HeaderMissing, "Idempotency-Key is required: your own id of this message."),
        Finding::severe(
            Reason::HeaderMissing,
            "Content-Digest is required: sha-256=:<base64>: over the body.",
        ),
        Finding::severe(
            Reason::MediaType,
            "Content-Type is application/xml, application/json, text/csv or \
             application/vnd.coohub.message+json, in UTF-8 or with the charset of a format you send.",
        ),
    ]);
    assert_eq!(refusal, expected);
}

#[test]
fn a_wait_is_read_and_clamped() {
    let longest = Duration::from_secs(60);
    let waits = |value: &str| wait(&headers(&[("prefer", value)]), longest).as_secs();
    assert_eq!(wait(&HeaderMap::new(), longest), Duration::ZERO);
    assert_eq!(waits("wait=30"), 30);
    assert_eq!(waits("respond-async, wait=60"), 60);
    assert_eq!(waits("wait=61"), 60);
    assert_eq!(waits("wait=-1"), 0);
}

#[test]
fn entity_tags_are_read_with_and_without_weakness() {
    let tags = known_tags(&headers(&[("if-none-match", "\"a\", W/\"b\"")]));
    assert_eq!(tags, ["a", "b"]);
}
