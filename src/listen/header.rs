//! What the headers of a push say; everything wrong with them is said at once.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::respond::Refusal;
use crate::{
    decode::{charset::Charset, proof::jws},
    intake::Content,
    model::{
        envelope::{Envelope, Function},
        finding::Finding,
        id::{Digest, MESSAGE_KEY_CHARACTERS_MAX, MessageKey},
        reason::Reason,
    },
};

/// Longest value of a header the hub reads, in characters; the value is UTF-8. A signature may be longer:
/// [`jws::HEADER_CHARACTERS_MAX`].
pub(super) const VALUE_CHARACTERS_MAX: usize = 256;

/// Most digests in `CoO-Attachment`, whatever the hub is set to take.
pub const ATTACHMENTS_MAX: usize = 64;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a push says of itself before its body is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stated {
    pub(super) key: MessageKey,
    pub(super) digest: Digest,
    pub(super) content: Content,
    pub(super) charset: Option<Charset>,
    pub(super) envelope: Envelope,
    pub(super) epoch: Option<u64>,
    pub(super) signature: Option<String>,
}

/// Reads the headers of a push.
///
/// # Errors
/// A refusal with a finding for each header that is missing or wrong.
pub(super) fn read(headers: &HeaderMap) -> Result<Stated, Refusal> {
    let mut reader = Reader { headers, findings: Vec::new() };
    let (key, digest, content) = (reader.key(), reader.digest(), reader.content());
    let (envelope, epoch, signature) = (reader.envelope(), reader.epoch(), reader.signature());
    match (key, digest, content) {
        (Some(key), Some(digest), Some((content, charset))) if reader.findings.is_empty() => {
            Ok(Stated { key, digest, content, charset, envelope, epoch, signature })
        }
        _ => Err(Refusal::found(reader.findings)),
    }
}

/// The wait of `Prefer: wait=<seconds>` (RFC 7240 §4.3), at most `longest`; zero without one.
pub(super) fn wait(headers: &HeaderMap, longest: Duration) -> Duration {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences
        .flat_map(|value| value.split([',', ';']))
        .find_map(|preference| preference.trim().strip_prefix("wait=")?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0)).min(longest)
}

/// What a request for a state knows already, and how long it waits for a change.
pub(super) struct Poll {
    pub(super) known: Vec<String>,
    pub(super) wait: Duration,
}

impl Poll {
    pub(super) fn of(headers: &HeaderMap, longest: Duration) -> Self {
        Self { known: known_tags(headers), wait: wait(headers, longest) }
    }

    /// The tag that a wait is for a change of.
    pub(super) fn first(&self) -> Option<&str> {
        self.known.first().map(String::as_str)
    }
}

/// The digest of `Content-Digest`: `None` without the header, `Some(None)` when it holds no SHA-256.
pub(super) fn digest(headers: &HeaderMap) -> Option<Option<Digest>> {
    headers.get(CONTENT_DIGEST).map(|value| value.to_str().ok().and_then(sha256))
}

/// The entity tags of `If-None-Match`, without quotes and weakness.
pub(super) fn known_tags(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let tag = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    values.flat_map(|value| value.split(',')).map(tag).filter(|tag| !tag.is_empty()).collect()
}

/// Writes a digest as `Content-Digest` has it (RFC 9530 §2).
pub(super) fn content_digest(digest: Digest) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.0))
}

/// Reads headers one by one and keeps what is wrong with them.
struct Reader<'a> {
    headers: &'a HeaderMap,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn key(&mut self) -> Option<MessageKey> {
        let text = self.required(&IDEMPOTENCY_KEY, "your own id of this message")?;
        // The draft has a quoted string; most senders write it bare.
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&text);
        let key = MessageKey::new(bare);
        if key.is_none() {
            self.invalid(
                &IDEMPOTENCY_KEY,
                &format!(
                    "has 1 to {MESSAGE_KEY_CHARACTERS_MAX} characters of A-Z a-z 0-9 . _ ~ -, bare or as a quoted string"
                ),
            );
        }
        key
    }

    fn digest(&mut self) -> Option<Digest> {
        let text = self.required(&CONTENT_DIGEST, "sha-256=:<base64>: over the body")?;
        let digest = sha256(&text);
        if digest.is_none() {
            self.invalid(&CONTENT_DIGEST, "has one member sha-256=:<base64 of 32 bytes>:");
        }
        digest
    }

    fn content(&mut self) -> Option<(Content, Option<Charset>)> {
        if self.headers.contains_key(header::CONTENT_ENCODING) {
            self.find(
                Reason::ContentEncoding,
                "Bodies are taken as they are, without Content-Encoding.".into(),
            );
        }
        let content = self.optional(&header::CONTENT_TYPE).and_then(|text| Content::of(&text));
        if content.is_none() {
            let taken =
                format!("application/xml, application/json, text/csv or {}", Content::Message.media_type());
            let advice =
                format!("Content-Type is {taken}, in UTF-8 or with the charset of a format you send.");
            self.find(Reason::MediaType, advice);
        }
        content
    }

    fn envelope(&mut self) -> Envelope {
        Envelope {
            function: self.function(),
            agreement: self.coo("coo-agreement"),
            issuer: self.coo("coo-issuer"),
            number: self.coo("coo-number"),
            version: self.version(),
            earlier: self.coo("coo-earlier"),
            format: self.coo("coo-format"),
            attachments: self.attachments(),
            test: self.flag("coo-test"),
            bulk: self.flag("coo-bulk"),
        }
    }

    fn signature(&mut self) -> Option<String> {
        self.value(&HeaderName::from_static("coo-signature"), jws::HEADER_CHARACTERS_MAX)
    }

    fn coo(&mut self, name: &'static str) -> Option<String> {
        self.optional(&HeaderName::from_static(name))
    }

    fn function(&mut self) -> Function {
        let Some(text) = self.coo("coo-function") else { return Function::Original };
        let of_code = text.parse().ok().and_then(Function::of);
        let of_word = || Function::ALL.into_iter().find(|function| function.word() == text);
        of_code.or_else(of_word).unwrap_or_else(|| {
            let name = HeaderName::from_static("coo-function");
            self.invalid(
                &name,
                "is 9, 4, 5, 1 or 11, or original, amendment, replacement, cancellation, response",
            );
            Function::Original
        })
    }

    fn version(&mut self) -> Option<u32> {
        let version = self.coo("coo-version")?.parse().ok();
        if version.is_none() {
            self.invalid(&HeaderName::from_static("coo-version"), "is a whole number");
        }
        version
    }

    fn epoch(&mut self) -> Option<u64> {
        let epoch = self.coo("coo-epoch")?.parse().ok();
        if epoch.is_none() {
            self.invalid(&HeaderName::from_static("coo-epoch"), "is a whole number");
        }
        epoch
    }

    /// Every line, each a list (RFC 9110, section 5.6.1).
    fn attachments(&mut self) -> Vec<Digest> {
        let name = HeaderName::from_static("coo-attachment");
        let mut digests = Vec::new();
        for line in self.headers.get_all(&name) {
            let members =
                line.to_str().unwrap_or("?").split(',').map(str::trim).filter(|text| !text.is_empty());
            for digest in members.map(Digest::parse) {
                match digest {
                    Some(digest) if digests.len() < ATTACHMENTS_MAX => digests.push(digest),
                    _ => {
                        let rule =
                            format!("is a list of at most {ATTACHMENTS_MAX} digests, sha-256:<hexadecimal>");
                        self.invalid(&name, &rule);
                        return Vec::new();
                    }
                }
            }
        }
        digests
    }

    fn flag(&mut self, name: &'static str) -> bool {
        match self.coo(name).as_deref() {
            None | Some("?0" | "false") => false,
            Some("?1" | "true") => true,
            Some(_) => {
                self.invalid(&HeaderName::from_static(name), "is ?1 or ?0");
                false
            }
        }
    }

    fn required(&mut self, name: &HeaderName, meaning: &str) -> Option<String> {
        if !self.headers.contains_key(name) {
            self.find(Reason::HeaderMissing, format!("{} is required: {meaning}.", shown(name)));
            return None;
        }
        self.optional(name)
    }

    /// The one value of a header; repeated lines, other text than UTF-8 and over-long values are findings.
    fn optional(&mut self, name: &HeaderName) -> Option<String> {
        self.value(name, VALUE_CHARACTERS_MAX)
    }

    /// As [`Reader::optional`], of a length of its own.
    fn value(&mut self, name: &HeaderName, characters_max: usize) -> Option<String> {
        let mut lines = self.headers.get_all(name).iter();
        let first = lines.next()?;
        if lines.next().is_some() {
            self.invalid(name, "stands once");
            return None;
        }
        let text = std::str::from_utf8(first.as_bytes()).map(str::trim).ok();
        let fits = |text: &&str| (1..=characters_max).contains(&text.chars().count());
        let Some(text) = text.filter(fits) else {
            self.invalid(name, &format!("has 1 to {characters_max} characters of UTF-8"));
            return None;
        };
        Some(text.to_owned())
    }

    fn invalid(&mut self, name: &HeaderName, rule: &str) {
        self.find(Reason::HeaderInvalid, format!("{} {rule}.", shown(name)));
    }

    fn find(&mut self, reason: Reason, advice: String) {
        self.findings.push(Finding::severe(reason, advice));
    }
}

/// The SHA-256 of a `Content-Digest`: exactly one; members of other algorithms are passed over.
fn sha256(text: &str) -> Option<Digest> {
    let mut members = text.split(',').filter_map(|member| member.trim().strip_prefix("sha-256="));
    let encoded = members.next()?.strip_prefix(':')?.strip_suffix(':')?;
    if members.next().is_some() {
        return None;
    }
    Some(Digest(STANDARD.decode(encoded).ok()?.try_into().ok()?))
}

/// A header's name as documents write it.
fn shown(name: &HeaderName) -> String {
    let part = |part: &str| match part {
        "coo" => "CoO".to_owned(),
        other => other.chars().take(1).flat_map(char::to_uppercase).chain(other.chars().skip(1)).collect(),
    };
    name.as_str().split('-').map(part).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
