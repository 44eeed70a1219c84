//! Which alerts hold for what is seen. Pure.

use std::time::Duration;

use super::{
    About, Alert, Config, Kind, Severity,
    reach::{Reached, Says},
};
use crate::{
    deliver::guard::Doubt,
    model::{id::MemberId, time::Timestamp, value::Date},
    problem::unit::{duration_text, noun, size_text},
    store::{backlog::Overdue, strain::Strain},
};

/// How long a restart is shown.
pub const RESTART_SHOWN: Duration = Duration::from_secs(3_600);

/// What is seen at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sight {
    /// Now.
    pub now: Timestamp,
    /// Every lane and mailbox.
    pub lanes: Vec<Lane>,
    /// What each member pushed lately.
    pub sources: Vec<Source>,
    /// Leaves and anchors, and when they end.
    pub identities: Vec<(About, Timestamp)>,
    /// Free bytes.
    pub free_bytes: u64,
    /// Why nothing new is asked for.
    pub strain: Option<Strain>,
    /// The slowest commit since the last look.
    pub slowest_commit: Duration,
    /// A clock that is not believed.
    pub doubt: Option<Doubt>,
    /// When the hub came back after it ended without being asked to.
    pub restarted: Option<Timestamp>,
    /// Whether the hub started under what ran before, because the folder waits for two operators.
    pub folder_waits: bool,
}

/// A lane or mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The member.
    pub member: MemberId,
    /// What is known of its server while a breaker is open.
    pub reached: Option<Reached>,
    /// The one source whose deliveries the breaker keeps back, where it is not everybody's.
    pub spared_for: Option<MemberId>,
    /// When the oldest delivery that waits was made; test traffic is none.
    pub oldest: Option<Timestamp>,
    /// What arrived and its customs has not answered in time.
    pub overdue: Option<Overdue>,
    /// Attempts in the window that it answered without saying what it took.
    pub no_echo: u64,
}

/// What a member pushed within the window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The member.
    pub member: MemberId,
    /// Pushes accepted.
    pub accepted: u64,
    /// Pushes rejected.
    pub rejected: u64,
}

/// The alerts that hold, each kind about each one at most once.
#[must_use]
pub fn firing(sight: &Sight, config: &Config) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for lane in &sight.lanes {
        alerts.extend(down(lane, sight.now, config));
        alerts.extend(waiting(lane, sight.now, config));
        alerts.extend(takes_nothing(lane, sight.now, config));
        alerts.extend(no_echo(lane, sight.now, config));
        alerts.extend(unanswered(lane, sight.now));
    }
    alerts.extend(sight.sources.iter().filter_map(|source| rejections(source, sight.now, config)));
    alerts.extend(sight.identities.iter().filter_map(|identity| ends(identity, sight.now, config)));
    alerts.extend(disk(sight, config));
    alerts.extend(commits(sight, config));
    alerts.extend(clock(sight));
    alerts.extend(restarted(sight));
    alerts.extend(folder(sight));
    alerts
}

fn alert(kind: Kind, about: About, severity: Severity, since: Timestamp, words: String) -> Alert {
    Alert { kind, about, severity, since, words }
}

fn about(member: &MemberId) -> About {
    About::Member(member.clone())
}

/// Whole units of which there are at least two, for words that need not change at each look.
fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let unit = [86_400, 3_600, 60].into_iter().find(|unit| seconds >= 2 * unit).unwrap_or(1);
    duration_text(Duration::from_secs(seconds / unit * unit))
}

/// Whose deliveries it is about, where not everybody's.
fn whose(lane: &Lane) -> String {
    lane.spared_for.as_ref().map_or_else(String::new, |source| format!(" to what {source} sends"))
}

fn down(lane: &Lane, now: Timestamp, config: &Config) -> Option<Alert> {
    let silent = lane.reached?.silent_since;
    let since = silent.filter(|since| now.since(*since) >= config.partner_down_after)?;
    let (member, whose, time) = (&lane.member, whose(lane), roughly(now.since(since)));
    let words = format!("{member} has not answered{whose} for {time}");
    Some(alert(Kind::PartnerDown, about(member), Severity::Critical, since, words))
}

/// Since when a server that answers has kept its breaker open by what it says; one that is down by now says nothing.
fn answers(lane: &Lane, says: Says, now: Timestamp, config: &Config) -> Option<Timestamp> {
    let Reached { open_since, says: said, .. } = lane.reached?;
    let long = now.since(open_since) >= config.partner_down_after;
    (said == Some(says) && long && down(lane, now, config).is_none()).then_some(open_since)
}

fn takes_nothing(lane: &Lane, now: Timestamp, config: &Config) -> Option<Alert> {
    let since = answers(lane, Says::Other, now, config)?;
    let (member, time) = (&lane.member, roughly(now.since(since)));
    let what = lane
        .spared_for
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), |source| format!("nothing of what {source} sends"));
    let words = format!("{member} answers, and has taken {what} for {time}");
    Some(alert(Kind::TakesNothing, about(member), Severity::Critical, since, words))
}

fn waiting(lane: &Lane, now: Timestamp, config: &Config) -> Option<Alert> {
    let oldest = lane.oldest.filter(|oldest| now.since(*oldest) >= config.oldest_after)?;
    let words = format!("a delivery to {} has waited for {}", lane.member, roughly(now.since(oldest)));
    Some(alert(Kind::Waiting, about(&lane.member), Severity::Warning, oldest, words))
}

fn no_echo(lane: &Lane, now: Timestamp, config: &Config) -> Option<Alert> {
    let Lane { member, no_echo, .. } = lane;
    let many = *no_echo >= config.no_echo_min;
    let since = answers(lane, Says::NoEcho, now, config).or(many.then_some(now))?;
    let within = duration_text(config.window);
    let times = if *no_echo == 1 { "once" } else { &format!("{no_echo} times") };
    let words =
        format!("{member} answered {times} within {within} as if it took a delivery, without saying which");
    Some(alert(Kind::NoEcho, about(member), Severity::Warning, since, words))
}

fn unanswered(lane: &Lane, now: Timestamp) -> Option<Alert> {
    let Overdue { count, since } = lane.overdue?;
    let (member, late) = (&lane.member, roughly(now.since(since)));
    let what = noun(count, "certificate", "certificates");
    let words =
        format!("customs of {member} has not answered {count} {what} in time, the first is {late} late");
    Some(alert(Kind::Unanswered, about(member), Severity::Warning, since, words))
}

fn rejections(source: &Source, now: Timestamp, config: &Config) -> Option<Alert> {
    let Source { member, accepted, rejected } = source;
    let judged = accepted.saturating_add(*rejected);
    let much = rejected.saturating_mul(100) >= config.rejected_percent.saturating_mul(judged);
    (*rejected >= config.rejected_min && much).then(|| {
        let within = duration_text(config.window);
        let words = format!("{rejected} of {judged} pushes of {member} within {within} were rejected");
        alert(Kind::Rejections, about(member), Severity::Warning, now, words)
    })
}

fn ends((about, ends): &(About, Timestamp), now: Timestamp, config: &Config) -> Option<Alert> {
    let steps = [
        (config.identity_critical, Severity::Critical),
        (config.identity_warning, Severity::Warning),
        (config.identity_notice, Severity::Notice),
    ];
    let (before, severity) = steps.into_iter().find(|(before, _)| *ends <= now.plus(*before))?;
    let word = if *ends < now { "ended" } else { "ends" };
    let what = match about {
        About::Member(member) => format!("the leaf or anchor of {member}"),
        other => format!("the {other}"),
    };
    let words = format!("{what} {word} on {}", Date::of(*ends).as_str());
    Some(alert(Kind::IdentityEnds, about.clone(), severity, ends.minus(before), words))
}

fn disk(sight: &Sight, config: &Config) -> Option<Alert> {
    let refusing = sight.strain == Some(Strain::SpaceLow);
    let free = size_text(sight.free_bytes / (1 << 20) * (1 << 20));
    let (severity, words) = match (refusing, sight.free_bytes < config.free_bytes_min) {
        (true, _) => (Severity::Critical, format!("nothing new is taken: {free} are free")),
        (false, true) => (Severity::Warning, format!("{free} are free on the disk of the data folder")),
        (false, false) => return None,
    };
    Some(alert(Kind::DiskLow, About::Hub, severity, sight.now, words))
}

fn commits(sight: &Sight, config: &Config) -> Option<Alert> {
    let refusing = sight.strain == Some(Strain::Slow);
    (refusing || sight.slowest_commit >= config.commit_max).then(|| {
        let took = duration_text(Duration::from_millis(
            u64::try_from(sight.slowest_commit.as_millis()).unwrap_or(u64::MAX),
        ));
        let (severity, words) = match refusing {
            true => {
                (Severity::Critical, "nothing new is taken: accepts wait too long for the disk".to_owned())
            }
            false => (Severity::Warning, format!("a commit took {took}")),
        };
        alert(Kind::SlowCommits, About::Hub, severity, sight.now, words)
    })
}

fn clock(sight: &Sight) -> Option<Alert> {
    let Doubt { expected, found } = sight.doubt?;
    let words = format!("the clock shows {found} where {expected} was expected, or later: nothing expires");
    Some(alert(Kind::ClockDoubted, About::Hub, Severity::Critical, sight.now, words))
}

fn restarted(sight: &Sight) -> Option<Alert> {
    let at = sight.restarted.filter(|at| sight.now.since(*at) < RESTART_SHOWN)?;
    let words = "the hub started after it had ended without being asked to".to_owned();
    Some(alert(Kind::Restarted, About::Hub, Severity::Warning, at, words))
}

fn folder(sight: &Sight) -> Option<Alert> {
    let words = "the folder lets somebody see or do more, so what ran before the restart runs".to_owned();
    sight.folder_waits.then(|| alert(Kind::FolderWaits, About::Hub, Severity::Warning, sight.now, words))
}

#[cfg(test)]
mod tests;
