//! Whether a member is ready: what the hub can try at its server, what it saw of its test traffic, what was confirmed.
//!
//! The whole list is made anew by each run and kept as an entry of [`Book::Report`] under the member's name, in one commit
//! with the action. What an operator confirmed is taken over from the report before.
//!
//! **Invariant:** what is sent is test traffic, and goes where all test traffic for the member does
//! ([`crate::region::place`]), or to a sandbox that the operator names. The store knows no delivery of it.

pub mod item;
mod observed;
mod probing;
pub mod report;
mod sheet;

use std::time::Duration;

use self::{
    item::{Item, Line, Outcome},
    observed::Observed,
    probing::Run,
    report::{Confirmed, Report},
    sheet::Sheets,
};
use super::{Answer, Ledger, Operator, Order, Refusal};
use crate::{
    deliver::{Handles, trial::Trial},
    intake::seen::{Deed, Seen},
    model::{id::MemberId, reason::Reason, time::Timestamp},
    region::{
        Region,
        address::{self, Addresses},
        member::{Endpoint, Member, Reach},
    },
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        reconciliation::{After, Span},
        record::{Delivery, Message},
        register::{Book, Entry, NewEntry},
    },
};

pub use self::probing::CLOCK_DELTA_MAX;

/// How far back test traffic counts where nobody says.
pub const SINCE_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Most test messages, and most test deliveries, that a run looks at.
const LOOKED_AT_MAX: usize = 500;
/// Pages of [`LOOKED_AT_MAX`] gone through for them; a member that is live with others has little test traffic in much.
const PAGES_MAX: usize = 100;
/// Longest address of a sandbox, in characters.
const AGAINST_CHARACTERS_MAX: usize = 2_048;

/// The use cases; cheap to clone.
#[derive(Clone)]
pub struct Checklist {
    ledger: Ledger,
    /// The way to members, and the store.
    handles: Handles,
    /// What was seen at the door.
    seen: Seen,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examination {
    /// The member.
    pub member: MemberId,
    /// A server of its other than the one in its file.
    pub against: Option<String>,
    /// Test traffic since then counts.
    pub since: Option<Timestamp>,
    /// An item that the operator confirms.
    pub confirm: Option<String>,
}

impl Checklist {
    /// The use cases over a hub's parts.
    #[must_use]
    pub fn new(ledger: Ledger, handles: Handles, seen: Seen) -> Self {
        Self { ledger, handles, seen }
    }

    /// Goes through a member's list and keeps the report.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn examine(&self, operator: &Operator, asked: &Examination, reason: &str) -> Answer<Report> {
        let region = self.handles.region.borrow().clone();
        let about = About::Member(asked.member.clone());
        let order = Order { operator, verb: Verb::Report, about, reason };
        let Some(member) = region.members.get(&asked.member) else {
            let why = format!("the region has no member {}", asked.member);
            return self.ledger.refuse(&order, Refusal::new(Reason::MemberUnknown, why)).await;
        };
        let endpoint = match endpoint(&region, member, asked.against.as_deref()) {
            Ok(endpoint) => endpoint,
            Err(refusal) => return self.ledger.refuse(&order, refusal).await,
        };
        let unknown = asked
            .confirm
            .as_ref()
            .filter(|item| Item::ALL.iter().all(|one| Some(one.word()) != item.split(':').next()));
        if let Some(item) = unknown {
            let why = format!("there is no item {item}");
            return self.ledger.refuse(&order, Refusal::new(Reason::CommandMalformed, why)).await;
        }
        let before = self.handles.store.entry(Book::Report, member.id.as_str()).await?;
        let mut confirmed = before.as_ref().map(|entry| report::confirmed(&entry.bytes)).unwrap_or_default();
        if let Some(item) = &asked.confirm {
            let by = operator.words();
            confirmed.retain(|one| one.item != *item);
            confirmed.push(Confirmed {
                item: item.clone(),
                by,
                reason: reason.to_owned(),
                at: self.ledger.now(),
            });
        }
        let mut lines = match &endpoint {
            Some(endpoint) => self.probe(&region, member, endpoint).await,
            None => Vec::new(),
        };
        let now = self.ledger.now();
        let since = asked.since.unwrap_or(Timestamp(now.0.saturating_sub(millis(SINCE_DEFAULT))));
        let seen = self.observed(member, since).await?;
        lines.extend(observed::lines(member, &seen));
        let report = Report::new(
            report::Head {
                member: member.id.clone(),
                at: now,
                since,
                against: endpoint.map(|endpoint| endpoint.url),
                configuration: region.digest,
            },
            complete(lines),
            confirmed,
        );
        if let Some(item) = asked.confirm.as_ref().filter(|item| !report.has(item)) {
            let why = format!("the list of {} has no item {item}", asked.member);
            return self.ledger.refuse(&order, Refusal::new(Reason::CommandMalformed, why)).await;
        }
        self.keep(&order, (before.as_ref(), asked.confirm.as_deref()), report).await
    }

    async fn keep(
        &self,
        order: &Order<'_>,
        (before, confirms): (Option<&Entry>, Option<&str>),
        report: Report,
    ) -> Answer<Report> {
        let entry = NewEntry {
            book: Book::Report,
            name: report.head.member.to_string(),
            bytes: report.json().to_string().into_bytes(),
            seen: before.map(|entry| entry.number),
        };
        let confirms = confirms.map(|item| format!(", {item} confirmed")).unwrap_or_default();
        let outcome = format!("done: {}{confirms}", if report.is_green() { "green" } else { "not green" });
        match self.ledger.commit(order, Effect::Keep(Box::new(entry)), &outcome).await? {
            Acted::Done => Ok(Ok(report)),
            Acted::Unchanged => self.ledger.overtaken(order).await,
        }
    }

    async fn probe(&self, region: &Region, member: &Member, endpoint: &Endpoint) -> Vec<Line> {
        let trial = match Trial::new(&self.handles, region, endpoint) {
            Ok(trial) => trial,
            Err(why) => return vec![Line::new(Item::Tls, Outcome::Red, why)],
        };
        let sheets = Sheets { region, member, now: self.ledger.now() };
        let pause = member.rate.period.checked_div(member.rate.count.get()).unwrap_or_default();
        let per_weight = member.rate.period.checked_div(member.rate.weight.get()).unwrap_or_default();
        let run =
            Run { trial, sheets, endpoint, pause, per_weight, lines: Vec::new(), longest: Duration::ZERO };
        Box::pin(run.all()).await
    }

    async fn observed(&self, member: &Member, since: Timestamp) -> Result<Observed, Fault> {
        let span = Span { from: since, until: Timestamp(i64::MAX), after: None };
        let pushed = self.pushed(member, span).await?;
        let mut sent = Vec::new();
        for delivery in self.sent(member, span).await? {
            let attempts = self.handles.store.attempts(delivery.id).await?;
            sent.push((delivery, attempts));
        }
        let rejected = self.handles.store.rejections(&member.id, LOOKED_AT_MAX).await?;
        let last = |deed: Deed| self.seen.last(&member.id, deed).filter(|at| *at >= since);
        Ok(Observed {
            pushed,
            rejected: rejected.into_iter().rev().filter(|one| one.test && one.at >= since).collect(),
            sent,
            ping: last(Deed::Ping),
            repeat: last(Deed::Repeat),
            attachment: last(Deed::Attachment),
        })
    }
}

impl Checklist {
    /// Test messages of a member, the oldest first.
    async fn pushed(&self, member: &Member, mut span: Span) -> Result<Vec<Message>, Fault> {
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.handles.store.pushed_within(&member.id, span, LOOKED_AT_MAX).await?;
            let Some((last, _)) = page.last() else { break };
            span.after = Some(After { at: last.received, sequence: last.sequence });
            found.extend(page.into_iter().map(|(message, _)| message).filter(|message| message.test));
            if found.len() >= LOOKED_AT_MAX {
                break;
            }
        }
        found.truncate(LOOKED_AT_MAX);
        Ok(found)
    }

    /// Test deliveries to a member that were tried, the oldest first.
    async fn sent(&self, member: &Member, mut span: Span) -> Result<Vec<Delivery>, Fault> {
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.handles.store.sent_within(&member.id, span, LOOKED_AT_MAX).await?;
            let Some(last) = page.last() else { break };
            span.after = Some(After { at: last.life.created, sequence: last.sequence });
            found.extend(page.into_iter().filter(|delivery| delivery.test && delivery.attempts > 0));
            if found.len() >= LOOKED_AT_MAX {
                break;
            }
        }
        found.truncate(LOOKED_AT_MAX);
        Ok(found)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// In the order of the list; what could not be looked at, because something before it is red, is skipped by name.
fn complete(lines: Vec<Line>) -> Vec<Line> {
    let mut all = Vec::new();
    for item in Item::ALL {
        let of: Vec<_> = lines.iter().filter(|line| line.item == *item).cloned().collect();
        match of.is_empty() {
            false => all.extend(of),
            true => all.push(Line::new(*item, Outcome::Open, "nothing to look at before tls is green")),
        }
    }
    all
}

/// Where to knock; `None` for a mailbox.
fn endpoint(region: &Region, member: &Member, against: Option<&str>) -> Result<Option<Endpoint>, Refusal> {
    let Reach::Push(own) = &member.reach else {
        return match against {
            None => Ok(None),
            Some(_) => Err(Refusal::new(Reason::CommandMalformed, "the member has a mailbox and no server")),
        };
    };
    let Some(url) = against else {
        let place = region.place(member, true).and_then(|place| member.server(place));
        return place.map(|endpoint| Some(endpoint.clone())).ok_or_else(|| {
            let why = format!(
                "{} is live, and test traffic never reaches a live endpoint: name its sandbox, with --against or as [sandbox] in its file",
                member.id
            );
            Refusal::new(Reason::TestNotAllowed, why)
        });
    };
    let host =
        url.strip_prefix("https://").and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    if host.is_empty() || url.chars().count() > AGAINST_CHARACTERS_MAX {
        return Err(Refusal::new(Reason::CommandMalformed, "the sandbox is named as https://host:port/path"));
    }
    let live = |other: &&Member| match &other.reach {
        Reach::Push(endpoint) => address::is_one(&endpoint.url, url) && region.is_live(other),
        Reach::Mailbox { .. } => false,
    };
    if let Some(other) = region.members.values().find(live) {
        let why = format!("that is the live endpoint of {}", other.id);
        return Err(Refusal::new(Reason::TestNotAllowed, why));
    }
    let like = member.sandbox.as_ref().unwrap_or(own);
    Ok(Some(Endpoint { url: url.to_owned(), addresses: Addresses::new(host, Vec::new()), ..like.clone() }))
}
