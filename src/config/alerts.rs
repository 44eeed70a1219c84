//! The settings of alerts: a part of the schema that has a file of its own for its length.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use super::schema::{count, size, time};
use crate::{
    observe::alert::{Config, mail, webhook},
    problem::section::Section,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const GIB: u64 = 1 << 30;

/// Reads what a file says over `base`; what it does not say stays.
pub(super) fn read(base: &Config, section: &Section<'_>) -> Config {
    let lasts = |key, range: RangeInclusive<Duration>, base| time(section, key, range, base);
    let ends = |key, base| time(section, key, DAY..=365 * DAY, base);
    Config {
        period: lasts("period", SECOND..=HOUR, base.period),
        repeat_after: lasts("repeat_after", MINUTE..=7 * DAY, base.repeat_after),
        partner_down_after: lasts("partner_down_after", SECOND..=7 * DAY, base.partner_down_after),
        oldest_after: lasts("oldest_after", MINUTE..=30 * DAY, base.oldest_after),
        window: lasts("window", MINUTE..=DAY, base.window),
        no_echo_min: count(section, "no_echo_min", 1..=1_000_000, base.no_echo_min),
        rejected_percent: count(section, "rejected_percent", 1..=100, base.rejected_percent),
        rejected_min: count(section, "rejected_min", 1..=1_000_000, base.rejected_min),
        identity_notice: ends("identity_notice", base.identity_notice),
        identity_warning: ends("identity_warning", base.identity_warning),
        identity_critical: ends("identity_critical", base.identity_critical),
        free_bytes_min: size(section, "free_bytes_min", 0..=64 * GIB, base.free_bytes_min),
        commit_max: lasts("commit_max", Duration::from_millis(10)..=MINUTE, base.commit_max),
        webhook_url: url(section).unwrap_or_else(|| base.webhook_url.clone()),
        webhook_anchors: path(section, "webhook_anchors", &base.webhook_anchors),
        mail_folder: path(section, "mail_folder", &base.mail_folder),
        mail_from: address(section, "mail_from").unwrap_or_else(|| base.mail_from.clone()),
        mail_to: address(section, "mail_to").unwrap_or_else(|| base.mail_to.clone()),
        mail_files_max: count(section, "mail_files_max", 1..=100_000, base.mail_files_max),
    }
}

/// A path that may be empty.
fn path(section: &Section<'_>, key: &str, base: &std::path::Path) -> PathBuf {
    section.text(key).map_or_else(|| base.to_owned(), |found| found.value.into())
}

fn url(section: &Section<'_>) -> Option<String> {
    let found = section.text("webhook_url")?;
    if !found.value.is_empty() && webhook::host(&found.value).is_none() {
        section.add(found.spot.problem("must be an https URL, or empty"));
        return None;
    }
    Some(found.value)
}

fn address(section: &Section<'_>, key: &str) -> Option<String> {
    let found = section.text(key)?;
    if !mail::is_address(&found.value) {
        let problem = found.spot.problem(format!("\"{}\" is not a mail address", found.value));
        section.add(problem.hint("write it as \"name@example.org\", without a name beside it"));
        return None;
    }
    Some(found.value)
}
