//! What the hub tries at a member's own server.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    item::{Item, Line, Outcome},
    sheet::{Kind, Number, Sheets},
};
use crate::{
    deliver::trial::{Exchange, Trial},
    model::{delivery::Event, id::AgreementId},
    region::member::{Acknowledge, Endpoint},
    store::record::{Body, Delivery},
};

/// How far its clock may be from the hub's.
pub const CLOCK_DELTA_MAX: Duration = Duration::from_secs(60);
/// Share of the time the hub waits that an answer may take.
const PACE_SHARE: u32 = 2;

/// A run.
pub(super) struct Run<'a> {
    pub(super) trial: Trial<'a>,
    pub(super) sheets: Sheets<'a>,
    pub(super) endpoint: &'a Endpoint,
    /// Between two deliveries, whatever they weigh.
    pub(super) pause: Duration,
    /// For each unit of a delivery's weight; the longer of both is kept.
    pub(super) per_weight: Duration,
    pub(super) lines: Vec<Line>,
    pub(super) longest: Duration,
}

impl Run<'_> {
    /// Every item that the hub can try by itself.
    pub(super) async fn all(mut self) -> Vec<Line> {
        let mut first: Option<(AgreementId, Number, Delivery, Body)> = None;
        for (form, agreement) in self.sheets.forms() {
            let number = Sheets::number(&agreement);
            let (delivery, body) = match self.sheets.certificate(&number, Kind::Plain) {
                Ok(made) => made,
                Err(fields) => {
                    let evidence = format!("the hub's sample does not fill this form: {fields}");
                    self.lines.push(Line::new(Item::Sample, Outcome::Open, evidence).of(form.name()));
                    continue;
                }
            };
            let exchange = self.send(&delivery, &body).await;
            if first.is_none() {
                let answered = exchange.answered;
                self.meet(&exchange);
                if !answered {
                    return self.lines;
                }
                first = Some((agreement, number, delivery.clone(), body.clone()));
            }
            self.lines.push(taken(Item::Sample, &exchange, &delivery).of(form.name()));
        }
        match first {
            Some(first) => self.rest(first).await,
            None => self.lines.push(Line::new(
                Item::Tls,
                Outcome::Open,
                "there is no form the hub has a sample for",
            )),
        }
        self.lines
    }

    /// What the first answer shows beside the certificate.
    fn meet(&mut self, exchange: &Exchange) {
        let meaning = &exchange.meaning;
        if !exchange.answered {
            self.lines.push(Line::new(Item::Tls, Outcome::Red, &meaning.detail));
            return;
        }
        self.lines.push(Line::new(Item::Tls, Outcome::Green, status(exchange)));
        self.lines.push(clock(exchange.ahead));
        self.lines.push(receipt(self.endpoint.acknowledge, exchange));
    }

    async fn rest(&mut self, (agreement, number, delivery, body): (AgreementId, Number, Delivery, Body)) {
        let again = self.send(&delivery, &body).await;
        self.lines.push(taken(Item::Duplicate, &again, &delivery));
        self.certificate(Item::Amendment, &number, Kind::Amended).await;
        let (cancelled, word) = self.sheets.cancellation(&number);
        self.word(Item::Cancellation, &cancelled, &word).await;
        self.certificate(Item::Names, &Sheets::number(&agreement), Kind::Names).await;
        let items = self.sheets.member.takes.items_max;
        self.certificate(Item::Largest, &Sheets::number(&agreement), Kind::Largest(items)).await;
        let (withdrawn, word) = self.sheets.withdrawal(&number);
        self.word(Item::Withdrawal, &withdrawn, &word).await;
        let (unreadable, garbage) = self.sheets.unreadable(&Sheets::number(&agreement), &body);
        let exchange = self.send(&unreadable, &garbage).await;
        self.lines.push(refusal(&exchange));
        self.trial.pause(self.pause).await;
        let exchange = self.trial.send_nameless(&delivery, &body).await;
        self.lines.push(stranger(&exchange));
        self.lines.push(pace(self.longest, self.endpoint.timeout));
    }

    async fn certificate(&mut self, item: Item, number: &Number, kind: Kind) {
        match self.sheets.certificate(number, kind) {
            Ok((delivery, body)) => self.word(item, &delivery, &body).await,
            Err(fields) => {
                self.lines.push(Line::new(item, Outcome::Open, format!("its form demands {fields}")))
            }
        }
    }

    async fn word(&mut self, item: Item, delivery: &Delivery, body: &Body) {
        let exchange = self.send(delivery, body).await;
        self.lines.push(taken(item, &exchange, delivery));
    }

    async fn send(&mut self, delivery: &Delivery, body: &Body) -> Exchange {
        self.trial.pause(self.pause.max(self.per_weight.saturating_mul(delivery.weight))).await;
        let exchange = self.trial.send(delivery, body).await;
        self.longest = self.longest.max(exchange.elapsed);
        exchange
    }
}

fn status(exchange: &Exchange) -> String {
    let meaning = &exchange.meaning;
    let status = meaning.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
    format!("{status}, {}, {} ms", meaning.detail, exchange.elapsed.as_millis())
}

/// Green when it was stored.
fn taken(item: Item, exchange: &Exchange, delivery: &Delivery) -> Line {
    let outcome = match exchange.meaning.event {
        Event::Succeeded => Outcome::Green,
        _ => Outcome::Red,
    };
    let digest = delivery.rendered.as_ref().map(|(_, _, digest)| digest.hex()).unwrap_or_default();
    Line::new(item, outcome, format!("{}; delivery {}, sha-256 {digest}", status(exchange), delivery.id))
}

fn clock(ahead: Option<SignedDuration>) -> Line {
    let Some(ahead) = ahead else {
        return Line::new(Item::Clock, Outcome::Open, "its answers carry no Date");
    };
    let fits = ahead.unsigned_abs() <= CLOCK_DELTA_MAX;
    let outcome = if fits { Outcome::Green } else { Outcome::Red };
    Line::new(Item::Clock, outcome, format!("{} s ahead of the hub, by Date", ahead.as_secs()))
}

fn receipt(acknowledge: Acknowledge, exchange: &Exchange) -> Line {
    match (acknowledge, &exchange.meaning.receipt) {
        (Acknowledge::Signed, Some(_)) => Line::new(Item::Receipt, Outcome::Green, "verified, grade A"),
        (Acknowledge::Signed, None) => Line::new(Item::Receipt, Outcome::Red, &exchange.meaning.detail),
        (Acknowledge::Echo, _) => {
            Line::new(Item::Receipt, Outcome::Skipped, "acknowledge = \"echo\": it signs none")
        }
        (Acknowledge::Status, _) => {
            Line::new(Item::Receipt, Outcome::Skipped, "acknowledge = \"status\": it signs none")
        }
    }
}

/// A target that stores first and reads later answers by its customs' response.
fn refusal(exchange: &Exchange) -> Line {
    match exchange.meaning.event {
        Event::Refused { .. } => Line::new(Item::Refusal, Outcome::Green, status(exchange)),
        Event::Succeeded => {
            let evidence = "it stored what is no certificate; is it answered with a response \"rejected\"?";
            Line::new(Item::Refusal, Outcome::Open, evidence)
        }
        _ => Line::new(Item::Refusal, Outcome::Red, status(exchange)),
    }
}

fn stranger(exchange: &Exchange) -> Line {
    let outcome = match exchange.meaning.status {
        Some(200..=299 | 409) => Outcome::Red,
        Some(_) => Outcome::Green,
        None if exchange.meaning.detail.starts_with("tls: ") => Outcome::Green,
        // A server that had no time for it refused nobody.
        None => Outcome::Open,
    };
    Line::new(Item::Identity, outcome, format!("without a leaf: {}", status(exchange)))
}

fn pace(longest: Duration, timeout: Duration) -> Line {
    let fits = longest.saturating_mul(PACE_SHARE) <= timeout;
    let outcome = if fits { Outcome::Green } else { Outcome::Red };
    let evidence = format!("longest answer {} ms of {} ms", longest.as_millis(), timeout.as_millis());
    Line::new(Item::Pace, outcome, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_a_minute_away_and_not_more() {
        let at = |seconds: i64| clock(Some(SignedDuration::from_secs(seconds))).outcome;
        assert_eq!([at(60), at(-60)], [Outcome::Green; 2]);
        assert_eq!([at(61), at(-61)], [Outcome::Red; 2]);
        assert_eq!(clock(None).outcome, Outcome::Open);
    }

    #[test]
    fn an_answer_has_half_the_time() {
        let at = |millis: u64| pace(Duration::from_millis(millis), Duration::from_secs(1)).outcome;
        assert_eq!((at(500), at(501)), (Outcome::Green, Outcome::Red));
    }
}
