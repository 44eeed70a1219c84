//! Lets go on what only an older configuration held.
//!
//! A delivery is held as `not-entitled` when the region of the moment does not let it pass. A reload that lets it pass
//! again releases it, without an operator: nobody but the configuration stopped it. Its place in its chain is unchanged.

use std::sync::Arc;

use super::Handles;
use crate::{
    model::{
        delivery::{Life, State},
        reason::Reason,
        time::Timestamp,
    },
    region::Region,
    store::{
        Fault,
        record::{Delivery, Outcome},
    },
};

/// Deliveries looked at in one page.
const PAGE_DELIVERIES: usize = 100;
/// Times everything held is looked through after a change of the region: the second time finds what a lane, still under
/// the region before, held meanwhile.
const LOOKS: u32 = 2;

/// When everything held is to be looked through.
#[derive(Default)]
pub(super) struct Looks {
    region: Option<Arc<Region>>,
    left: u32,
}

impl Looks {
    /// Whether this is the time, under this region.
    pub(super) fn due(&mut self, region: &Arc<Region>) -> bool {
        if self.region.as_ref().is_none_or(|last| !Arc::ptr_eq(last, region)) {
            self.region = Some(region.clone());
            self.left = LOOKS;
        }
        let due = self.left > 0;
        self.left = self.left.saturating_sub(1);
        due
    }
}

/// Releases every delivery held as not entitled that is entitled now. A fault of one is told, and the others go on.
pub(super) async fn sweep(handles: &Handles, region: &Region) -> Result<(), Fault> {
    let mut after = 0;
    loop {
        let page = handles.store.held_for(Reason::NotEntitled, after, PAGE_DELIVERIES).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        for delivery in &page {
            match readmit(handles, region, delivery).await {
                Err(fault) if handles.store.is_poisoned() => return Err(fault),
                Err(fault) => {
                    tracing::error!(delivery.id = %delivery.id, %fault, "a delivery stays held");
                }
                Ok(()) => {}
            }
        }
    }
}

async fn readmit(handles: &Handles, region: &Region, delivery: &Delivery) -> Result<(), Fault> {
    if handles.is_entitled_again(region, delivery).await? {
        handles.store.finish(released(delivery, handles.clock.now())).await?;
        tracing::info!(delivery.id = %delivery.id, target.id = %delivery.target, "a delivery goes on");
    }
    Ok(())
}

/// A head becomes due; one that is queued forgets that it was to be held.
fn released(delivery: &Delivery, at: Timestamp) -> Outcome {
    let life = Life { state: State::Due { at }, ..delivery.life.clone() };
    Outcome { delivery: delivery.id, attempt: None, life, at, telling: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{deliver::sample, region::agreement::LinkState};

    #[test]
    fn what_is_held_is_looked_through_twice_for_each_region() {
        let (first, second) =
            (Arc::new(sample::region(LinkState::Live)), Arc::new(sample::region(LinkState::Live)));
        let mut looks = Looks::default();
        let asked: Vec<bool> = [&first, &first, &first, &second, &second, &second]
            .into_iter()
            .map(|region| looks.due(region))
            .collect();
        assert_eq!(asked, [true, true, false, true, true, false]);
    }
}
