//! Accepting, the steady state, isolation and the drain after an outage.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    certificate::Template,
    community::{Community, Reach},
    figures::{each, figure, percentiles, rate},
    hub::Hub,
    load::{Plan, Pushed, Source},
    sink::{Behaviour, Sink},
};

/// Pause between two looks at what cannot be waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Certificates pushed before anything is measured: connections are open and caches filled.
const WARM: u64 = 300;
const CONNECTIONS: usize = 64;

/// A hub, its source and its targets' servers.
struct Stage {
    hub: Hub,
    source: Source,
    sinks: Vec<Sink>,
    /// The folder goes last.
    _community: Community,
}

impl Stage {
    async fn with(targets: usize) -> Self {
        let community = Community::new();
        let mut sinks = Vec::new();
        for _ in 0..targets {
            sinks.push(Sink::start(&community).await);
        }
        community.write(&sinks.iter().map(|sink| Reach::Push(sink.port)).collect::<Vec<_>>());
        let hub = Hub::start(&community);
        let source = Source::new(&community, &hub);
        Self { hub, source, sinks, _community: community }
    }

    fn plan(&self, first: u64, count: u64) -> Plan {
        let longest = Duration::from_secs(600);
        Plan { connections: CONNECTIONS, rate: None, first, count, longest, countries: self.sinks.len() }
    }

    fn arrived(&self) -> u64 {
        self.sinks.iter().map(Sink::count).sum()
    }

    async fn until_arrived(&self, count: u64) {
        while self.arrived() < count {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Pushes and delivers some, so that what is measured later is not the start.
    async fn warm(&self) {
        self.source.run(self.plan(0, WARM)).await;
        self.until_arrived(3 * WARM).await;
    }
}

/// Accepts a second with the targets held: they have mailboxes that nobody looks into.
pub(crate) async fn accept(seconds: u64) {
    let community = Community::new();
    community.write(&[Reach::Mailbox, Reach::Mailbox, Reach::Mailbox]);
    let hub = Hub::start(&community);
    let source = Source::new(&community, &hub);
    let longest = Duration::from_secs(seconds);
    let plan = Plan { connections: CONNECTIONS, rate: None, first: 0, count: WARM, longest, countries: 3 };
    source.run(plan).await;
    let (cpu, start) = (hub.cpu(), Instant::now());
    let pushed = source.run(Plan { first: WARM, count: u64::MAX - WARM, ..plan }).await;
    let (time, cpu, count) = (start.elapsed(), hub.cpu() - cpu, pushed.len() as u64);
    figure("durable accepts at 64 connections", rate(count, time));
    figure("push to receipt", percentiles(pushed.iter().map(|one| one.answered - one.due).collect()));
    figure("hub cpu per accept, routing beside it", each(cpu, count));
}

/// Certificates at a rate, three deliveries each; the backlog must not grow.
pub(crate) async fn steady(per_second: u64, seconds: u64) {
    let stage = Stage::with(3).await;
    stage.warm().await;
    let (cpu, start, arrived) = (stage.hub.cpu(), Instant::now(), stage.arrived());
    let count = per_second * seconds;
    let plan = Plan { rate: Some(per_second), ..stage.plan(WARM, count) };
    let source = stage.source.clone();
    let pushing = tokio::spawn(async move { source.run(plan).await });
    let mut waiting = Vec::new();
    for second in 1..=seconds {
        tokio::time::sleep_until((start + Duration::from_secs(second)).into()).await;
        waiting.push((3 * per_second * second).saturating_sub(stage.arrived() - arrived));
    }
    let (time, all) = (start.elapsed(), stage.arrived() - arrived);
    let pushed = pushing.await.unwrap();
    stage.until_arrived(3 * (WARM + count)).await;
    let cpu = stage.hub.cpu() - cpu;
    figure("certificates asked for", format!("{per_second}/s for {seconds} s"));
    figure("deliveries", rate(all, time));
    let mean = |part: &[u64]| part.iter().sum::<u64>() / (part.len() as u64).max(1);
    let (first, second) = waiting.split_at(waiting.len() / 2);
    figure(
        "deliveries not there yet, first and second half",
        format!("{} and {}", mean(first), mean(second)),
    );
    figure("push to receipt", percentiles(pushed.iter().map(|one| one.answered - one.due).collect()));
    figure("push to arrival", percentiles(arrivals(&stage.sinks, &pushed)));
    figure("hub cpu per certificate with its deliveries", each(cpu, count));
    figure("resident memory, most", format!("{} MiB", stage.hub.resident().1));
}

/// Ten targets, all well; then one swallows everything and one takes five seconds. The others must not notice.
pub(crate) async fn isolation(per_second: u64, seconds: u64) {
    for sick in [false, true] {
        let stage = Stage::with(10).await;
        stage.warm().await;
        if sick {
            stage.sinks[0].behave(Behaviour::BlackHole);
            stage.sinks[1].behave(Behaviour::Slow);
        }
        let plan = Plan { rate: Some(per_second), ..stage.plan(WARM, per_second * seconds) };
        let pushed = stage.source.run(plan).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let word = if sick { "two sick" } else { "all well" };
        figure(
            &format!("push to arrival at the other eight, {word}"),
            percentiles(arrivals(&stage.sinks[2..], &pushed)),
        );
    }
}

/// A target is back after an outage: cancellations first, then the rest, at its pace.
pub(crate) async fn drain(count: u64) {
    const CANCELLED: u64 = 100;
    let stage = Stage::with(3).await;
    stage.warm().await;
    let sink = &stage.sinks[0];
    sink.behave(Behaviour::Down);
    stage.source.run(Plan { countries: 1, ..stage.plan(WARM, count) }).await;
    for number in 0..CANCELLED {
        let key = format!("cancel-{number}");
        stage.source.push(&key, "application/vnd.coohub.message+json", Template::cancellation(number)).await;
    }
    // The others have everything: what is measured then is the one that was away.
    stage.until_arrived(3 * WARM + 2 * (count + CANCELLED)).await;
    let back = Instant::now();
    sink.behave(Behaviour::Store);
    while sink.count() < WARM + count + CANCELLED {
        tokio::time::sleep(LOOK).await;
    }
    let arrivals: Vec<_> = sink.arrivals().split_off(WARM as usize);
    let since = |at: Instant| format!("{:.2} s", at.duration_since(back).as_secs_f64());
    let first = arrivals[0].at;
    let last = |cancellation: bool| {
        arrivals.iter().filter(|one| one.cancellation == cancellation).map(|one| one.at).max().unwrap()
    };
    figure("first delivery after the target is back", since(first));
    figure(&format!("last of {CANCELLED} cancellations"), since(last(true)));
    figure(&format!("last of {count} certificates"), since(last(false)));
    let before = arrivals.iter().position(|one| one.cancellation).unwrap();
    figure("certificates before the first cancellation", before);
}

/// From when each certificate was to be pushed to its arrival at each sink.
fn arrivals(sinks: &[Sink], pushed: &[Pushed]) -> Vec<Duration> {
    let due: BTreeMap<u64, Instant> = pushed.iter().map(|one| (one.number, one.due)).collect();
    let of = |sink: &Sink| {
        let times = sink.arrivals().into_iter();
        times.filter_map(|one| Some(one.at.duration_since(*due.get(&one.number)?))).collect::<Vec<_>>()
    };
    sinks.iter().flat_map(of).collect()
}
