//! What goes over the control socket: a request of one line, an answer of lines.
//!
//! Version 1. An answer is any number of `{"item": …}`, then one `{"end": …}` or `{"problem": {"code", "detail"}}`; before
//! them, for who asks for it, any number of `{"progress": {"done", "of"}}` while the work lasts.

pub mod change;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    model::reason::Reason,
    operate::{NAMED_CHARACTERS_MAX, Refusal, asked},
};

/// Version of the requests and answers here; a hub answers its own alone.
pub const VERSION: u32 = 1;
/// Longest line of a request, in bytes.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// A request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// A name the operator gives besides the system's user.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// Whether to be told, while it lasts, how far it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub progress: bool,
    /// What is asked for.
    #[serde(rename = "do")]
    pub command: Command,
}

/// What can be asked for. Ids and times are text here; the hub reads them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// The hub as a whole; its lanes are the items.
    Status {},
    /// The lanes, or that of one member.
    Lanes {
        /// Member.
        target: Option<String>,
    },
    /// A page of deliveries.
    Queue(Queue),
    /// Everything about a delivery, a message or a certificate number.
    Show {
        /// A delivery or message id.
        id: Option<String>,
        /// Issuing body, with a number.
        issuer: Option<String>,
        /// Certificate number.
        number: Option<String>,
    },
    /// A page of what operators did.
    Actions {
        /// Only older ones than this.
        before: Option<i64>,
        /// Most of them.
        limit: usize,
    },
    /// To keep a lane or a delivery from going on.
    Hold(Which),
    /// To let it go on.
    Release(Which),
    /// To end a delivery.
    Cancel {
        /// Delivery id.
        delivery: String,
        /// Why.
        reason: String,
    },
    /// To have an attempt at once at a member that is spared.
    Try {
        /// Member.
        member: String,
        /// Why.
        reason: String,
    },
    /// To say that the wall clock is right.
    ConfirmClock {
        /// Why.
        reason: String,
    },
    /// About the configuration.
    Configuration(change::Ask),
    /// To go through a member's checklist.
    Examine(Examine),
    /// To deliver again what is missed.
    Replay(Replay),
    /// Every account of an operator.
    Accounts {},
    /// To make an account.
    NewAccount {
        /// Its name.
        name: String,
        /// Its role.
        role: String,
        /// Its password.
        password: String,
        /// Why.
        reason: String,
    },
    /// To change one thing of an account.
    Account {
        /// Its name.
        name: String,
        /// Another role.
        role: Option<String>,
        /// Whether it may not sign in.
        disabled: Option<bool>,
        /// Another password.
        password: Option<String>,
        /// Why.
        reason: String,
    },
    /// To send a certificate without importing country to a member.
    Address {
        /// Message id.
        message: String,
        /// Member.
        to: String,
        /// Whether also where it was addressed to another.
        #[serde(default)]
        also: bool,
        /// Why.
        reason: String,
    },
}

/// Which deliveries are listed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Only to this member.
    pub target: Option<String>,
    /// Only of this member.
    pub source: Option<String>,
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this issuing body.
    pub issuer: Option<String>,
    /// Only about this number.
    pub number: Option<String>,
    /// What the page before said as `next`.
    pub after: Option<String>,
    /// Most of them.
    pub limit: usize,
}

/// Whose checklist.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examine {
    /// Member.
    pub member: String,
    /// A server of its other than the one in its file.
    pub against: Option<String>,
    /// Its traffic from this instant on counts.
    pub since: Option<String>,
    /// An item that the operator vouches for.
    pub confirm: Option<String>,
    /// Why.
    pub reason: String,
}

/// A member's lane, or one delivery.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Member.
    pub member: Option<String>,
    /// Delivery id.
    pub delivery: Option<String>,
    /// Why.
    pub reason: String,
}

/// What is delivered again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replay {
    /// Delivery id.
    pub delivery: Option<String>,
    /// Message id.
    pub message: Option<String>,
    /// With a message: to this member only.
    pub to: Option<String>,
    /// Member that misses what ended without arriving …
    pub target: Option<String>,
    /// … from this instant on.
    pub since: Option<String>,
    /// Also what the target confirmed, and lost.
    pub lost: bool,
    /// Why.
    pub reason: String,
}

/// A line of an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// How far the work is.
    Progress {
        /// How much is done, …
        done: u64,
        /// … of how much at most.
        of: u64,
    },
    /// One of what was asked for.
    Item(Value),
    /// The last line of an answer.
    End(Value),
    /// The last line of a refusal.
    Problem {
        /// A reason code.
        code: String,
        /// In words.
        detail: String,
    },
}

/// The last line of a refusal.
#[must_use]
pub fn problem(reason: Reason, detail: &str) -> Line {
    Line::Problem { code: reason.code().to_owned(), detail: detail.to_owned() }
}

impl Request {
    /// A request of this version.
    #[must_use]
    pub fn new(named: Option<String>, command: Command) -> Self {
        Self { version: VERSION, named, progress: false, command }
    }

    /// The line, with its end.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        line(json!(self))
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// [`Reason::CommandVersion`] or [`Reason::CommandMalformed`], in words.
    pub fn read(line: &[u8]) -> Result<Self, Refusal> {
        let malformed = |why: &str| Refusal::new(Reason::CommandMalformed, why);
        let value: Value = serde_json::from_slice(line).map_err(|_| malformed("the line is no JSON"))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            stated => {
                let stated = stated.map_or_else(|| "none".to_owned(), |version| version.to_string());
                let why =
                    format!("the hub speaks version {VERSION} of this socket, the command says {stated}");
                return Err(Refusal::new(Reason::CommandVersion, why));
            }
        }
        let request: Self = serde_json::from_value(value).map_err(|error| malformed(&error.to_string()))?;
        if let Some(named) = &request.named {
            asked::fits("as", named, NAMED_CHARACTERS_MAX)?;
        }
        if let Some(reason) = request.command.reason() {
            asked::reason(reason)?;
        }
        Ok(request)
    }
}

impl Command {
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Hold(which) | Self::Release(which) => Some(&which.reason),
            Self::Cancel { reason, .. }
            | Self::Address { reason, .. }
            | Self::NewAccount { reason, .. }
            | Self::Account { reason, .. }
            | Self::Try { reason, .. }
            | Self::ConfirmClock { reason } => Some(reason),
            Self::Replay(replay) => Some(&replay.reason),
            Self::Examine(examine) => Some(&examine.reason),
            Self::Configuration(ask) => ask.reason(),
            Self::Status {}
            | Self::Lanes { .. }
            | Self::Queue(_)
            | Self::Show { .. }
            | Self::Accounts {}
            | Self::Actions { .. } => None,
        }
    }
}

impl Line {
    /// The line, with its end.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        line(json!(self))
    }
}

fn line(value: Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::REASON_CHARACTERS_MAX;

    fn code(line: &str) -> Result<Command, Reason> {
        Request::read(line.as_bytes()).map(|request| request.command).map_err(|refusal| refusal.reason)
    }

    fn cancel(reason: &str) -> Vec<u8> {
        let command = Command::Cancel { delivery: "x".to_owned(), reason: reason.to_owned() };
        let mut bytes = Request::new(None, command).bytes();
        assert_eq!(bytes.pop(), Some(b'\n'));
        bytes
    }

    #[test]
    fn a_request_reads_back() {
        let queue = Queue { target: Some("kg".to_owned()), limit: 5, ..Queue::default() };
        for command in [Command::Status {}, Command::Queue(queue)] {
            let mut bytes = Request::new(Some("Maria".to_owned()), command.clone()).bytes();
            bytes.pop();
            assert_eq!(Request::read(&bytes).unwrap(), Request::new(Some("Maria".to_owned()), command));
        }
    }

    #[test]
    fn another_version_is_told_from_nonsense() {
        assert_eq!(code(r#"{"version":2,"do":{"dance":{}}}"#), Err(Reason::CommandVersion));
        assert_eq!(code(r#"{"do":{"status":{}}}"#), Err(Reason::CommandVersion));
        for bad in ["", "status", r#"{"version":1}"#, r#"{"version":1,"do":{"dance":{}}}"#] {
            let reason = code(bad).unwrap_err();
            assert!(matches!(reason, Reason::CommandMalformed), "{bad}: {reason:?}");
        }
        assert_eq!(
            code(r#"{"version":1,"do":{"status":{}},"more":1}"#),
            Err(Reason::CommandMalformed),
            "a word misspelt does not pass"
        );
    }

    #[test]
    fn a_reason_has_1_to_500_characters_and_no_line_end() {
        let read = |reason: &str| Request::read(&cancel(reason)).map(drop).map_err(|refusal| refusal.reason);
        assert_eq!(read(&"ж".repeat(REASON_CHARACTERS_MAX)), Ok(()));
        for bad in ["", "two\nlines", &"ж".repeat(REASON_CHARACTERS_MAX + 1)] {
            assert_eq!(read(bad), Err(Reason::CommandMalformed));
        }
    }

    #[test]
    fn a_name_has_64_characters_and_not_65() {
        let read = |length: usize| {
            let mut bytes = Request::new(Some("m".repeat(length)), Command::Status {}).bytes();
            bytes.pop();
            Request::read(&bytes).is_ok()
        };
        assert!(read(NAMED_CHARACTERS_MAX) && !read(NAMED_CHARACTERS_MAX + 1));
    }
}
