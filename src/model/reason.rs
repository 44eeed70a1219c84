//! The closed list of reason codes: why a push was rejected, a certificate warned about, a delivery held or ended.
//!
//! A code is stable: it is the last part of a problem's `type`, the label of a metric, a row of `reasons.md`. Each
//! code has one HTTP status, used when it rejects a request. `docs.rs` checks that every code has its entry.

/// The page of each code, as operators and sources read them.
pub const PAGES: &str = include_str!("reasons.md");

/// Declares the codes from one table: a line per reason with its code, its status, and whose move it is.
macro_rules! reasons {
    ($($name:ident: $code:literal, $status:literal, $actor:ident;)*) => {
        /// Why.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[expect(missing_docs, reason = "each code is explained in reasons.md, which a test keeps complete")]
        pub enum Reason {
            $($name,)*
        }

        impl Reason {
            fn entry(self) -> (&'static str, u16, Actor) {
                match self {
                    $(Self::$name => ($code, $status, Actor::$actor),)*
                }
            }

            /// Every reason, in order of declaration.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$name),*].into_iter()
            }
        }
    };
}

reasons! {
    // Request
    HeaderMissing: "header-missing", 400, Source;
    HeaderInvalid: "header-invalid", 400, Source;
    DigestMismatch: "digest-mismatch", 400, Source;
    ContentEncoding: "content-encoding", 415, Source;
    MediaType: "media-type", 415, Source;
    BodyTooLarge: "body-too-large", 413, Source;
    BodyEmpty: "body-empty", 400, Source;
    TooManyRequests: "too-many-requests", 429, Later;
    Busy: "busy", 503, Later;
    StorageLow: "storage-low", 503, Later;
    StorageSlow: "storage-slow", 503, Later;
    Stopping: "stopping", 503, Later;
    Timeout: "timeout", 408, Later;
    NotFound: "not-found", 404, Source;
    MethodNotAllowed: "method-not-allowed", 405, Source;
    QueryInvalid: "query-invalid", 400, Source;
    UnknownPeer: "unknown-peer", 403, Operator;
    Fault: "fault", 503, Later;
    // Decode
    NotUtf8: "not-utf8", 422, Source;
    NulCharacter: "nul-character", 422, Source;
    XmlMalformed: "xml-malformed", 422, Source;
    XmlDtd: "xml-dtd", 422, Source;
    XmlEntity: "xml-entity", 422, Source;
    XmlInstruction: "xml-instruction", 422, Source;
    XmlTooDeep: "xml-too-deep", 422, Source;
    XmlTooManyAttributes: "xml-too-many-attributes", 422, Source;
    XmlTooManyElements: "xml-too-many-elements", 422, Source;
    XmlTextTooLong: "xml-text-too-long", 422, Source;
    JsonMalformed: "json-malformed", 422, Source;
    JsonDuplicateKey: "json-duplicate-key", 422, Source;
    JsonTooDeep: "json-too-deep", 422, Source;
    JsonTooManyNodes: "json-too-many-nodes", 422, Source;
    JsonTextTooLong: "json-text-too-long", 422, Source;
    CsvMalformed: "csv-malformed", 422, Source;
    CsvTooLarge: "csv-too-large", 422, Source;
    FormatUnknown: "format-unknown", 422, Source;
    FormatNotAllowed: "format-not-allowed", 422, Operator;
    MessageMalformed: "message-malformed", 422, Source;
    SchemaInvalid: "schema-invalid", 422, Source;
    // Proof
    ProofInvalid: "proof-invalid", 422, Source;
    ProofAlgorithm: "proof-algorithm", 422, Source;
    ProofStructure: "proof-structure", 422, Source;
    Wrapped: "wrapped", 422, Nobody;
    SignerUnknown: "signer-unknown", 422, Operator;
    SignerOutOfDates: "signer-out-of-dates", 422, Operator;
    SignerLeafOutOfDates: "signer-leaf-out-of-dates", 422, Source;
    SignerRevoked: "signer-revoked", 422, Source;
    SignerStatusUnknown: "signer-status-unknown", 422, Operator;
    SignerElsewhere: "signer-elsewhere", 422, Source;
    SignerNotOfficial: "signer-not-official", 422, Source;
    SignedInFuture: "signed-in-future", 422, Source;
    // Map and validate
    FieldMissing: "field-missing", 422, Source;
    FieldInvalid: "field-invalid", 422, Source;
    FieldTooLong: "field-too-long", 422, Source;
    CodeUnknown: "code-unknown", 422, Source;
    CodeOutOfDates: "code-out-of-dates", 422, Source;
    CountMismatch: "count-mismatch", 422, Source;
    LinkBroken: "link-broken", 422, Source;
    Unmapped: "unmapped", 422, Nobody;
    NotIssued: "not-issued", 422, Source;
    EnvelopeMismatch: "envelope-mismatch", 422, Source;
    // Entitlement
    RoleNotAllowed: "role-not-allowed", 403, Operator;
    IssuerNotYours: "issuer-not-yours", 403, Operator;
    IssuerOutOfDates: "issuer-out-of-dates", 403, Operator;
    AgreementUnknown: "agreement-unknown", 422, Source;
    AgreementNotParty: "agreement-not-party", 422, Operator;
    TestNotAllowed: "test-not-allowed", 422, Operator;
    // Routing
    DestinationMissing: "destination-missing", 422, Source;
    DestinationNotParty: "destination-not-party", 422, Source;
    DestinationConflict: "destination-conflict", 422, Source;
    NoLink: "no-link", 422, Operator;
    TooManyItems: "too-many-items", 422, Source;
    // Attachments
    AttachmentMissing: "attachment-missing", 422, Source;
    AttachmentQuota: "attachment-quota", 413, Source;
    TooManyAttachments: "too-many-attachments", 422, Source;
    // Identity
    MessageIdConflict: "message-id-conflict", 409, Source;
    NumberReused: "number-reused", 409, Source;
    CertificateUnknown: "certificate-unknown", 422, Source;
    CertificateParked: "certificate-parked", 422, Source;
    TooManyParked: "too-many-parked", 422, Source;
    DeliveryUnknown: "delivery-unknown", 422, Source;
    VersionUnknown: "version-unknown", 422, Source;
    VersionOutdated: "version-outdated", 409, Source;
    CertificateCancelled: "certificate-cancelled", 409, Source;
    ReplacesItself: "replaces-itself", 422, Source;
    AlreadyReplaced: "already-replaced", 409, Source;
    // After a restore
    NotCompared: "not-compared", 503, Later;
    EpochUnknown: "epoch-unknown", 409, Source;
    // Rendering and delivery
    Unrenderable: "unrenderable", 422, Operator;
    Refused: "refused", 422, Operator;
    Expired: "expired", 422, Operator;
    Delayed: "delayed", 422, Nobody;
    DeliveredLate: "delivered-late", 422, Nobody;
    NotEntitled: "not-entitled", 422, Operator;
    OperatorHold: "operator-hold", 422, Operator;
    OperatorCancelled: "operator-cancelled", 422, Operator;
    // Operation
    CommandMalformed: "command-malformed", 400, Operator;
    CommandVersion: "command-version", 400, Operator;
    MemberUnknown: "member-unknown", 404, Operator;
    MessageUnknown: "message-unknown", 404, Operator;
    NotHeld: "not-held", 409, Operator;
    NotSpared: "not-spared", 409, Operator;
    ClockRight: "clock-right", 409, Operator;
    DeliveryEnded: "delivery-ended", 409, Operator;
    DeliveryOpen: "delivery-open", 409, Operator;
    AlreadyDelivered: "already-delivered", 409, Operator;
    Superseded: "superseded", 409, Operator;
    AlreadyAddressed: "already-addressed", 409, Operator;
    DecisionOvertaken: "decision-overtaken", 409, Later;
    ConfigurationWrong: "configuration-wrong", 422, Operator;
    ConfigurationChanged: "configuration-changed", 409, Operator;
    ConfigurationUnknown: "configuration-unknown", 404, Operator;
    ConfigurationNotKept: "configuration-not-kept", 409, Operator;
    FolderNotWritten: "folder-not-written", 409, Operator;
    ChangeUnderWay: "change-under-way", 409, Later;
    SecondOperator: "second-operator", 409, Operator;
    ProposalUnknown: "proposal-unknown", 404, Operator;
    // Console
    AccountUnknown: "account-unknown", 404, Operator;
    AccountExists: "account-exists", 409, Operator;
    AccountUnfit: "account-unfit", 422, Operator;
    SignInRefused: "sign-in-refused", 401, Operator;
    SignInLocked: "sign-in-locked", 429, Later;
    NotSignedIn: "not-signed-in", 401, Operator;
    RoleTooLow: "role-too-low", 403, Operator;
    FormForged: "form-forged", 403, Operator;
    ApprovalNeeded: "approval-needed", 409, Operator;
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

    /// What [`PAGES`] say of it, without its heading.
    #[must_use]
    pub fn page(self) -> &'static str {
        let pages = PAGES.split("\n## ").filter_map(|page| page.split_once('\n'));
        let page = pages.into_iter().find(|(code, _)| *code == self.code());
        page.map_or("", |(_, page)| page.trim())
    }

    /// The reason of a code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::all().find(|reason| reason.code() == code)
    }
}
