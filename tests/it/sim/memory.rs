//! The store of a simulation: chains, heads and due times as every engine keeps them, in vectors.

use coohub::{
    model::{
        delivery::{Life, State},
        id::{DeliveryId, MemberId},
        time::Timestamp,
    },
    store::{
        claim::Claim,
        life::{Stored, head, settle},
    },
};

use super::script::Push;

/// A delivery as it would be on disk.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: DeliveryId,
    /// Whose lane it is in: its member's, or that of the member's sandbox.
    pub target: usize,
    pub member: usize,
    pub test: bool,
    pub chain: usize,
    pub source: MemberId,
    pub weight: u32,
    pub urgent: bool,
    pub stored: Stored,
}

/// Everything that survives a restart. A record's place is its sequence.
#[derive(Default)]
pub struct Memory {
    pub records: Vec<Record>,
}

impl Memory {
    /// Appends a delivery: head of its chain if nothing before it is open.
    pub fn insert(&mut self, (target, member): (usize, usize), push: &Push, now: Timestamp) {
        let Push { chain, weight, urgent, test, .. } = *push;
        let behind = self.open(target).any(|record| record.chain == chain);
        let state = if behind { State::Queued } else { head(None, now) };
        let life = Life { state, created: now, failures: 0 };
        let id = DeliveryId(uuid::Uuid::from_u128(self.records.len() as u128 + 1));
        let stored = Stored { life, hold: None };
        let source = source_of(chain);
        self.records.push(Record { id, target, member, test, chain, source, weight, urgent, stored });
    }

    /// What a claim of a member's deliveries gives: urgent heads first, first attempts and retries by turns, each by due time
    /// and sequence.
    pub fn due(&self, member: usize, now: Timestamp, claim: &Claim) -> Vec<&Record> {
        let (mut taken, mut turn) = (Vec::new(), claim.turn);
        for urgent in [true, false] {
            let of = |retried: bool| {
                let mut due: Vec<_> = self
                    .records
                    .iter()
                    .filter(|record| record.member == member && claim.stream.has(record.test))
                    .filter(|record| record.stored.life.state.due().is_some_and(|at| at <= now))
                    .filter(|record| record.urgent == urgent && (record.stored.life.failures > 0) == retried)
                    .filter(|record| {
                        !claim.skip.contains(&record.id) && !claim.without.contains(&record.source)
                    })
                    .collect();
                due.sort_by_key(|record| std::cmp::Reverse((record.stored.life.state.due(), record.id)));
                due
            };
            let (mut fresh, mut retried) = (of(false), of(true));
            while taken.len() < claim.most {
                let next = match turn.is_retried() {
                    true => retried.pop().or_else(|| fresh.pop()),
                    false => fresh.pop().or_else(|| retried.pop()),
                };
                let Some(next) = next else { break };
                turn = turn.after(next.stored.life.failures > 0);
                taken.push(next);
            }
        }
        taken
    }

    pub fn next_due(&self, target: usize) -> Option<Timestamp> {
        self.open(target).filter_map(|record| record.stored.life.state.due()).min()
    }

    pub fn get(&self, id: DeliveryId) -> &Record {
        &self.records[place(id)]
    }

    /// Commits what an outcome says; gives whether that made work for the target's lane.
    pub fn finish(&mut self, id: DeliveryId, next: &Life, attempted: bool, now: Timestamp) -> bool {
        let record = &mut self.records[place(id)];
        let was_final = record.stored.life.state.is_final();
        record.stored = settle(&record.stored, next, attempted);
        let ended = record.stored.life.state.is_final() && !was_final;
        let (target, chain) = (record.target, record.chain);
        let due = record.stored.life.state.due().is_some();
        if ended { self.promote(target, chain, now) } else { due }
    }

    /// Open deliveries of a target.
    pub fn open(&self, target: usize) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |record| record.target == target && !record.stored.life.state.is_final())
    }

    /// Gives a chain a head; whether that is due.
    fn promote(&mut self, target: usize, chain: usize, now: Timestamp) -> bool {
        let first = self.records.iter_mut().find(|record| {
            record.target == target && record.chain == chain && !record.stored.life.state.is_final()
        });
        if let Some(first) = first
            && first.stored.life.state == State::Queued
        {
            first.stored.life.state = head(first.stored.hold, now);
            return first.stored.life.state.due().is_some();
        }
        false
    }
}

fn place(id: DeliveryId) -> usize {
    usize::try_from(id.0.as_u128() - 1).unwrap()
}

/// Two sources, by turns.
fn source_of(chain: usize) -> MemberId {
    MemberId::new(["almora", "brisca"][chain % 2]).unwrap()
}
