//! Alerts as mail, dropped as files (RFC 5322) into a folder from which the machine's own mailer takes them.
//!
//! The hub speaks no SMTP. A file is written under a name that no mailer looks at, synced, then renamed: whoever finds
//! `*.eml` finds all of it. A folder that is not emptied takes no more than its bound.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp as Instant, fmt::rfc2822};
use uuid::Uuid;

use super::{Config, board::Change};
use crate::model::time::Timestamp;

/// Longest address, in characters.
pub const ADDRESS_CHARACTERS_MAX: usize = 254;
/// How the name of a mail ends.
pub const ENDING: &str = "eml";
/// Permissions of a mail: its owner, and the group of the mailer.
const FILE_MODE: u32 = 0o640;

/// Where mails are dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Letterbox {
    folder: PathBuf,
    from: String,
    to: String,
    files_max: usize,
}

impl Letterbox {
    /// The folder of these settings, if they name one.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let Config { mail_folder: folder, mail_from: from, mail_to: to, mail_files_max, .. } = config;
        (!folder.as_os_str().is_empty()).then(|| Self {
            folder: folder.clone(),
            from: from.clone(),
            to: to.clone(),
            files_max: *mail_files_max,
        })
    }

    /// Drops a mail for each change; blocks.
    pub(super) fn tell(&self, hub: &str, at: Timestamp, changes: &[Change]) {
        for change in changes {
            if let Err(error) = self.write(&self.mail(hub, at, change)) {
                let folder = self.folder.display();
                tracing::warn!(%error, %folder, alert = change.alert.kind.word(), "an alert could not be dropped as mail");
            }
        }
    }

    fn write(&self, mail: &str) -> io::Result<()> {
        if count(&self.folder)? >= self.files_max {
            return Err(io::Error::other("the folder has as many mails as it may: nobody takes them"));
        }
        let name = Uuid::now_v7();
        let (partial, whole) =
            (self.folder.join(format!("{name}.partial")), self.folder.join(format!("{name}.{ENDING}")));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&partial)?;
        let written = file.write_all(mail.as_bytes()).and_then(|()| file.sync_all());
        let done = written.and_then(|()| fs::rename(&partial, whole));
        if done.is_err() {
            let _ = fs::remove_file(partial);
        }
        done.and_then(|()| File::open(&self.folder)?.sync_all())
    }

    fn mail(&self, hub: &str, at: Timestamp, change: &Change) -> String {
        let alert = &change.alert;
        let (what, kind) = (change.what.word(), alert.kind.word());
        let (severity, about) = (alert.severity.word(), alert.about.to_string());
        let date = Instant::from_millisecond(at.0).unwrap_or_default();
        let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default();
        let lines = [
            format!("Date: {}", date.replace("GMT", "+0000")),
            format!("From: {}", self.from),
            format!("To: {}", self.to),
            format!("Subject: [{hub}] {severity}: {kind} {what}: {about}"),
            format!("Message-ID: <{}@{}>", Uuid::now_v7(), domain(&self.from)),
            "Auto-Submitted: auto-generated".to_owned(),
            "MIME-Version: 1.0".to_owned(),
            "Content-Type: text/plain; charset=utf-8".to_owned(),
            "Content-Transfer-Encoding: 8bit".to_owned(),
            String::new(),
            format!("{}.", alert.words),
            String::new(),
            format!("Alert: {kind} ({severity}), {what}"),
            format!("About: {about}"),
            format!("Since: {}", alert.since),
            format!("What to do: {}.", alert.kind.todo()),
        ];
        lines.map(|line| line + "\r\n").concat()
    }
}

/// Whether text can stand for an address in a header: printable ASCII without spaces or brackets, one at sign inside.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
    text.len() <= ADDRESS_CHARACTERS_MAX
        && text.chars().all(plain)
        && text
            .split_once('@')
            .is_some_and(|(name, at)| !name.is_empty() && !at.is_empty() && !at.contains('@'))
}

fn domain(address: &str) -> &str {
    address.split_once('@').map_or("localhost", |(_, domain)| domain)
}

/// Mails in a folder.
fn count(folder: &Path) -> io::Result<usize> {
    let files = fs::read_dir(folder)?.filter_map(Result::ok);
    Ok(files.filter(|file| file.path().extension().is_some_and(|ending| ending == ENDING)).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::alert::{About, Alert, Kind, Severity, board::What};

    fn change() -> Change {
        let alert = Alert {
            kind: Kind::DiskLow,
            about: About::Hub,
            severity: Severity::Warning,
            since: Timestamp(1_700_000_000_000),
            words: "1 GiB are free".to_owned(),
        };
        Change { what: What::Firing, alert }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
    }

    fn into(folder: &Path, files_max: usize) -> Letterbox {
        let config =
            Config { mail_folder: folder.to_owned(), mail_files_max: files_max, ..Config::default() };
        Letterbox::of(&config).unwrap()
    }

    #[test]
    fn a_mail_has_its_headers_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        into(folder.path(), 1).tell("mec", Timestamp(1_700_000_000_000), &[change()]);
        let [file] = files(folder.path()).try_into().unwrap();
        assert!(file.extension().unwrap() == ENDING);
        let mail = fs::read_to_string(file).unwrap();
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']));
        for line in [
            "Date: Tue, 14 Nov 2023 22:13:20 +0000",
            "From: coohub@localhost",
            "To: operator@localhost",
            "Subject: [mec] warning: disk-low firing: hub",
        ] {
            assert!(head.lines().any(|found| found == line), "{line}: {head}");
        }
        assert!(head.contains("Message-ID: <") && body.contains("1 GiB are free."));
        assert!(body.contains(Kind::DiskLow.todo()));
    }

    #[test]
    fn a_folder_that_is_not_emptied_takes_as_many_as_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let changes = [change(), change(), change()];
        into(folder.path(), 2).tell("mec", Timestamp(0), &changes);
        assert_eq!(files(folder.path()).len(), 2);
        into(folder.path(), 3).tell("mec", Timestamp(0), &changes);
        assert_eq!(files(folder.path()).len(), 3);
    }

    #[test]
    fn no_folder_is_no_mail_and_one_that_is_missing_no_end() {
        assert_eq!(Letterbox::of(&Config::default()), None);
        let folder = tempfile::tempdir().unwrap();
        into(&folder.path().join("missing"), 1).tell("mec", Timestamp(0), &[change()]);
    }

    #[test]
    fn an_address_cannot_bring_a_header_of_its_own() {
        assert!(is_address("a@b") && is_address("ops+hub@region.example"));
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "<a@b>", "a@b,c@d", "ä@b"] {
            assert!(!is_address(bad), "{bad:?}");
        }
        assert!(!is_address(&format!("{}@b", "a".repeat(ADDRESS_CHARACTERS_MAX - 1))));
        assert!(is_address(&format!("{}@b", "a".repeat(ADDRESS_CHARACTERS_MAX - 2))));
    }
}
