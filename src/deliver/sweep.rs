//! Looks for what nothing would ever wake: lanes that stand still, chains without a head, messages nobody routes.
//!
//! Each of these is a bug of ours if it is found at all; it is said with a code at level error, and mended where it can
//! be. Costs a few reads per lane and some pages of chains per sweep, whatever the backlog.

use super::{
    Handles,
    watchdog::{Pulse, Verdict, judge},
};
use crate::{
    model::id::MemberId,
    store::{Fault, claim::Stream, lane::Change, read::ChainsAfter},
};

/// Chains looked at in one read: an index entry and a row each, some milliseconds.
const PAGE_CHAINS: usize = 1_000;
/// Reads in one sweep, at most; the next goes on behind them. At a sweep a minute a million chains are looked through within
/// an hour, against days that a delivery has: the commits keep every chain its head, so this only finds what they missed.
const PAGES_PER_SWEEP: usize = 20;

impl Handles {
    /// What is to be done about a lane, by its mark and what is due for it.
    pub(super) async fn judge(
        &self,
        target: &MemberId,
        stream: Stream,
        pulse: &Pulse,
    ) -> Result<Verdict, Fault> {
        let now = self.clock.now();
        let due = self.store.next_due(target, stream, now).await?;
        let waited = due.filter(|due| *due <= now).map(|due| now.since(due));
        let mark = pulse.read();
        let verdict = judge(&mark, waited, Pulse::now(), self.config.stall_max);
        if verdict != Verdict::Well {
            let why = format!("{:?}", mark.why);
            let waited = waited.unwrap_or_default().as_secs();
            tracing::error!(code = "lane-stalled", target.id = %target, why, waited.s = waited, "a lane stands still and is woken or begun anew");
        }
        Ok(verdict)
    }

    /// Gives every chain on some pages its head, and says where the next page begins.
    pub(super) async fn mend_chains(&self, mut after: ChainsAfter) -> Result<ChainsAfter, Fault> {
        for _ in 0..PAGES_PER_SWEEP {
            let (headless, next) = self.store.headless(after, PAGE_CHAINS).await?;
            for (target, chain) in headless {
                tracing::error!(code = "chain-without-head", target.id = %target, chain, "a delivery waited behind nothing; it is due now");
                self.store.keep_lane(Change::Head(target, chain, self.clock.now())).await?;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(after)
    }

    /// Says when the oldest message that waits for its route commit has waited too long.
    pub(super) async fn look_for_unrouted(&self) -> Result<(), Fault> {
        let Some(oldest) = self.store.unrouted(0, 1).await?.pop() else { return Ok(()) };
        let waited = self.clock.now().since(oldest.received);
        if waited > self.config.stall_max {
            tracing::error!(code = "message-unrouted", message.id = %oldest.id, waited.s = waited.as_secs(), "a message is not routed");
        }
        Ok(())
    }
}
