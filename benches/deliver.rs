//! CPU of one delivery apart from TLS and disk. Expectation: the attestation's Ed25519 signature is nearly all of it,
//! about 20 µs; headers and the judgement of an answer are a few microseconds each.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{hint::black_box, num::NonZeroU32, time::Duration};

use coohub::{
    clock::Clock,
    deliver::{
        headers::content_digest,
        limiter::Limiter,
        outcome::{Answer, Expected, Received, classify},
    },
    evidence::key::SigningKey,
    model::{
        id::{DeliveryId, Digest},
        time::Timestamp,
    },
    region::member::{Acknowledge, Rate},
};
use criterion::{Criterion, criterion_group, criterion_main};

fn judge(bench: &mut Criterion) {
    let delivery = DeliveryId(uuid::Uuid::from_u128(7));
    let digest = Digest::of(b"<cod/>");
    let expected = Expected { delivery, digest, acknowledge: Acknowledge::Echo, keys: &[] };
    let received = Received::Answer(Answer {
        status: 202,
        delivery: Some(delivery.to_string()),
        digest: Some(content_digest(digest)),
        ..Answer::default()
    });
    bench.bench_function("deliver/classify an echo", |bench| {
        bench.iter(|| classify(&expected, black_box(&received), Timestamp(0)));
    });
}

fn pace(bench: &mut Criterion) {
    let many = NonZeroU32::new(1_000_000_000).unwrap();
    let rate = Rate { count: many, weight: many, period: Duration::from_secs(1), burst: many };
    let limiter = Limiter::new(rate, &Clock::Real);
    bench.bench_function("deliver/ask the limiter", |bench| bench.iter(|| limiter.ready(black_box(3))));
}

fn attest(bench: &mut Criterion) {
    let key = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
    let payload = vec![b'x'; 600];
    bench.bench_function("deliver/sign an attestation", |bench| {
        bench.iter(|| key.sign("coohub-attestation+jws", black_box(&payload)));
    });
}

criterion_group!(benches, judge, pace, attest);
criterion_main!(benches);
