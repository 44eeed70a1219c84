//! The whole hub under load: the real program in a process of its own, real mutual TLS, a real disk.
//!
//! `cargo bench --bench flow -- MODE`, one of `accept`, `steady`, `isolation`, `drain`, `memory`, `restart`. Each prints
//! one line per figure. The load generator and the members' servers live in this process and share the machine with the
//! hub, so times say what two busy cores do; `hub cpu` is of the hub's process alone and says what a certificate costs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench ends at the first surprise, prints its figures, and runs tasks of its own"
)]
#![allow(missing_docs, reason = "a bench documents nothing")]

mod backlog;
mod certificate;
mod community;
mod figures;
mod hub;
mod load;
mod modes;
mod sink;

/// What a mode may be told: `steady 800 20` is 800 certificates a second for 20 seconds.
struct Told(Vec<u64>);

impl Told {
    fn or(&self, position: usize, default: u64) -> u64 {
        self.0.get(position).copied().unwrap_or(default)
    }
}

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let mode = words.next().unwrap_or_default();
    let told = Told(words.map(|word| word.parse().unwrap()).collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        match mode.as_str() {
            "accept" => modes::accept(told.or(0, 20)).await,
            "steady" => modes::steady(told.or(0, 500), told.or(1, 60)).await,
            "isolation" => modes::isolation(told.or(0, 200), told.or(1, 30)).await,
            "drain" => modes::drain(told.or(0, 3_000)).await,
            "memory" => backlog::memory(told.or(0, 1_000_000), told.or(1, 999)).await,
            "restart" => backlog::restart(told.or(0, 200_000)).await,
            _ => println!("name a mode: accept, steady, isolation, drain, memory, restart"),
        }
    });
}
