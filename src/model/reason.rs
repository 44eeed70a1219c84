//! The closed list of reason codes: why a push was rejected, a certificate warned about, a delivery held or ended.
//!
//! A code is stable: it is the last part of a problem's `type`, the label of a metric, a row of `reasons.md`. Each
//! code has one HTTP status, used when it rejects a request. `docs.rs` checks that every code has its entry.

/// Why.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each code is explained in reasons.md, which a test keeps complete")]
pub enum Reason {
    // Request
    HeaderMissing,
    HeaderInvalid,
    DigestMismatch,
    ContentEncoding,
    MediaType,
    BodyTooLarge,
    BodyEmpty,
    TooManyRequests,
    Busy,
    Timeout,
    NotFound,
    MethodNotAllowed,
    QueryInvalid,
    UnknownPeer,
    Fault,
    // Decode
    NotUtf8,
    NulCharacter,
    XmlMalformed,
    XmlDtd,
    XmlEntity,
    XmlInstruction,
    XmlTooDeep,
    XmlTooManyAttributes,
    XmlTooManyElements,
    XmlTextTooLong,
    JsonMalformed,
    JsonDuplicateKey,
    JsonTooDeep,
    JsonTooManyNodes,
    JsonTextTooLong,
    CsvMalformed,
    CsvTooLarge,
    FormatUnknown,
    FormatNotAllowed,
    MessageMalformed,
    SchemaInvalid,
    // Proof
    ProofInvalid,
    ProofAlgorithm,
    ProofStructure,
    Wrapped,
    SignerUnknown,
    SignerOutOfDates,
    SignerLeafOutOfDates,
    SignerRevoked,
    SignerStatusUnknown,
    SignerElsewhere,
    SignerNotOfficial,
    SignedInFuture,
    // Map and validate
    FieldMissing,
    FieldInvalid,
    FieldTooLong,
    CodeUnknown,
    CodeOutOfDates,
    CountMismatch,
    LinkBroken,
    Unmapped,
    NotIssued,
    EnvelopeMismatch,
    // Entitlement
    RoleNotAllowed,
    IssuerNotYours,
    IssuerOutOfDates,
    AgreementUnknown,
    AgreementNotParty,
    TestNotAllowed,
    // Routing
    DestinationMissing,
    DestinationNotParty,
    DestinationConflict,
    NoLink,
    TooManyItems,
    // Attachments
    AttachmentMissing,
    AttachmentQuota,
    TooManyAttachments,
    // Identity
    MessageIdConflict,
    NumberReused,
    CertificateUnknown,
    DeliveryUnknown,
    VersionUnknown,
    VersionOutdated,
    CertificateCancelled,
    // Rendering and delivery
    Unrenderable,
    Refused,
    Expired,
    NotEntitled,
    OperatorHold,
}

/// Whose move it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The source must change what it sends.
    Source,
    /// The source may try again later, unchanged.
    Later,
    /// The operator of the hub must act.
    Operator,
    /// Nobody: for information.
    Nobody,
}

impl Reason {
    /// Code, HTTP status when it rejects a request, whose move it is.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table: one line per code")]
    pub fn entry(self) -> (&'static str, u16, Actor) {
        use Actor::{Later, Nobody, Operator, Source};
        match self {
            Self::HeaderMissing => ("header-missing", 400, Source),
            Self::HeaderInvalid => ("header-invalid", 400, Source),
            Self::DigestMismatch => ("digest-mismatch", 400, Source),
            Self::ContentEncoding => ("content-encoding", 415, Source),
            Self::MediaType => ("media-type", 415, Source),
            Self::BodyTooLarge => ("body-too-large", 413, Source),
            Self::BodyEmpty => ("body-empty", 400, Source),
            Self::TooManyRequests => ("too-many-requests", 429, Later),
            Self::Busy => ("busy", 503, Later),
            Self::Timeout => ("timeout", 408, Later),
            Self::NotFound => ("not-found", 404, Source),
            Self::MethodNotAllowed => ("method-not-allowed", 405, Source),
            Self::QueryInvalid => ("query-invalid", 400, Source),
            Self::UnknownPeer => ("unknown-peer", 403, Operator),
            Self::Fault => ("fault", 503, Later),
            Self::NotUtf8 => ("not-utf8", 422, Source),
            Self::NulCharacter => ("nul-character", 422, Source),
            Self::XmlMalformed => ("xml-malformed", 422, Source),
            Self::XmlDtd => ("xml-dtd", 422, Source),
            Self::XmlEntity => ("xml-entity", 422, Source),
            Self::XmlInstruction => ("xml-instruction", 422, Source),
            Self::XmlTooDeep => ("xml-too-deep", 422, Source),
            Self::XmlTooManyAttributes => ("xml-too-many-attributes", 422, Source),
            Self::XmlTooManyElements => ("xml-too-many-elements", 422, Source),
            Self::XmlTextTooLong => ("xml-text-too-long", 422, Source),
            Self::JsonMalformed => ("json-malformed", 422, Source),
            Self::JsonDuplicateKey => ("json-duplicate-key", 422, Source),
            Self::JsonTooDeep => ("json-too-deep", 422, Source),
            Self::JsonTooManyNodes => ("json-too-many-nodes", 422, Source),
            Self::JsonTextTooLong => ("json-text-too-long", 422, Source),
            Self::CsvMalformed => ("csv-malformed", 422, Source),
            Self::CsvTooLarge => ("csv-too-large", 422, Source),
            Self::FormatUnknown => ("format-unknown", 422, Source),
            Self::FormatNotAllowed => ("format-not-allowed", 422, Operator),
            Self::MessageMalformed => ("message-malformed", 422, Source),
            Self::SchemaInvalid => ("schema-invalid", 422, Source),
            Self::ProofInvalid => ("proof-invalid", 422, Source),
            Self::ProofAlgorithm => ("proof-algorithm", 422, Source),
            Self::ProofStructure => ("proof-structure", 422, Source),
            Self::Wrapped => ("wrapped", 422, Nobody),
            Self::SignerUnknown => ("signer-unknown", 422, Operator),
            Self::SignerOutOfDates => ("signer-out-of-dates", 422, Operator),
            Self::SignerLeafOutOfDates => ("signer-leaf-out-of-dates", 422, Source),
            Self::SignerRevoked => ("signer-revoked", 422, Source),
            Self::SignerStatusUnknown => ("signer-status-unknown", 422, Operator),
            Self::SignerElsewhere => ("signer-elsewhere", 422, Source),
            Self::SignerNotOfficial => ("signer-not-official", 422, Source),
            Self::SignedInFuture => ("signed-in-future", 422, Source),
            Self::FieldMissing => ("field-missing", 422, Source),
            Self::FieldInvalid => ("field-invalid", 422, Source),
            Self::FieldTooLong => ("field-too-long", 422, Source),
            Self::CodeUnknown => ("code-unknown", 422, Source),
            Self::CodeOutOfDates => ("code-out-of-dates", 422, Source),
            Self::CountMismatch => ("count-mismatch", 422, Source),
            Self::LinkBroken => ("link-broken", 422, Source),
            Self::Unmapped => ("unmapped", 422, Nobody),
            Self::NotIssued => ("not-issued", 422, Source),
            Self::EnvelopeMismatch => ("envelope-mismatch", 422, Source),
            Self::RoleNotAllowed => ("role-not-allowed", 403, Operator),
            Self::IssuerNotYours => ("issuer-not-yours", 403, Operator),
            Self::IssuerOutOfDates => ("issuer-out-of-dates", 403, Operator),
            Self::AgreementUnknown => ("agreement-unknown", 422, Source),
            Self::AgreementNotParty => ("agreement-not-party", 422, Operator),
            Self::TestNotAllowed => ("test-not-allowed", 422, Operator),
            Self::DestinationMissing => ("destination-missing", 422, Source),
            Self::DestinationNotParty => ("destination-not-party", 422, Source),
            Self::DestinationConflict => ("destination-conflict", 422, Source),
            Self::NoLink => ("no-link", 422, Operator),
            Self::TooManyItems => ("too-many-items", 422, Source),
            Self::AttachmentMissing => ("attachment-missing", 422, Source),
            Self::AttachmentQuota => ("attachment-quota", 413, Source),
            Self::TooManyAttachments => ("too-many-attachments", 422, Source),
            Self::MessageIdConflict => ("message-id-conflict", 409, Source),
            Self::NumberReused => ("number-reused", 409, Source),
            Self::CertificateUnknown => ("certificate-unknown", 422, Source),
            Self::DeliveryUnknown => ("delivery-unknown", 422, Source),
            Self::VersionUnknown => ("version-unknown", 422, Source),
            Self::VersionOutdated => ("version-outdated", 409, Source),
            Self::CertificateCancelled => ("certificate-cancelled", 409, Source),
            Self::Unrenderable => ("unrenderable", 422, Operator),
            Self::Refused => ("refused", 422, Operator),
            Self::Expired => ("expired", 422, Operator),
            Self::NotEntitled => ("not-entitled", 422, Operator),
            Self::OperatorHold => ("operator-hold", 422, Operator),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().0
    }

    /// The HTTP status a request rejected for this reason gets.
    #[must_use]
    pub fn status(self) -> u16 {
        self.entry().1
    }

    /// Whose move it is.
    #[must_use]
    pub fn actor(self) -> Actor {
        self.entry().2
    }

    /// The reason of a code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::all().find(|reason| reason.code() == code)
    }

    /// Every reason, in order of declaration.
    #[expect(clippy::too_many_lines, reason = "a table: one line per code")]
    pub fn all() -> impl Iterator<Item = Self> {
        use Reason as R;
        [
            R::HeaderMissing,
            R::HeaderInvalid,
            R::DigestMismatch,
            R::ContentEncoding,
            R::MediaType,
            R::BodyTooLarge,
            R::BodyEmpty,
            R::TooManyRequests,
            R::Busy,
            R::Timeout,
            R::NotFound,
            R::MethodNotAllowed,
            R::QueryInvalid,
            R::UnknownPeer,
            R::Fault,
            R::NotUtf8,
            R::NulCharacter,
            R::XmlMalformed,
            R::XmlDtd,
            R::XmlEntity,
            R::XmlInstruction,
            R::XmlTooDeep,
            R::XmlTooManyAttributes,
            R::XmlTooManyElements,
            R::XmlTextTooLong,
            R::JsonMalformed,
            R::JsonDuplicateKey,
            R::JsonTooDeep,
            R::JsonTooManyNodes,
            R::JsonTextTooLong,
            R::CsvMalformed,
            R::CsvTooLarge,
            R::FormatUnknown,
            R::FormatNotAllowed,
            R::MessageMalformed,
            R::SchemaInvalid,
            R::ProofInvalid,
            R::ProofAlgorithm,
            R::ProofStructure,
            R::Wrapped,
            R::SignerUnknown,
            R::SignerOutOfDates,
            R::SignerLeafOutOfDates,
            R::SignerRevoked,
            R::SignerStatusUnknown,
            R::SignerElsewhere,
            R::SignerNotOfficial,
            R::SignedInFuture,
            R::FieldMissing,
            R::FieldInvalid,
            R::FieldTooLong,
            R::CodeUnknown,
            R::CodeOutOfDates,
            R::CountMismatch,
            R::LinkBroken,
            R::Unmapped,
            R::NotIssued,
            R::EnvelopeMismatch,
            R::RoleNotAllowed,
            R::IssuerNotYours,
            R::IssuerOutOfDates,
            R::AgreementUnknown,
            R::AgreementNotParty,
            R::TestNotAllowed,
            R::DestinationMissing,
            R::DestinationNotParty,
            R::DestinationConflict,
            R::NoLink,
            R::TooManyItems,
            R::AttachmentMissing,
            R::AttachmentQuota,
            R::TooManyAttachments,
            R::MessageIdConflict,
            R::NumberReused,
            R::CertificateUnknown,
            R::DeliveryUnknown,
            R::VersionUnknown,
            R::VersionOutdated,
            R::CertificateCancelled,
            R::Unrenderable,
            R::Refused,
            R::Expired,
            R::NotEntitled,
            R::OperatorHold,
        ]
        .into_iter()
    }
}
