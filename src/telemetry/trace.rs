//! W3C Trace Context (Recommendation, 23 November 2021): a source's `traceparent`, taken into the log and passed on.
//!
//! It says which requests belong together in somebody's tracing, and nothing else: nothing is decided by it. One that is
//! not exactly as the Recommendation has it is not there. `tracestate` is not taken: it is the source's own.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::Span;

use super::field;
use crate::model::id::MessageId;

/// The header.
pub const HEADER: &str = "traceparent";
/// Messages whose parent is remembered; the oldest are forgotten.
pub const REMEMBERED_MAX: usize = 10_000;

/// Length of version 00, in characters.
const CHARACTERS: usize = 55;

/// Where a span belongs: its trace, and itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) flags: u8,
}

/// The parents of messages taken lately, in memory alone: a restart forgets them, and what goes out after it carries none.
/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    parents: BTreeMap<MessageId, Parent>,
    order: VecDeque<MessageId>,
}

impl Parent {
    /// Reads version 00: lower-case hexadecimal, neither trace nor span zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let parts: Vec<&str> = text.split('-').collect();
        let ["00", trace, span, flags] = parts.as_slice() else { return None };
        let long = text.len() == CHARACTERS && trace.len() == 32 && span.len() == 16;
        if !long || ![trace, span, flags].into_iter().all(|part| plain(part)) {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|trace| *trace != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|span| *span != 0)?;
        Some(Self { trace, span, flags: u8::from_str_radix(flags, 16).ok()? })
    }

    /// A new span of the same trace; `None` only when the system has no randomness.
    #[must_use]
    pub fn child(self) -> Option<Self> {
        let mut span = [0; 8];
        aws_lc_rs::rand::fill(&mut span).ok()?;
        let span = u64::from_be_bytes(span);
        (span != 0).then_some(Self { span, ..self })
    }

    /// The trace, in hexadecimal.
    #[must_use]
    pub fn trace(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The span, in hexadecimal.
    #[must_use]
    pub fn span(self) -> String {
        format!("{:016x}", self.span)
    }
}

/// Puts a span that has just been made under its parent and says so in its fields; gives the span as it is passed on.
///
/// Where a collector is told of spans, one without a parent begins a trace.
#[must_use]
pub fn put(span: &Span, parent: Option<Parent>) -> Option<Parent> {
    if let Some(parent) = parent {
        span.record(field::TRACE_PARENT, parent.span());
    }
    let own = told(span, parent).or_else(|| parent?.child())?;
    span.record(field::TRACE_ID, own.trace()).record(field::TRACE_SPAN, own.span());
    Some(own)
}

#[cfg(feature = "otlp")]
use super::otlp::place::put as told;

#[cfg(not(feature = "otlp"))]
fn told(_: &Span, _: Option<Parent>) -> Option<Parent> {
    None
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl Traces {
    /// Remembers the parent of a message, and forgets the oldest past [`REMEMBERED_MAX`].
    pub fn keep(&self, message: MessageId, parent: Parent) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.parents.insert(message, parent).is_none() {
            kept.order.push_back(message);
        }
        if kept.order.len() > REMEMBERED_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.parents.remove(&oldest);
        }
    }

    /// The parent of a message, if it is remembered.
    #[must_use]
    pub fn of(&self, message: MessageId) -> Option<Parent> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).parents.get(&message).copied()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn only_what_is_exactly_right_is_taken() {
        assert_eq!(Parent::parse(GOOD).unwrap().to_string(), GOOD);
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033311-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        ] {
            assert_eq!(Parent::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_child_is_another_span_of_the_same_trace() {
        let parent = Parent::parse(GOOD).unwrap();
        let child = parent.child().unwrap();
        assert_eq!((child.trace(), child.flags), (parent.trace(), parent.flags));
        assert_ne!(child.span(), parent.span());
    }

    #[test]
    fn as_many_are_remembered_as_may_be_and_the_oldest_go() {
        let (traces, parent) = (Traces::default(), Parent::parse(GOOD).unwrap());
        let id = |number: usize| MessageId(Uuid::from_u128(u128::try_from(number).unwrap()));
        (0..REMEMBERED_MAX).for_each(|number| traces.keep(id(number), parent));
        assert_eq!(traces.of(id(0)), Some(parent));
        traces.keep(id(REMEMBERED_MAX), parent);
        assert_eq!((traces.of(id(0)), traces.of(id(1))), (None, Some(parent)));
        let kept = traces.kept.lock().unwrap();
        assert_eq!((kept.order.len(), kept.parents.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
