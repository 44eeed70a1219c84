//! Ends what has become too old, in pages, target by target; each target has its own expiry.

use super::{
    Handles,
    settle::{Happening, policy},
};
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

/// Expires the overdue deliveries of every target that has open ones, with a notice to the source of each.
///
/// A delivery that ends makes the next of its chain head, which may be as old: pages go on until one is empty.
pub(super) async fn sweep(handles: &Handles, region: &Region, targets: &[MemberId]) -> Result<(), Fault> {
    for target in targets {
        let expiry = policy(region, target).expiry;
        loop {
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

/// Whether any of a page ended; a page of which none did must not be asked for again and again.
async fn expire(
    handles: &Handles,
    region: &Region,
    page: &[Delivery],
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut ended = false;
    for delivery in page {
        let happening = Happening { delivery, event: Event::DeadlinePassed, attempt: None, at: now };
        ended |= handles.settle(region, happening).await? == State::Expired;
        tracing::info!(delivery.id = %delivery.id, target.id = %delivery.target, "a delivery expired");
    }
    Ok(ended)
}
