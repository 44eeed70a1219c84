//! Partners as they are: each answers an attempt by the conduct of the moment.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use coohub::{
    deliver::outcome::{Answer, Phase, REFUSALS, Received, Silence},
    model::id::{DeliveryId, Digest},
};

use crate::support::draw::Draw;

/// How long the hub waits for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// What a partner does with whatever comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conduct {
    /// Stores and echoes.
    Healthy,
    /// Stores and echoes, after seconds.
    Slow,
    /// Takes the connection and never answers.
    BlackHole,
    /// Stores, then drips its answer beyond any deadline.
    Drip,
    /// Nobody takes the connection.
    Down,
    /// Resets in the middle of the body.
    Reset,
    /// Stores, then resets before it answers.
    StoreThenReset,
    /// 429, with an absurd `Retry-After` now and then.
    Throttle,
    /// A 2xx without echo: it may have stored it or not.
    Lie,
    /// A page for people.
    Page,
    /// A coded refusal.
    Refuse,
    /// Any of the above, by the throw.
    Flap,
}

/// Every conduct that can be drawn for a while; a refusal ends deliveries for good, so it is rare.
pub const CONDUCTS: [Conduct; 14] = [
    Conduct::Healthy,
    Conduct::Healthy,
    Conduct::Slow,
    Conduct::BlackHole,
    Conduct::Drip,
    Conduct::Down,
    Conduct::Reset,
    Conduct::StoreThenReset,
    Conduct::Throttle,
    Conduct::Lie,
    Conduct::Page,
    Conduct::Refuse,
    Conduct::Flap,
    Conduct::Flap,
];

/// What comes of an attempt: when it arrived at the partner's store, if it did, and what the hub sees after how long.
pub struct Reaction {
    pub stored_after: Option<Duration>,
    pub answered_after: Duration,
    pub received: Received,
}

impl Conduct {
    pub fn react(self, delivery: DeliveryId, digest: Digest, draw: &mut Draw) -> Reaction {
        let latency = Duration::from_millis(draw.within(1, 200));
        let stored =
            |received, answered_after| Reaction { stored_after: Some(latency), answered_after, received };
        let not_stored = |received, answered_after| Reaction { stored_after: None, answered_after, received };
        let nothing = Received::Nothing;
        match self {
            Self::Healthy => stored(echo(delivery, digest), latency * 2),
            Self::Slow => stored(echo(delivery, digest), Duration::from_millis(draw.within(1_000, 20_000))),
            Self::BlackHole => not_stored(nothing(Silence::Timeout(Phase::Head, TIMEOUT)), TIMEOUT),
            Self::Drip => stored(nothing(Silence::Timeout(Phase::Head, TIMEOUT)), TIMEOUT),
            Self::Down => not_stored(nothing(Silence::Unreachable("refused".to_owned())), latency),
            Self::Reset => not_stored(nothing(Silence::Broken("reset".to_owned())), latency),
            Self::StoreThenReset => stored(nothing(Silence::Broken("reset".to_owned())), latency * 2),
            Self::Throttle => {
                let after = [1_u64, 30, 600, 4_000_000_000][usize::try_from(draw.below(4)).unwrap()];
                let answer = Answer { retry_after: Some(after.to_string()), ..answer(429) };
                not_stored(Received::Answer(answer), latency)
            }
            Self::Lie if draw.chance(50) => stored(Received::Answer(answer(200)), latency),
            Self::Lie => not_stored(Received::Answer(answer(202)), latency),
            Self::Page => {
                let page =
                    Answer { media_type: Some("text/html".to_owned()), body: b"<p>".to_vec(), ..answer(404) };
                not_stored(Received::Answer(page), latency)
            }
            Self::Refuse => not_stored(refusal(draw), latency),
            Self::Flap => {
                let any = [Self::Healthy, Self::BlackHole, Self::Down, Self::StoreThenReset, Self::Throttle];
                any[usize::try_from(draw.below(5)).unwrap()].react(delivery, digest, draw)
            }
        }
    }
}

fn answer(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

fn echo(delivery: DeliveryId, digest: Digest) -> Received {
    Received::Answer(Answer {
        delivery: Some(delivery.to_string()),
        digest: Some(format!("sha-256=:{}:", STANDARD.encode(digest.0))),
        ..answer(200)
    })
}

fn refusal(draw: &mut Draw) -> Received {
    let (code, _) = REFUSALS[usize::try_from(draw.below(REFUSALS.len() as u64)).unwrap()];
    Received::Answer(Answer {
        media_type: Some("application/problem+json".to_owned()),
        body: format!(r#"{{"code":"{code}"}}"#).into_bytes(),
        ..answer(422)
    })
}
