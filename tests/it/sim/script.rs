//! A history before it happens: everything that is drawn from the seed and does not depend on what comes of it.

use std::{num::NonZeroU32, time::Duration};

use coohub::{deliver::lane::SANDBOX_PERMITS_MAX, model::retry::Policy, region::member::Rate};

use super::partner::{CONDUCTS, Conduct};
use crate::support::draw::Draw;

/// Time in which things happen; afterwards every partner is healthy and the history runs out.
const EVENTFUL: Duration = Duration::from_secs(6 * 60 * 60);

#[derive(Clone)]
pub struct Script {
    pub draw: Draw,
    pub targets: Vec<Target>,
    pub pushes: Vec<Push>,
    pub deeds: Vec<(Duration, Deed)>,
}

/// A partner and its terms.
#[derive(Clone)]
pub struct Target {
    pub rate: Rate,
    pub permits: usize,
    pub policy: Policy,
    /// Whose sandbox it is, if it is one.
    pub beside: Option<usize>,
    /// From when it conducts itself how, in order; the last one is health.
    pub conducts: Vec<(Duration, Conduct)>,
}

/// One message of a chain, to some of the targets.
#[derive(Clone)]
pub struct Push {
    pub at: Duration,
    pub chain: usize,
    pub targets: Vec<usize>,
    pub weight: u32,
    pub urgent: bool,
    pub test: bool,
}

/// What operators and fate do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// The process dies and starts again.
    Restart,
    /// An operator holds the lane of a target, and releases it.
    Hold(usize),
    Release(usize),
    /// An operator ends a delivery to a target, drawn among those open: more often than not one under way.
    Cancel(usize, u64),
    /// A reload, with nothing changed for this target.
    Reload(usize),
    /// The wall clock is set by so many seconds, while no time passes.
    Step(i64),
    /// An operator says that the wall clock is right.
    Confirm,
}

impl Script {
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw(seed).branch(1);
        let targets: Vec<_> = (0..draw.within(2, 4)).map(|_| target(&mut draw)).collect();
        let chains = draw.within(2, 9);
        let mut pushes: Vec<_> =
            (0..chains).flat_map(|chain| pushes(chain, targets.len(), &mut draw)).collect();
        pushes.sort_by_key(|push| push.at);
        let mut deeds: Vec<_> = (0..draw.below(4)).map(|_| (moment(&mut draw), Deed::Restart)).collect();
        let any = |draw: &mut Draw| usize::try_from(draw.below(targets.len() as u64)).unwrap();
        for _ in 0..draw.below(3) {
            let (at, target) = (moment(&mut draw), any(&mut draw));
            deeds.push((at, Deed::Hold(target)));
            deeds.push((at + Duration::from_secs(draw.within(1, 7_200)), Deed::Release(target)));
        }
        for _ in 0..draw.below(5) {
            // Soon after something came, when it is under way.
            let push = &pushes[usize::try_from(draw.below(pushes.len() as u64)).unwrap()];
            let at = push.at + Duration::from_millis(draw.below(1_000));
            deeds.push((at, Deed::Cancel(push.targets[0], draw.next())));
            deeds.push((moment(&mut draw), Deed::Reload(any(&mut draw))));
        }
        if draw.chance(20) {
            step(&mut deeds, &mut draw);
        }
        deeds.sort_by_key(|(at, _)| *at);
        Self { draw: Draw(seed), targets, pushes, deeds }
    }

    /// The first target has a sandbox, which is the last target, and a chain in three is test traffic for it.
    pub fn with_sandbox(mut self) -> Self {
        let mut draw = self.draw.branch(2);
        let sandbox = Target { permits: SANDBOX_PERMITS_MAX, beside: Some(0), ..target(&mut draw) };
        self.targets.push(sandbox);
        for push in self.pushes.iter_mut().filter(|push| push.chain % 3 == 0) {
            (push.test, push.targets) = (true, vec![0]);
        }
        self
    }

    pub fn without_restarts(mut self) -> Self {
        // A restart happens to all of them.
        self.deeds.retain(|(_, deed)| *deed != Deed::Restart);
        self
    }

    pub fn with_health(self, target: usize) -> Self {
        self.with(target, Conduct::Healthy)
    }

    pub fn with_black_hole(self, target: usize) -> Self {
        self.with(target, Conduct::BlackHole)
    }

    fn with(mut self, target: usize, conduct: Conduct) -> Self {
        self.targets[target].conducts = vec![(Duration::ZERO, conduct), (EVENTFUL, Conduct::Healthy)];
        self
    }
}

/// One step of the wall clock: of minutes, which is believed, or of hours, which waits for an operator's word. What a heavy
/// delivery owes is kept in wall time, so such a history has no restarts.
fn step(deeds: &mut Vec<(Duration, Deed)>, draw: &mut Draw) {
    deeds.retain(|(_, deed)| *deed != Deed::Restart);
    let at = moment(draw);
    let (least, most) = if draw.chance(30) { (60, 3_000) } else { (7_200, 20 * 86_400) };
    let seconds = i64::try_from(draw.within(least, most)).unwrap();
    deeds.push((at, Deed::Step(if draw.chance(50) { seconds } else { -seconds })));
    deeds.push((at + Duration::from_secs(draw.within(1, 20_000)), Deed::Confirm));
}

fn moment(draw: &mut Draw) -> Duration {
    Duration::from_millis(draw.below(EVENTFUL.as_millis().try_into().unwrap()))
}

fn target(draw: &mut Draw) -> Target {
    let some = |n: u64| NonZeroU32::new(u32::try_from(n).unwrap()).unwrap();
    let rate = Rate {
        count: some(draw.within(1, 30)),
        weight: some(draw.within(1, 300)),
        period: Duration::from_secs(draw.within(1, 60)),
        burst: some(draw.within(1, 10)),
    };
    let schedule = [10, 60, 300, 1_800].map(Duration::from_secs);
    let entries = usize::try_from(draw.within(1, 4)).unwrap();
    let expiry = Duration::from_secs(if draw.chance(30) { draw.within(600, 7_200) } else { 14 * 86_400 });
    let policy = Policy::new(schedule[..entries].to_vec(), expiry, Duration::from_secs(3_600), 20).unwrap();
    let mut conducts = Vec::new();
    let mut at = Duration::ZERO;
    while at < EVENTFUL {
        conducts.push((at, CONDUCTS[usize::try_from(draw.below(CONDUCTS.len() as u64)).unwrap()]));
        at += Duration::from_secs(draw.within(1, 3_600));
    }
    conducts.push((EVENTFUL, Conduct::Healthy));
    Target { rate, permits: usize::try_from(draw.within(1, 5)).unwrap(), policy, beside: None, conducts }
}

/// A certificate's life: issue, perhaps changes, perhaps a cancellation at the end; close together or hours apart.
fn pushes(chain: u64, targets: usize, draw: &mut Draw) -> Vec<Push> {
    let steps = draw.within(1, 4);
    let mut at = Duration::from_millis(draw.below(3 * 3_600_000));
    (0..steps)
        .map(|step| {
            at +=
                Duration::from_millis(if draw.chance(50) { draw.below(200) } else { draw.below(3_600_000) });
            let mut to: Vec<_> = (0..targets).filter(|_| draw.chance(60)).collect();
            if to.is_empty() {
                to.push(0);
            }
            let urgent = step > 0 && step + 1 == steps && draw.chance(50);
            let weight = if urgent { 1 } else { u32::try_from(draw.within(1, 40)).unwrap() };
            Push { at, chain: usize::try_from(chain).unwrap(), targets: to, weight, urgent, test: false }
        })
        .collect()
}
