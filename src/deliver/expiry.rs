//! Ends what has become too old, in pages, target by target; each target has its own expiry.

use futures_util::future::try_join_all;

use super::{Handles, settle::Happening};
use crate::{
    model::{
        delivery::{Event, State},
        id::MemberId,
        time::Timestamp,
    },
    region::Region,
    store::{Fault, record::Delivery},
};

/// Deliveries ended in one page.
const PAGE_DELIVERIES: usize = 100;
/// Chains of parked messages let go in one commit.
const PAGE_CHAINS: u32 = 100;

/// Expires the overdue deliveries of every target that has open ones, which is news for the source of each.
///
/// A delivery that ends makes the next of its chain head, which may be as old: pages go on until one is empty.
pub(super) async fn sweep(handles: &Handles, region: &Region, targets: &[MemberId]) -> Result<(), Fault> {
    for target in targets {
        let expiry = handles.policy(region, target).expiry;
        // A clock that steps while pages go by ends nothing more.
        while handles.guard.may_expire() {
            let now = handles.clock.now();
            let before =
                Timestamp(now.0.saturating_sub(i64::try_from(expiry.as_millis()).unwrap_or(i64::MAX)));
            let page = handles.store.overdue_of(target, before, PAGE_DELIVERIES).await?;
            if !expire(handles, region, &page, now).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Lets go the changes whose certificates did not come in time; they are routed without, and their sources told.
pub(super) async fn give_up_parked(handles: &Handles) -> Result<(), Fault> {
    while handles.guard.may_expire() {
        let gone = handles.store.give_up(handles.clock.now(), PAGE_CHAINS).await?;
        if gone == 0 {
            break;
        }
        tracing::warn!(messages = gone, "changes waited too long for their certificates and go on without");
    }
    Ok(())
}

/// Whether any of a page ended; a page of which none did must not be asked for again and again.
async fn expire(
    handles: &Handles,
    region: &Region,
    page: &[Delivery],
    now: Timestamp,
) -> Result<bool, Fault> {
    // All at once, so that they share a sync; each is of another chain.
    let states = try_join_all(page.iter().map(async |delivery| {
        let happening = Happening { delivery, event: Event::DeadlinePassed, attempt: None, at: now };
        let state = handles.settle(region, happening).await?;
        tracing::info!(delivery.id = %delivery.id, target.id = %delivery.target, "a delivery expired");
        Ok::<_, Fault>(state)
    }));
    Ok(states.await?.contains(&State::Expired))
}
