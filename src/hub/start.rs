//! Under which configuration a hub starts.

use tracing::warn;

use super::{
    Failure,
    ground::{first_load, load},
    identity::Identity,
};
use crate::{
    change::{self, Finished, Refused},
    config::Config,
    files::{Files, Kept},
    operate::Ledger,
    problem::Problems,
    region::{self, Region},
    store::Store,
};

/// What it starts under.
pub(super) struct Start {
    pub(super) region: Region,
    pub(super) files: Kept,
    pub(super) identity: Identity,
    /// A rollback that was finished first.
    pub(super) finished: Option<Finished>,
    /// Whether the folder is another configuration, which two operators must let in.
    pub(super) folder_waits: bool,
}

/// Finishes what the folder lacks, reads and checks it whole, and looks whether it may run.
pub(super) async fn configuration(config: &Config, ledger: &Ledger, store: &Store) -> Result<Start, Failure> {
    let folder = &config.region.folder;
    let look = |files: &Files| drop(load(config, files));
    let finished = change::finish((ledger, store), folder, look).await?.map_err(Failure::Refused)?;
    let files = Files::at(folder);
    let (region, identity) = first_load(config, &files).map_err(Failure::Configuration)?;
    let again = |files: &Files| {
        let problems = Problems::default();
        let region = region::load::load(files, Some(&config.identity.certs), &problems);
        region.ok_or_else(|| problems.sorted())
    };
    let start = match change::before(store, (&region, &files.kept()), again).await? {
        Ok(None) => Start { region, files: files.kept(), identity, finished, folder_waits: false },
        Ok(Some(before)) => {
            warn!(
                folder = %region.digest.hex(), runs = %before.region.digest.hex(),
                "the folder lets somebody see or do more than what ran before: that runs, until two operators apply the folder"
            );
            let (region, files) = (before.region, before.files);
            Start { region, files, identity, finished, folder_waits: true }
        }
        Err(Refused { refusal, problems }) if problems.is_empty() => return Err(Failure::Refused(refusal)),
        Err(Refused { problems, .. }) => return Err(Failure::Before(problems)),
    };
    Ok(start)
}
