//! A port for a program that is told its port and bound by nobody else meanwhile.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Ports of one process that runs tests.
const OWN: u16 = 50;

/// A free port that the system gives to nobody who asks for any: those begin at 32768.
pub fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 400).unwrap() * OWN + 12_000;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = (0..OWN).map(|_| own + NEXT.fetch_add(1, Ordering::SeqCst) % OWN);
    ports.find(is_free).expect("one of them is free")
}
