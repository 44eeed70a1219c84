//! The loop that looks, decides and tells.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

use super::{
    About, Alert, Config, Severity, Sight,
    board::{Board, Change, What},
    mail,
    reach::{self, Came, Reached},
    rules,
    rules::{Lane, Source},
    webhook::Webhook,
};
use crate::{
    deliver::{self, Tls},
    model::{id::MemberId, time::Timestamp},
    observe::{self, Observer, Snapshot},
    region::{
        Region,
        member::{Identity, Member, Reach},
    },
    stop::Tasks,
    telemetry::metrics::{Metrics, Outcome, Verdict},
    tls,
};

/// Samples of what was counted that are kept of a window.
const SAMPLES_MAX: u32 = 20;

/// The alerts that hold now; cheap to clone.
#[derive(Clone, Debug)]
pub struct Firing(watch::Receiver<Arc<Vec<Alert>>>);

/// The loop, not yet running.
pub struct Watch {
    observer: Observer,
    config: Config,
    board: Board,
    firing: watch::Sender<Arc<Vec<Alert>>>,
    reached: BTreeMap<MemberId, Reached>,
    /// Attempts at each member up to the last look.
    attempts: BTreeMap<MemberId, Came>,
    samples: VecDeque<Sample>,
    restarted: Option<Timestamp>,
    webhook: Option<Webhook>,
    mail: Option<mail::Letterbox>,
}

/// What was counted of each member so far, at a steady time.
struct Sample {
    steady: Duration,
    counted: BTreeMap<MemberId, Counted>,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    accepted: u64,
    rejected: u64,
    no_echo: u64,
}

impl Firing {
    /// The alerts that hold, the most severe first.
    #[must_use]
    pub fn now(&self) -> Arc<Vec<Alert>> {
        self.0.borrow().clone()
    }
}

impl Watch {
    /// A loop over what an observer sees; `restarted` says when the hub came back without having been asked to end.
    #[must_use]
    pub fn new(
        observer: Observer,
        config: Config,
        restarted: Option<Timestamp>,
        (tls, delivery): (Tls, deliver::Config),
    ) -> Self {
        let webhook = Webhook::of(&config, tls, delivery);
        let mail = mail::Letterbox::of(&config);
        Self {
            observer,
            config,
            board: Board::default(),
            firing: watch::Sender::default(),
            reached: BTreeMap::new(),
            attempts: BTreeMap::new(),
            samples: VecDeque::new(),
            restarted,
            webhook,
            mail,
        }
    }

    /// The alerts that hold, for whoever shows them.
    #[must_use]
    pub fn firing(&self) -> Firing {
        Firing(self.firing.subscribe())
    }

    /// Looks each period, until the stop signal.
    pub async fn run(mut self, tasks: Tasks) {
        let clock = self.observer.parts().clock.clone();
        while !tasks.is_stopping() {
            self.look().await;
            tokio::select! {
                () = tasks.stopping() => {}
                () = clock.sleep(self.config.period) => {}
            }
        }
    }

    async fn look(&mut self) {
        let snapshot = self.observer.snapshot().await.ok().map(|(snapshot, _)| snapshot);
        let region = self.observer.parts().region.borrow().clone();
        let now = self.observer.parts().clock.now();
        let sight = self.sight(snapshot.as_deref(), &region, now);
        let alerts = rules::firing(&sight, &self.config);
        let changes = self.board.update(now, alerts, self.config.repeat_after);
        let firing = self.board.firing();
        for severity in Severity::ALL {
            let count = firing.iter().filter(|alert| alert.severity == severity).count();
            self.observer.parts().metrics.state().alerts(severity.word(), count);
        }
        self.firing.send_replace(Arc::new(firing));
        changes.iter().for_each(log);
        self.tell(&region.id, now, changes).await;
    }

    async fn tell(&mut self, hub: &str, now: Timestamp, changes: Vec<Change>) {
        let mail = self.mail.clone().filter(|_| !changes.is_empty());
        let (told, named) = (changes.clone(), hub.to_owned());
        let mailing = async {
            if let Some(mail) = mail {
                // A folder may be on a disk that does not answer.
                let _ = tokio::task::spawn_blocking(move || mail.tell(&named, now, &told)).await;
            }
        };
        let posting = async {
            if let Some(webhook) = &mut self.webhook {
                webhook.tell(hub, now, &changes).await;
            }
        };
        tokio::join!(mailing, posting);
    }

    fn sight(&mut self, snapshot: Option<&Snapshot>, region: &Region, now: Timestamp) -> Sight {
        let parts = self.observer.parts();
        let (metrics, load, steady) = (parts.metrics.clone(), parts.store.load(), parts.clock.steady());
        let (doubt, leaves) = (parts.guard.doubt(), parts.own.load_full());
        let lately = self.lately(&metrics, region, steady);
        let of = |member: &MemberId| lately.get(member).copied().unwrap_or_default();
        let mut identities: Vec<_> =
            leaves.leaves.iter().map(|(leaf, ends)| (About::Leaf(leaf), *ends)).collect();
        region.members.values().for_each(|member| identities.extend(ends(member, &metrics)));
        let sources = region.members.keys().map(|member| {
            let Counted { accepted, rejected, .. } = of(member);
            Source { member: member.clone(), accepted, rejected }
        });
        let mut lanes = Vec::new();
        for lane in snapshot.into_iter().flat_map(|snapshot| &snapshot.lanes) {
            let reached = self.reach(lane, region.members.get(&lane.member), now);
            let spared_for = lane.sparing.one().cloned();
            let (member, oldest) = (lane.member.clone(), lane.backlog.oldest_live);
            let (no_echo, overdue) = (of(&member).no_echo, lane.backlog.overdue);
            lanes.push(Lane { member, reached, spared_for, oldest, overdue, no_echo });
        }
        Sight {
            now,
            lanes,
            sources: sources.collect(),
            identities,
            free_bytes: load.free_bytes,
            strain: load.strain,
            slowest_commit: metrics.commits().take_slowest(),
            doubt,
            restarted: self.restarted,
            folder_waits: leaves.folder_waits,
        }
    }

    /// What is known of a member's server, after what came of attempts since the last look.
    fn reach(&mut self, lane: &observe::Lane, member: Option<&Member>, now: Timestamp) -> Option<Reached> {
        let (id, metrics) = (&lane.member, &self.observer.parts().metrics);
        let count =
            |outcomes: &[Outcome]| outcomes.iter().map(|outcome| metrics.attempts(id, *outcome)).sum();
        let all = Came {
            silent: count(&[Outcome::Silent]),
            no_echo: count(&[Outcome::Unconfirmed]),
            other: count(&[Outcome::Failed]),
            taken: count(&[Outcome::Delivered, Outcome::Refused]),
        };
        let before = self.attempts.insert(id.clone(), all).unwrap_or_default();
        let came = Came {
            silent: all.silent.saturating_sub(before.silent),
            no_echo: all.no_echo.saturating_sub(before.no_echo),
            other: all.other.saturating_sub(before.other),
            taken: all.taken.saturating_sub(before.taken),
        };
        let pushed = member.is_some_and(|member| {
            matches!(member.reach, Reach::Push(_))
                && !member.suspended
                && member.maintenance.over(now).is_none()
        });
        let asked = pushed && lane.hold.is_none() && lane.sparing.is_open() && lane.backlog.open > 0;
        let reached = reach::next(self.reached.remove(id), asked, came, now)?;
        self.reached.insert(id.clone(), reached);
        Some(reached)
    }

    /// What was counted of each member within the window.
    fn lately(
        &mut self,
        metrics: &Metrics,
        region: &Region,
        steady: Duration,
    ) -> BTreeMap<MemberId, Counted> {
        let count = |member: &MemberId| Counted {
            accepted: metrics.pushes(member, Verdict::Accepted),
            rejected: metrics.pushes(member, Verdict::Rejected),
            no_echo: metrics.attempts(member, Outcome::Unconfirmed),
        };
        let counted: BTreeMap<_, _> = region.members.keys().map(|id| (id.clone(), count(id))).collect();
        let age = |sample: &Sample| steady.saturating_sub(sample.steady);
        // The first that stays is the youngest that is as old as the window.
        while self.samples.get(1).is_some_and(|second| age(second) >= self.config.window) {
            self.samples.pop_front();
        }
        let before = self.samples.front();
        let lately = counted.iter().map(|(id, now)| {
            let then = before.and_then(|sample| sample.counted.get(id)).copied().unwrap_or_default();
            let lately = Counted {
                accepted: now.accepted.saturating_sub(then.accepted),
                rejected: now.rejected.saturating_sub(then.rejected),
                no_echo: now.no_echo.saturating_sub(then.no_echo),
            };
            (id.clone(), lately)
        });
        let lately = lately.collect();
        let due = self.samples.back().is_none_or(|last| age(last) >= self.config.window / SAMPLES_MAX);
        if due {
            self.samples.push_back(Sample { steady, counted });
        }
        lately
    }
}

/// When a member's leaf ends as it was last seen, its last anchor, and the hub's leaf for it.
fn ends(member: &Member, metrics: &Metrics) -> Vec<(About, Timestamp)> {
    let anchors = |identity: &Identity| match identity {
        Identity::Anchored { anchors, .. } => anchors.iter().filter_map(|der| tls::ends(der)).max(),
        Identity::Pin { until, .. } => until.as_ref()?.span("UTC").map(|(_, last)| last),
    };
    // Any one identity suffices, and one without an end has none.
    let lasting = member.identities.iter().any(|identity| anchors(identity).is_none());
    let last = member.identities.iter().filter_map(anchors).max().filter(|_| !lasting);
    let own = metrics.leaf_of(&member.id).into_iter().chain(last).min();
    let shown = match &member.reach {
        Reach::Push(endpoint) => endpoint.leaf.as_ref().map(|leaf| leaf.ends),
        Reach::Mailbox { .. } => None,
    };
    let own = own.map(|ends| (About::Member(member.id.clone()), ends));
    own.into_iter().chain(shown.map(|ends| (About::LeafFor(member.id.clone()), ends))).collect()
}

fn log(change: &Change) {
    let Change { what, alert } = change;
    let (kind, about, since) = (alert.kind.word(), alert.about.to_string(), alert.since);
    let (severity, what) = (alert.severity, what);
    match (what, severity) {
        (What::Resolved, _) => {
            tracing::info!(alert = kind, about, %since, "an alert is over: {}", alert.words)
        }
        (_, Severity::Critical) => {
            tracing::error!(alert = kind, about, %since, change = what.word(), "alert: {}", alert.words);
        }
        (_, Severity::Warning | Severity::Notice) => {
            tracing::warn!(alert = kind, about, %since, change = what.word(), "alert: {}", alert.words);
        }
    }
}
