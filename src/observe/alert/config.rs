//! When something is an alert, and whom it is told.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{Access, access};

use crate::{
    files::read_bounded,
    problem::{Problem, Spot},
    tls,
};

/// Largest file of anchors.
const ANCHORS_BYTES_MAX: u64 = 1 << 20;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Settings of alerts, read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// How often is looked. Default 30 s.
    pub period: Duration,
    /// How long an alert lasts before it is told again. Default 4 h.
    pub repeat_after: Duration,
    /// How long a member that does not answer, or takes nothing, is left alone before it is an alert. Default 10 min.
    pub partner_down_after: Duration,
    /// Age of the oldest delivery that waits for a member. Default 4 h.
    pub oldest_after: Duration,
    /// How far back attempts and pushes count. Default 15 min.
    pub window: Duration,
    /// Attempts a member took without saying what it took. Default 10.
    pub no_echo_min: u64,
    /// Rejected pushes of a member, in percent of those judged. Default 50.
    pub rejected_percent: u64,
    /// Rejected pushes below which the share says nothing. Default 20.
    pub rejected_min: u64,
    /// Time to the end of a leaf or anchor: to plan for. Default 60 d.
    pub identity_notice: Duration,
    /// The same: to look today. Default 30 d.
    pub identity_warning: Duration,
    /// The same: to look now. Default 7 d.
    pub identity_critical: Duration,
    /// Free bytes of the data folder's file system. Default 2 GiB.
    pub free_bytes_min: u64,
    /// Time of a commit, its sync included. Default 2 s.
    pub commit_max: Duration,
    /// `https` address that is told by POST; empty: none.
    pub webhook_url: String,
    /// PEM file of the anchors its server must chain to.
    pub webhook_anchors: PathBuf,
    /// Folder in which a mail is dropped per change; empty: none.
    pub mail_folder: PathBuf,
    /// Whom the mail is from.
    pub mail_from: String,
    /// Whom it is to.
    pub mail_to: String,
    /// Mails in the folder past which no more is dropped. Default 1000.
    pub mail_files_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(30),
            repeat_after: 4 * HOUR,
            partner_down_after: 10 * MINUTE,
            oldest_after: 4 * HOUR,
            window: 15 * MINUTE,
            no_echo_min: 10,
            rejected_percent: 50,
            rejected_min: 20,
            identity_notice: 60 * DAY,
            identity_warning: 30 * DAY,
            identity_critical: 7 * DAY,
            free_bytes_min: 2 << 30,
            commit_max: Duration::from_secs(2),
            webhook_url: String::new(),
            webhook_anchors: PathBuf::new(),
            mail_folder: PathBuf::new(),
            mail_from: "coohub@localhost".to_owned(),
            mail_to: "operator@localhost".to_owned(),
            mail_files_max: 1000,
        }
    }
}

impl Config {
    /// Why the anchors of the webhook cannot be used, where there is one; nothing is asked of its server.
    #[must_use]
    pub fn unfit_anchors(&self) -> Option<Problem> {
        if self.webhook_url.is_empty() || self.webhook_anchors.as_os_str().is_empty() {
            return None;
        }
        let good = trusted(&self.webhook_anchors);
        good.err().map(|reason| at("alerts.webhook_anchors", &self.webhook_anchors).problem(reason))
    }

    /// Why no mail can be dropped, where there is to be any; nothing is written.
    #[must_use]
    pub fn unfit_folder(&self) -> Option<Problem> {
        let folder = &self.mail_folder;
        if folder.as_os_str().is_empty() {
            return None;
        }
        let open = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        let reason = match fs::metadata(folder) {
            Err(error) => format!("cannot be looked at: {}", error.kind()),
            Ok(about) if !about.is_dir() => "is no folder".to_owned(),
            Ok(_) => {
                let refused = access(folder, open).err()?;
                format!("may not be written to: {}", std::io::Error::from(refused).kind())
            }
        };
        Some(at("alerts.mail_folder", folder).problem(reason))
    }
}

fn at(key: &str, path: &std::path::Path) -> Spot {
    Spot { key: key.to_owned(), ..Spot::file(&path.display().to_string()) }
}

/// The anchors in a file, in DER.
pub(super) fn trusted(file: &Path) -> Result<Vec<Vec<u8>>, String> {
    tls::anchors(&read_bounded(file, ANCHORS_BYTES_MAX)?).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alerts_need_is_tried_where_they_name_it() {
        assert_eq!(Config::default().unfit_anchors().or(Config::default().unfit_folder()), None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("anchors.pem");
        let of = |url: &str, mail: PathBuf| Config {
            webhook_url: url.to_owned(),
            webhook_anchors: file.clone(),
            mail_folder: mail,
            ..Config::default()
        };
        let anchors = |url: &str| of(url, PathBuf::new()).unfit_anchors().map(|problem| problem.reason);
        assert_eq!(anchors("https://a.example:443/").as_deref(), Some("is missing"));
        fs::write(&file, "no PEM").unwrap();
        assert_eq!(anchors("https://a.example:443/").as_deref(), Some("no CERTIFICATE block"));
        assert_eq!(anchors(""), None, "without a webhook nothing is read");
        let mail = |to: PathBuf| of("", to).unfit_folder().map(|problem| problem.to_string());
        assert_eq!(mail(folder.path().to_owned()), None);
        assert!(mail(file.clone()).unwrap().ends_with("alerts.mail_folder: is no folder"));
        let absent = mail(folder.path().join("mail")).unwrap();
        assert!(absent.ends_with("alerts.mail_folder: cannot be looked at: entity not found"), "{absent}");
    }
}
