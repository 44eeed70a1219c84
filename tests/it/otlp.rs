//! Spans told to a collector: under the source's trace, with nothing of a document, and at nobody's cost.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message as _;
use tokio::net::TcpListener;

use crate::{
    crash::process::{Process, log},
    support::hub::{Community, sample, until},
};

const TEA: &str = "edi3-coo/samples/almora-corvania-tea.json";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SOURCE: &str = "b7ad6b7169203331";
/// What a span may say of a push or a delivery.
const FIELDS: &[&str] = &[
    "source.id",
    "message.key",
    "message.id",
    "body.bytes",
    "body.digest",
    "trace.id",
    "trace.parent",
    "trace.span",
    "delivery.id",
    "target.id",
    "attempt.number",
];

/// A collector, and the requests it took.
#[derive(Clone, Default)]
struct Collector {
    taken: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    /// Takes traces; gives its URL.
    async fn open(&self) -> String {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let taken = self.taken.clone();
        let take = axum::routing::post(move |body: Bytes| async move { taken.lock().unwrap().push(body) });
        let router = axum::Router::new().route("/v1/traces", take);
        tokio::spawn(async move { axum::serve(socket, router).await });
        url
    }

    fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let requests = taken.iter().map(|body| ExportTraceServiceRequest::decode(body.as_ref()).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|each| each.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hub as a process that tells a collector; the log tells little, so that it is not the log's filter that decides.
async fn telling(at: &mut Community, url: &str, more: &str) -> Process {
    let node = at.path("coohub.toml");
    let text = fs::read_to_string(&node).unwrap();
    let table = "[telemetry]\n";
    assert_eq!(text.matches(table).count(), 1, "{text}");
    let text = text.replace(table, &format!("{table}otlp_endpoint = \"{url}\"\n{more}\n"));
    fs::write(&node, text + "[log]\nlevel = \"warn\"\n").unwrap();
    let process = Process::start(at).await;
    at.port = process.port;
    process
}

/// Pushes tea under a number of its own and waits until its target has it; gives the target's `traceparent`.
async fn delivered(at: &Community, number: usize, parent: Option<String>) -> Option<String> {
    let tea = sample(TEA).replace("AL-2026-004711", &format!("AL-2026-{number}"));
    let headers = parent.into_iter().map(|parent| ("traceparent", parent)).collect();
    let almora = at.member("almora");
    let answer = almora.push(&format!("m{number}"), "application/json", headers, tea.into()).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    at.settled("almora", answer.header("coo-message-id").unwrap()).await;
    let [received] = at.partner("corvania").take().try_into().unwrap();
    received.headers.into_iter().find_map(|(name, value)| (name == "traceparent").then_some(value))
}

async fn ended(mut process: Process) {
    process.signal("TERM");
    assert!(process.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_and_its_delivery_are_told_under_the_source_s_trace() {
    let mut at = Community::shipped().await;
    let collector = Collector::default();
    let url = collector.open().await;
    let process = telling(&mut at, &url, "").await;
    let passed = delivered(&at, 1, Some(format!("00-{TRACE}-{SOURCE}-01"))).await.unwrap();
    let begun = delivered(&at, 2, None).await.unwrap();
    ended(process).await;

    let spans = collector.spans();
    let of = |trace: &str, name: &str| {
        let found: Vec<_> =
            spans.iter().filter(|span| span.name == name && hex(&span.trace_id) == trace).collect();
        assert_eq!(found.len(), 1, "{trace} {name}: {spans:?}");
        found[0]
    };
    for (trace, above, passed) in [(TRACE, SOURCE, &passed), (begun.split('-').nth(1).unwrap(), "", &begun)] {
        let (push, deliver) = (of(trace, "push"), of(trace, "deliver"));
        assert_eq!(hex(&push.parent_span_id), above);
        assert_eq!(deliver.parent_span_id, push.span_id);
        assert_eq!(*passed, format!("00-{trace}-{}-01", hex(&deliver.span_id)));
        assert_eq!((push.kind, deliver.kind), (2, 3), "a server's and a client's");
        let told: BTreeSet<_> =
            [push, deliver].into_iter().flat_map(|span| &span.attributes).map(|a| a.key.as_str()).collect();
        assert!(told.contains("source.id") && told.contains("target.id"), "{told:?}");
        let strange: Vec<_> = told.iter().filter(|key| !FIELDS.contains(key)).collect();
        assert!(strange.is_empty(), "{strange:?}");
        assert!(push.events.iter().any(|event| event.name == "message accepted"), "{push:?}");
    }
    let told = format!("{spans:?}");
    for word in ["High Terrace", "Highlands", "3301458872", "Fils S.A.", "pallets"] {
        assert!(sample(TEA).contains(word) && !told.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_nothing_tells_nothing_and_leaves_a_source_s_trace_whole() {
    let mut at = Community::shipped().await;
    let collector = Collector::default();
    let url = collector.open().await;
    let process = telling(&mut at, &url, "otlp_sampled_percent = 0").await;
    let passed = delivered(&at, 1, Some(format!("00-{TRACE}-{SOURCE}-01"))).await.unwrap();
    let begun = delivered(&at, 2, None).await.unwrap();
    ended(process).await;
    assert!(passed.starts_with(&format!("00-{TRACE}-")) && passed.ends_with("-01"), "{passed}");
    assert!(begun.ends_with("-00"), "{begun}");
    assert_eq!(collector.spans(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_costs_nothing_but_spans() {
    let mut at = Community::shipped().await;
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let process = telling(&mut at, &format!("http://{}", hanging.local_addr().unwrap()), "").await;
    delivered(&at, 1, None).await.unwrap();
    // A request of the exporter is on this connection, and is never answered.
    let (first, _) = hanging.accept().await.unwrap();
    for number in 2..12 {
        delivered(&at, number, None).await.unwrap();
    }
    let said = async || log(&at).contains("the collector does not take spans").then_some(());
    until("a word about the collector in the log", said).await;
    delivered(&at, 12, None).await.unwrap();
    ended(process).await;
    assert!(log(&at).contains("spans that had not been told are lost"), "{}", log(&at));
    drop((first, hanging));
}
