//! Connections before their handshake is done: few, and the newest first.
//!
//! Nobody is known yet, so nothing is owed to anyone: past a bound the oldest handshake gives way, of the same address or
//! of all. An honest one is done in a few round trips and is rarely the oldest; one that only sits there always is.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// Bits of an IPv6 address that are one peer's: it commonly has all addresses behind them.
const IPV6_PEER_BITS: u32 = 64;

/// The handshakes under way.
pub(super) struct Handshakes {
    line: Mutex<Line>,
}

/// One handshake, counted until it is dropped.
pub(super) struct Handshake {
    all: Arc<Handshakes>,
    number: u64,
    give_way: CancellationToken,
}

/// Who waits, in the order they came.
struct Line {
    most: usize,
    most_per_address: usize,
    next: u64,
    waiting: BTreeMap<u64, (IpAddr, CancellationToken)>,
    of: BTreeMap<IpAddr, BTreeSet<u64>>,
}

impl Handshakes {
    pub(super) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        let (waiting, of) = (BTreeMap::new(), BTreeMap::new());
        Arc::new(Self { line: Mutex::new(Line { most, most_per_address, next: 0, waiting, of }) })
    }

    /// Counts a handshake; past a bound the oldest one is told to give way.
    pub(super) fn begin(self: &Arc<Self>, address: IpAddr) -> Handshake {
        let give_way = CancellationToken::new();
        let number = self.with(|line| line.join(peer(address), give_way.clone()));
        Handshake { all: self.clone(), number, give_way }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Line) -> T) -> T {
        change(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Handshake {
    /// Waits until a newer one needs the place.
    pub(super) async fn overtaken(&self) {
        self.give_way.cancelled().await;
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.all.with(|line| line.leave(self.number));
    }
}

impl Line {
    fn join(&mut self, address: IpAddr, give_way: CancellationToken) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, (address, give_way));
        let own = self.of.entry(address).or_default();
        own.insert(number);
        let crowded = own.len() > self.most_per_address;
        let oldest_own = own.first().copied().filter(|_| crowded);
        let oldest = || self.waiting.keys().next().copied().filter(|_| self.waiting.len() > self.most);
        if let Some(oldest) = oldest_own.or_else(oldest) {
            self.leave(oldest);
        }
        number
    }

    /// Takes one out; whoever still stands there is told.
    fn leave(&mut self, number: u64) {
        let Some((address, give_way)) = self.waiting.remove(&number) else { return };
        give_way.cancel();
        if let Some(own) = self.of.get_mut(&address) {
            own.remove(&number);
            if own.is_empty() {
                self.of.remove(&address);
            }
        }
    }
}

/// Whom an address stands for.
fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - IPV6_PEER_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Which of them were told to give way.
    fn overtaken(handshakes: &[Handshake]) -> Vec<usize> {
        let gone = |(at, one): (usize, &Handshake)| one.give_way.is_cancelled().then_some(at);
        handshakes.iter().enumerate().filter_map(gone).collect()
    }

    #[test]
    fn past_the_bound_of_an_address_its_own_oldest_gives_way() {
        let all = Handshakes::new(10, 2);
        let begin = |text| all.begin(address(text));
        let mut held = vec![begin("192.0.2.1"), begin("192.0.2.2"), begin("192.0.2.1")];
        assert_eq!(overtaken(&held), [0; 0], "two of one address are at the bound");
        held.push(begin("::ffff:192.0.2.1"));
        assert_eq!(overtaken(&held), [0], "a mapped address is the same address");
        held.push(begin("192.0.2.2"));
        assert_eq!(overtaken(&held), [0]);
    }

    #[test]
    fn past_the_bound_of_all_the_oldest_gives_way() {
        let all = Handshakes::new(2, 2);
        let mut held: Vec<_> = (1..=2).map(|n| all.begin(address(&format!("192.0.2.{n}")))).collect();
        assert_eq!(overtaken(&held), [0; 0]);
        held.push(all.begin(address("192.0.2.3")));
        assert_eq!(overtaken(&held), [0]);
        held.remove(1);
        held.push(all.begin(address("192.0.2.4")));
        assert_eq!(overtaken(&held), [0], "a place left is a place free");
    }

    #[test]
    fn what_has_left_leaves_nothing_behind() {
        let all = Handshakes::new(2, 1);
        drop((0..10).map(|_| all.begin(address("2001:db8::1"))).collect::<Vec<_>>());
        all.with(|line| assert!(line.waiting.is_empty() && line.of.is_empty()));
    }

    #[test]
    fn an_ipv6_peer_is_its_network() {
        assert_eq!(peer(address("2001:db8:0:1::1")), peer(address("2001:db8:0:1:ffff::2")));
        assert_ne!(peer(address("2001:db8:0:1::1")), peer(address("2001:db8:0:2::1")));
    }
}
