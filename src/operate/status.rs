//! What the hub is doing: its lanes in figures, and the hub as a whole.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Operate,
    stands::{Facts, Stands},
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    observe::alert::Alert,
    region::{Region, member::Reach},
    store::{Fault, backlog::Backlog, lane::Sparing, strain::Strain},
};

/// Days of which refusals are told: today and yesterday.
const REFUSED_DAYS: i64 = 2;

impl Operate {
    /// Every lane: what waits for whom, since when, and what keeps it; of one member if named.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn lanes(&self, only: Option<&MemberId>) -> Result<Vec<Value>, Fault> {
        let (region, now) = (self.region(), self.clock.now());
        let mut targets: BTreeSet<MemberId> = region.members.keys().cloned().collect();
        targets.extend(self.store.targets().await?);
        let kept = self.store.lanes().await?;
        let mut lanes = Vec::new();
        for target in targets.into_iter().filter(|target| only.is_none_or(|only| only == target)) {
            let backlog = self.store.backlog(&target, now).await?;
            lanes.push(self.lane((&region, now), &target, &backlog, &kept.sparing(&target)));
        }
        Ok(lanes)
    }

    /// The hub as a whole.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn status(&self) -> Result<Value, Fault> {
        let (region, counts) = (self.region(), self.store.counts().await?);
        let (epoch, load) = (self.store.epoch(), self.store.load());
        let compared = |member: &&MemberId| self.store.has_compared(member);
        let not_compared = region.members.keys().filter(|member| !compared(member));
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "region": region.id,
            "configuration": crate::evidence::receipt::digest(region.digest),
            "now": self.clock.now().to_string(),
            "messages": counts.messages,
            "unrouted": counts.unrouted,
            "parked": counts.parked,
            "open": counts.open,
            "held": counts.held,
            "delivered": counts.delivered,
            "failed": counts.failed,
            "clockDoubted": self.guard.doubt().map(|doubt| json!({
                "expected": doubt.expected.to_string(),
                "found": doubt.found.to_string(),
            })),
            "alerts": self.alerts().iter().map(Alert::json).collect::<Vec<_>>(),
            "refused": self.refused(REFUSED_DAYS).await?,
            "rejectionsDropped": self.store.rejections_dropped(),
            "unaddressed": self.store.unaddressed_count().await?,
            "storage": load.strain.map(|strain| match strain {
                Strain::SpaceLow => "low",
                Strain::Slow => "slow",
            }),
            "freeBytes": load.free_bytes,
            "epoch": epoch.number,
            "notCompared": not_compared.map(MemberId::as_str).collect::<Vec<_>>(),
        }))
    }

    /// How many messages stand in no lane, for the list of what does: those that wait for the certificate they change, and
    /// those that name no importing country.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn aside(&self) -> Result<(u64, u32), Fault> {
        Ok((self.store.counts().await?.parked, self.store.unaddressed_count().await?))
    }

    fn lane(
        &self,
        (region, now): (&Region, Timestamp),
        target: &MemberId,
        backlog: &Backlog,
        sparing: &Sparing,
    ) -> Value {
        let member = region.members.get(target);
        let reach = member.map_or("gone", |member| match member.reach {
            _ if member.suspended => "suspended",
            Reach::Push(_) => "push",
            Reach::Mailbox { .. } => "mailbox",
        });
        let maintenance = member.and_then(|member| member.maintenance.over(now));
        let (hold, sources) = (self.holds.why(target), self.holds.of(target).sources);
        let stands = Stands::told(&Facts {
            held: hold.is_some(),
            sources_held: !sources.is_empty(),
            reach,
            due: backlog.due > 0,
            maintenance: maintenance.is_some(),
            sparing,
            next_due: backlog.next_due,
        });
        let spared = sparing.sources.iter();
        let spared =
            spared.map(|(source, until)| json!({"source": source.as_str(), "until": until.to_string()}));
        json!({
            "member": target.as_str(),
            "reach": reach,
            "stands": stands.word(),
            "open": backlog.open,
            "due": backlog.due,
            "held": backlog.held,
            "dead": backlog.dead,
            "overdue": backlog.overdue.map_or(0, |overdue| overdue.count),
            "overdueSince": backlog.overdue.map(|overdue| overdue.since.to_string()),
            "oldest": backlog.oldest.map(|at| at.to_string()),
            "oldestSeconds": backlog.oldest.map(|at| now.since(at).as_secs()),
            "nextDue": backlog.next_due.map(|at| at.to_string()),
            "maintenanceUntil": maintenance.map(|at| at.to_string()),
            "hold": hold,
            "heldSources": sources.iter().map(MemberId::as_str).collect::<Vec<_>>(),
            "sparedUntil": sparing.all.map(|at| at.to_string()),
            "sparedSources": spared.collect::<Vec<_>>(),
            "sandboxSparedUntil": self.holds.sandbox_spared(target, now).map(|at| at.to_string()),
        })
    }
}
