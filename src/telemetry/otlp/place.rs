//! Where a span belongs, between `tracing` and OpenTelemetry.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::telemetry::trace::Parent;

/// Puts a span that has just been made under its parent, or at the head of a trace of its own; gives the span as it is
/// passed on. `None` when nobody is told of spans.
pub(in crate::telemetry) fn put(span: &Span, parent: Option<Parent>) -> Option<Parent> {
    if let Some(parent) = parent {
        // Refused only where nobody is told.
        let _ = span.set_parent(Context::new().with_remote_span_context(context(parent)));
    }
    let own = span.context().span().span_context().clone();
    own.is_valid().then(|| Parent {
        trace: u128::from_be_bytes(own.trace_id().to_bytes()),
        span: u64::from_be_bytes(own.span_id().to_bytes()),
        // A source's word whether its trace is recorded stays its own.
        flags: parent.map_or(own.trace_flags().to_u8(), |parent| parent.flags),
    })
}

fn context(parent: Parent) -> SpanContext {
    let (trace, span) = (TraceId::from(parent.trace), SpanId::from(parent.span));
    SpanContext::new(trace, span, TraceFlags::new(parent.flags), true, TraceState::NONE)
}
