//! One target's lane: it claims due heads, sends them at the target's pace, and never ends.
//!
//! It comes in two halves. [`Lane`] (`state`) decides: a value that is told what happened and when, and says what to do
//! next. It holds the window of due deliveries, what is in hand, the breakers, the row of refusals and the limiter,
//! and touches neither store nor network. `run` performs: it reads, sends, commits and sleeps as it is told.
//!
//! To drive a lane without the other half, on a clock turned by hand:
//! ```text
//! lane.adopt(Way::Pushed(pace))          once, and whenever the region changes
//! loop { match lane.next(now) {
//!     Look(claim)       read due heads as the claim says; lane.offer(now, entries, next due time)
//!     SetAside(id, ev)  commit the event; the delivery leaves the lane
//!     Begin(id)         send it; when the answer is committed: lane.ended(now, &ended)
//!     Rest(rest)        wait until rest.until, or until something changes; then lane.stir()
//! } }
//! ```
//! **Invariant:** `next` begins an attempt only with a permit free, the breaker not shut, no hold, and the limiter's leave;
//! each `Begin` is answered by exactly one `ended`, and a chain has one attempt under way at most: what follows a delivery
//! that was ended meanwhile waits for the answer. A breaker or row of refusals made by one source's deliveries alone stops
//! that source's only. What outlives a restart, [`Lane::kept`] and the holds, is on disk; whatever else a lane forgets is
//! offered again. Rates start with empty buckets. `memory` keeps what is on disk.

mod alarm;
mod memory;
mod row;
mod run;
mod state;
mod way;
mod word;

#[cfg(test)]
mod tests;

pub(super) use self::{memory::Opening, run::Runner, way::stream};
pub use self::{
    state::Lane,
    way::SANDBOX_PERMITS_MAX,
    word::{Effect, Ended, Entry, How, Pace, Rest, Step, Way, Why},
};
