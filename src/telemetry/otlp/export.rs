//! Sampling, the queue, and what takes from it: a thread with a small run time of its own, so that a collector that hangs
//! takes nothing from the hub.

use std::{
    fmt, io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    trace::{SpanKind, TracerProvider as _},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
        SpanLimits,
    },
};
use prost::Message as _;
use tokio::runtime::{Builder, Runtime};
use tracing::{Subscriber, info, level_filters::LevelFilter, warn};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::{
    BATCH_SPANS_MAX, BATCH_WAIT, Config, EXPORT_TIMEOUT, Endpoint, FLUSH_TIMEOUT, QUEUE_SPANS_MAX, collector,
};

const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// What is told, until it ends.
pub(in crate::telemetry) struct Exporting {
    provider: SdkTracerProvider,
}

impl Exporting {
    /// Starts to tell, if there is somebody to be told.
    ///
    /// # Errors
    /// The system gives no run time.
    pub(in crate::telemetry) fn start(config: &Config) -> io::Result<Option<Self>> {
        let Some(endpoint) = config.endpoint.clone() else { return Ok(None) };
        Exporter::new(endpoint, EXPORT_TIMEOUT)
            .map(|exporter| Some(Self::of(exporter, config.sampled_percent)))
    }

    /// Every bound is given, so that no variable of the environment sets one.
    fn of(exporter: Exporter, sampled_percent: u8) -> Self {
        let bounds = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS_MAX)
            .with_max_export_batch_size(BATCH_SPANS_MAX)
            .with_scheduled_delay(BATCH_WAIT);
        let queue = BatchSpanProcessor::builder(exporter).with_batch_config(bounds.build()).build();
        let resource = Resource::builder_empty()
            .with_service_name(PROGRAM)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::TraceIdRatioBased(f64::from(sampled_percent) / 100.0))
            .with_span_limits(SpanLimits::default())
            .with_resource(resource.build())
            .with_span_processor(queue);
        Self { provider: provider.build() }
    }

    /// What takes the hub's own spans, and the events in them, from the level `info` on.
    pub(in crate::telemetry) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(PROGRAM))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(Targets::new().with_target(PROGRAM, LevelFilter::INFO))
    }

    /// Tells what is still in the queue, for as long as [`FLUSH_TIMEOUT`].
    pub(in crate::telemetry) fn end(self) {
        if self.provider.shutdown_with_timeout(FLUSH_TIMEOUT).is_err() {
            warn!("spans that had not been told are lost");
        }
    }
}

struct Exporter {
    endpoint: Endpoint,
    most: Duration,
    resource: ResourceAttributesWithSchema,
    runtime: Runtime,
    /// Whether the last batch was not taken, so that it is logged once.
    failing: AtomicBool,
}

impl Exporter {
    fn new(endpoint: Endpoint, most: Duration) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let resource = ResourceAttributesWithSchema::default();
        Ok(Self { endpoint, most, resource, runtime, failing: AtomicBool::new(false) })
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl SpanExporter for Exporter {
    /// Runs on the queue's thread, which waits for it.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let batch = batch.into_iter().map(|span| SpanData { span_kind: kind(&span.name), ..span }).collect();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        match self.runtime.block_on(collector::post(&self.endpoint, body, self.most)) {
            Ok(()) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    info!("the collector takes spans again");
                }
                Ok(())
            }
            Err(why) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    warn!(%why, "the collector does not take spans: they are lost until it does");
                }
                Err(OTelSdkError::InternalFailure(why.to_string()))
            }
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

/// Whether a span answers somebody or asks somebody.
fn kind(name: &str) -> SpanKind {
    match name {
        "push" => SpanKind::Server,
        "deliver" => SpanKind::Client,
        _ => SpanKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use opentelemetry::trace::Tracer as _;

    use super::*;

    fn endpoint(listener: &TcpListener) -> Endpoint {
        Endpoint::of(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
    }

    #[test]
    fn what_does_not_fit_into_the_queue_of_a_collector_that_hangs_is_lost_and_waits_for_nobody() {
        let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
        // Far longer than this test: were a span to wait for the collector, it would not end.
        let exporter = Exporter::new(endpoint(&hanging), Duration::from_secs(100_000)).unwrap();
        let exporting = Exporting::of(exporter, 100);
        let tracer = exporting.provider.tracer(PROGRAM);
        let telling = thread::spawn(move || {
            (0..2 * QUEUE_SPANS_MAX + BATCH_SPANS_MAX).for_each(|_| drop(tracer.start("push")));
        });
        let (connection, _) = hanging.accept().unwrap();
        telling.join().unwrap();
        exporting.end();
        drop(connection);
    }
}
