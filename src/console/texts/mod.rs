//! Every text of the console, in one place: whoever translates it translates this folder.

use super::shape::Tone;
use crate::{operate::account::Role, region::agreement::LinkState};

/// Declares texts: a line each.
macro_rules! texts {
    ($($name:ident = $text:literal;)*) => {
        $(pub(in crate::console) const $name: &str = $text;)*
    };
}

mod administer;
mod nouns;
mod told;

pub(super) use self::{administer::*, nouns::*, told::*};

texts! {
    LANGUAGE = "en";
    BRAND = "coohub";
    // Frame
    SKIP = "Skip to content";
    NAVIGATION = "Parts of the console";
    OVERVIEW = "Overview";
    PARTNERS = "Partners";
    CERTIFICATES = "Certificates";
    LETTERS = "Dead letters";
    FORMATS = "Formats";
    PLAYGROUND = "Playground";
    STATISTICS = "Statistics";
    AUDIT = "Audit";
    SIGN_IN = "Sign in";
    SIGN_OUT = "Sign out";
    ACCOUNT = "Account";
    PASSWORD = "Password";
    FIRST_ACCOUNT = "The first account is made on the hub's machine:";
    NOT_DONE = "Not done";
    BACK_TO_OVERVIEW = "Back to the overview";
    // Words on many pages
    ANY = "any";
    NONE = "none";
    SHOW = "Show";
    MORE = "Older ones";
    FIND = "Find";
    SEND = "Send";
    TEST = "test";
    FROM = "from";
    UNTIL = "until";
    REASON = "Reason";
    REASON_HINT = "why, kept for ever";
    STATE = "State";
    SINCE = "Since";
    AT = "At";
    TO = "To";
    FROM_MEMBER = "From";
    FROM_TO = "From → to";
    NUMBER = "Number";
    ISSUER = "Issuing body";
    SOURCE = "Source";
    TRIES = "Tries";
    WHY = "Why";
    AGREEMENT = "Agreement";
    FORMAT = "Form";
    VERSION = "version";
    FUNCTION = "Function";
    // Acts
    ACT = "Act";
    ACTS = "What operators did";
    LANE_ACTS = "Hold or release";
    HOLD = "Hold it";
    RELEASE = "Let it go on";
    CANCEL = "End it";
    REPLAY = "Deliver again";
    REPLAY_LOST = "Deliver again: the target lost it";
    HOLD_LANE = "Hold the lane";
    RELEASE_LANE = "Release the lane";
    TRY_NOW = "Try it now";
    ADDRESS_IT = "Send to a member";
    // Overview
    CONFIGURATION = "configuration";
    NOW = "at";
    ACCEPTED = "accepted";
    DELIVERED = "delivered";
    ON_THE_WAY = "on their way";
    OPEN = "open";
    DUE = "due";
    HELD = "held";
    DEAD = "never arrived";
    DEAD_SHORT = "dead";
    PARKED = "parked";
    UNANSWERED = "not answered in time";
    SEE_UNANSWERED = "See what is not answered, and ask the member whether its customs works on it.";
    UNADDRESSED = "wait to be addressed";
    UNROUTED = "not routed yet";
    OLDEST = "Waiting longest";
    OLDEST_IS = "oldest";
    PARTNER_HEALTH = "Partners";
    CLOCK_DOUBTED = "The hub doubts its clock: it shows";
    EXPECTED = "expected was";
    CLOCK_CONFIRM = "Nothing expires until it is confirmed: coohub clock confirm.";
    NOT_COMPARED = "Since the hub was restored these have not compared, and push nothing new:";
    STORAGE_LOW = "The disk is nearly full: nothing new is taken.";
    STORAGE_SLOW = "The disk is slow: nothing new is taken at the moment.";
    REJECTIONS_DROPPED = "Rejections that were not kept because the disk was busy:";
    // Health of a lane
    HELD_AFTER_REFUSALS = "held after refusals";
    NO_MEMBER = "no member any more";
    SUSPENDED = "suspended";
    TO_BE_COLLECTED = "waits to be collected";
    NOTHING_WAITS = "nothing waits";
    ATTEMPTS_FAIL = "attempts fail";
    ATTEMPTS_FAIL_FOR = "attempts fail for what comes from";
    IN_MAINTENANCE = "in maintenance";
    GOES_OUT = "going out";
    TRIED_AGAIN = "tried again later";
    // Partner
    PARTNER = "Partner";
    LANE = "lane";
    TRIED_AT = "tried at";
    REACHED = "Reached by";
    LIMITS = "Limits";
    FORMS = "Forms";
    IDENTITY = "Identity";
    LINKS = "Links";
    EVERY_MEMBER = "every member";
    MEMBER_FILE = "Its file on disk";
    MEMBER_FILE_HINT = "What counts is what was applied last; a change here waits for a reload.";
    ADDRESS = "Address";
    SANDBOX = "Sandbox, for test traffic";
    STORED_WHEN = "Stored when";
    ACK_ECHO = "it echoes id and digest";
    ACK_SIGNED = "it signs a receipt";
    ACK_STATUS = "it answers with any 2xx";
    ANSWER_WITHIN = "Answers within";
    MAINTENANCE = "Maintenance";
    LEASE = "Entry reserved for";
    PACE = "Pace";
    BURST = "Burst";
    AT_ONCE = "At once";
    RETRIES = "Tried again after";
    GIVEN_UP = "Given up after";
    ITEMS_MAX = "Goods items, most";
    MAY_ASK = "May ask of us";
    SENDS = "Sends";
    TAKES = "Takes";
    UNRENDERABLE = "What its form cannot say";
    UNRENDERABLE_CANONICAL = "goes as the canonical profile";
    UNRENDERABLE_ORIGINAL = "goes as the original";
    UNRENDERABLE_HOLD = "is held";
    KNOWN_BY = "Known by";
    BODIES = "Issuing bodies";
    CUSTOMS_OF = "Customs of";
    PIN = "key";
    ANCHOR_ENDS = "anchor ends";
    OUR_LEAF_ENDS = "The leaf shown to it ends";
    HAS_ENDED = "it has ended";
    CHECKLIST = "Checklist";
    NO_CHECKLIST = "Nobody has gone through it yet:";
    LIST_SAYS = "It is";
    LIST_GREEN = "green: it may go live";
    LIST_NOT_GREEN = "not green";
    LIST_ITEMS = "Items";
    LIST_ITEM = "Item";
    RESULT = "Result";
    SEEN = "Seen";
    WAITS_FOR_SECOND = "A configuration waits for another operator to confirm it, proposed by";
    LIVE_WITHOUT_LIST = "Links went live without a green checklist";
    // Certificates
    CERTIFICATES_HINT = "By its number or the end of it, at least 6 letters and digits, however it is punctuated, or by an id of the hub's.";
    NUMBER_OR_ID = "Number or id";
    ISSUER_OPTIONAL = "Issuing body (optional)";
    NOT_FOUND = "The hub has no message about";
    NUMBER_SHORT = "No message has this as its whole number: give the whole number, or at least 6 letters and digits of its end.";
    NEWEST_FIRST = "newest first";
    RECEIVED = "Received";
    THEIR_ID = "The source's id";
    OUR_ID = "The hub's id";
    BYTES = "SHA-256";
    PROOF = "Proof";
    DUPLICATE_OF = "The same certificate as an earlier message; not delivered again:";
    FINDINGS = "Findings";
    NO_FINDING = "Nothing was found.";
    WAY = "Its way";
    EVERY_VERSION = "every version";
    NO_DELIVERY = "It has no delivery.";
    CARGO = "Carries";
    MADE = "Made";
    DELIVERY = "Delivery";
    REPLAY_OF = "Repeats delivery";
    LOSSES = "What this form or view leaves out";
    NO_ATTEMPT = "no attempt yet";
    ENDED = "an operator ended it";
    EVIDENCE = "evidence";
    CUSTOMS = "Customs";
    ANSWER_UNTIL = "to be answered by";
    NEXT_ATTEMPT = "next attempt";
    READ = "Read it";
    READ_CONTENT = "Read what it says";
    READ_HINT = "Your name, the time and the reason are recorded before anything is shown.";
    // Content
    CONTENT = "what it says";
    CONTENT_HINT = "On the left as it was pushed, on the right as each target is sent it. Lines that do not arrive whole are marked.";
    ORIGINAL = "Original";
    SENT = "Sent to";
    NO_ORIGINAL = "The hub has no document for it.";
    LOST_HERE = "lost:";
    CUT = "The document is longer; the rest is not shown.";
    BACK_TO_STORY = "Back to its story";
    REQUESTS = "Requests to read";
    REQUESTS_HINT = "Where the hub demands two operators, another one approves each reading. A request lasts four hours.";
    NO_REQUEST = "Nobody waits.";
    MESSAGE = "Message";
    WAITS_FOR_ANOTHER = "waits for another operator";
    APPROVE = "Approve";
    APPROVED_BY = "approved by";
    // Formats
    FORMATS_HINT = "How many fields of the form on the left have no place in the form above. Told from the tables.";
    ALL_ARRIVES = "all arrives";
    HALF_ARRIVES = "half";
    LITTLE_ARRIVES = "little";
    NEVER_WRITTEN = "demands what the source never gives";
    FOR_TRACES = "for traces only: the hub never writes it for a member";
    NEVER_FILLED_LIST = "Can never be filled";
    LOST_LIST = "Lost";
    ARRIVES_LIST = "Arrives";
    // Playground
    PLAYGROUND_HINT = "What the hub makes of a document. Nothing is sent, nothing is kept.";
    DOCUMENT = "Document";
    DOCUMENT_HINT = "XML, JSON or delimited text";
    READ_AS = "Read as";
    RECOGNISE = "recognise it";
    WRITE_AS = "Write as";
    TRY = "Try it";
    RECOGNISED = "Read as";
    NOT_READ = "It cannot be read.";
    CANONICAL = "Canonical certificate";
    WRITTEN = "Written as";
    NOT_WRITTEN = "It cannot be written: a field that is demanded has no value.";
    TRACE = "Field by field";
    PLACE = "Where it stands";
    FIELD = "Canonical field";
    VALUE = "Value";
    GOES = "Where it goes";
    IMPLIED = "implied by the form";
    NOT_MAPPED = "Not mapped, kept";
    UNFILLED = "Cannot be filled";
    LOST = "lost";
    // Statistics
    STATISTICS_HINT = "Copies of certificates by the hour in which they were made; tests and replays left out. Rows of fewer than";
    STATISTICS_FEW = "exporters show no figures.";
    SPAN = "Span of time";
    DAY = "24 hours";
    WEEK = "7 days";
    MONTH = "31 days";
    COPIES = "Copies";
    NOT_YET = "not delivered";
    BY_HOUR = "By the hour (UTC)";
    BY_DAY = "By the day (UTC)";
    BY_PAIR = "By pair";
    BY_AGREEMENT = "By agreement";
    HALF_WITHIN = "half delivered within";
    MOST_WITHIN = "95 of 100 delivered within";
    HALF_SHORT = "half within";
    MOST_SHORT = "95 % within";
    TOO_FEW = "too few exporters to tell";
    NO_TRAFFIC = "Nothing was made in this time.";
    TRAFFIC = "Last 24 hours";
    SINCE_THEN = "Since";
    REFUSALS = "Refused";
    REFUSALS_HINT = "requests refused at the door and pushes rejected, by the day (UTC)";
    NOTHING_REFUSED = "Nothing was refused in these days.";
    TODAY = "today";
    YESTERDAY = "yesterday";
    // Dead letters
    LETTERS_HINT = "What was refused, expired or cancelled, and what stands still.";
    NO_LETTER = "There is none.";
    // Audit
    AUDIT_HINT = "Everything operators did or tried, kept for ever.";
    NO_ACTION = "Nobody did such a thing.";
    NO_ACTION_YET = "None so far back as was looked; older ones may be.";
    DID = "Did";
    WHO = "Who";
    ABOUT = "About";
    OUTCOME = "Outcome";
}

/// A role.
pub(super) fn role(role: Role) -> &'static str {
    role.word()
}

/// The state of a delivery or message.
pub(super) fn state(word: &str) -> &str {
    match word {
        "pending" => "on its way",
        "queued" => "behind another",
        other => other,
    }
}

/// What can be looked at among the letters.
pub(super) fn shelf(word: &str) -> &str {
    match word {
        "dead" => "refused, expired or cancelled",
        "unanswered" => UNANSWERED,
        "parked" => "parked: waits for the certificate it changes",
        "unaddressed" => "unaddressed: waits for an operator to say whose it is",
        other => state(other),
    }
}

/// How a member is reached.
pub(super) fn reach(word: &str) -> &str {
    match word {
        "push" => "its own server",
        "mailbox" => "a mailbox here",
        "gone" => NO_MEMBER,
        other => other,
    }
}

/// What a message does.
pub(super) fn function(word: &str) -> &str {
    match word {
        "" => "message",
        other => other,
    }
}

/// What a delivery carries.
pub(super) fn cargo(word: &str) -> &str {
    word
}

/// How much of a certificate a target sees.
pub(super) fn view(word: &str) -> &str {
    match word {
        "full" => "all of it",
        "minimised" => "only fields that are allowed",
        "notice" => "key and state alone",
        other => other,
    }
}

/// What a grade of evidence means.
pub(super) fn grade(letter: &str) -> &'static str {
    match letter {
        "A" => "a receipt the target signed",
        "B" => "the target's application answered",
        _ => "the target echoed id and digest, or answered 2xx",
    }
}

/// How far a link is open.
pub(super) fn link_state(state: LinkState) -> &'static str {
    match state {
        LinkState::Test => "test",
        LinkState::Pilot => "pilot",
        LinkState::Live => "live",
        LinkState::Suspended => "suspended",
    }
}

/// The tone of it.
pub(super) fn link_tone(state: LinkState) -> Tone {
    match state {
        LinkState::Live => Tone::Good,
        LinkState::Pilot | LinkState::Test => Tone::Waits,
        LinkState::Suspended => Tone::Off,
    }
}
