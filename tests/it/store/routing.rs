//! The routing loop over a store: one chain's trouble is nobody else's, and a chain's order is the accept order.

use std::sync::Arc;

use coohub::{
    clock::Clock,
    model::{envelope::Function, id::MessageId},
    route::Router,
    stop::Tasks,
    store::{Store, record::Acceptance},
};
use tokio::sync::watch;

use super::support::*;
use crate::support::region::TestRegion;

/// Runs the loop until this many messages are left to be routed.
pub(super) async fn route_until(store: &Store, left: u64) {
    let (_region, regions) = watch::channel(Arc::new(TestRegion::mec().load()));
    let tasks = Tasks::default();
    let mut changes = store.watch();
    tasks.spawn(Router::new(store.clone(), regions, Clock::Real).run(tasks.clone()));
    while store.counts().await.unwrap().unrouted > left {
        changes.changed().await.unwrap();
    }
    tasks.stop();
}

pub(super) async fn accept_amended(store: &Store, number: &str) -> [MessageId; 2] {
    let first = push(&format!("{number}-first"), number);
    let mut second = push(&format!("{number}-second"), number);
    second = Acceptance { function: Function::Amendment, subject: subject(number, Some(2)), ..second };
    let ids = [first.id, second.id];
    stored(store, first).await;
    stored(store, second).await;
    ids
}

#[tokio::test]
async fn many_chains_are_routed_together_and_each_in_order() {
    let Fixture { store, folder: _folder } = fixture();
    let mut chains = Vec::new();
    for number in 0..100 {
        chains.push(accept_amended(&store, &format!("A-{number}")).await);
    }
    route_until(&store, 0).await;
    for [first, second] in chains {
        let sequence = |deliveries: Vec<coohub::store::record::Delivery>| deliveries[0].sequence;
        let first = sequence(store.deliveries(first).await.unwrap());
        assert!(first < sequence(store.deliveries(second).await.unwrap()));
    }
}
