//! The hub dies at every labelled point (`src/crash.rs`) and resumes.
//!
//! One storm over all of them: each death leaves what the next start finds.

use coohub::crash::{Commit, Point, VARIABLE};

use super::{
    BUSY_LOG, held, on_sled,
    process::{Process, aborted, log},
    storm::Storm,
};
use crate::support::hub::Community;

/// Passes at which a hub under load dies, by turns.
const PASSES: [u64; 2] = [1, 7];

/// How a point is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// By the start of a store that lacks migrations.
    Migrating,
    /// By any start.
    Starting,
    /// Under load.
    Load,
    /// Under load, where the log may never grow beyond what is copied.
    FullLog,
    /// By an orderly end.
    Ending,
    /// By somebody's wish, or a sweep: `asked` has them.
    Asked,
}

fn way(point: Point) -> Way {
    match point {
        Point::Begins(commit) | Point::Written(commit) | Point::Committed(commit)
            if matches!(commit, Commit::Act | Commit::Resend | Commit::Digest) =>
        {
            Way::Asked
        }
        Point::FolderBegins | Point::FolderFile | Point::FolderDone => Way::Asked,
        Point::MigrationWritten | Point::MigrationCommitted => Way::Migrating,
        Point::Opened => Way::Starting,
        Point::RestartBegins | Point::Restarted => Way::FullLog,
        Point::CloseBegins | Point::Closed => Way::Ending,
        _ => Way::Load,
    }
}

/// Whether it is a point of SQLite's log or schema, which sled does not have.
fn is_of_sqlite(point: Point) -> bool {
    matches!(
        point,
        Point::CopyBegins
            | Point::Copied
            | Point::RestartBegins
            | Point::Restarted
            | Point::MigrationWritten
            | Point::MigrationCommitted
    )
}

fn by(wanted: Way) -> impl Iterator<Item = Point> {
    let reached = |point: &Point| !(on_sled() && is_of_sqlite(*point));
    Point::ALL.into_iter().filter(reached).filter(move |point| way(*point) == wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_dies_at_any_labelled_point_resumes() {
    let community = Community::shipped().await;
    let storm = Storm::new(&community);
    let mut deaths = 0;

    // A fresh folder: first before anything of the schema is there, then with more of it at each start.
    for point in by(Way::Migrating).chain(by(Way::Migrating)).chain(by(Way::Starting)) {
        let armed = format!("{}:1", point.label());
        let mut process = Process::spawn(&community, &[(VARIABLE, &armed)]);
        let status = process.listens().await.unwrap_or_else(|| panic!("{armed} is not reached"));
        assert!(aborted(status), "{armed}: {status:?}\n{}", log(&community));
    }

    let dying = async {
        let load = by(Way::Load).flat_map(|point| PASSES.map(|pass| (point, pass)));
        let once = by(Way::FullLog).chain(by(Way::Ending)).map(|point| (point, 1));
        for (point, pass) in load.chain(once) {
            deaths += 1;
            let armed = format!("{}:{pass}", point.label());
            let mut variables = BUSY_LOG.to_vec();
            variables.push((VARIABLE, &armed));
            if way(point) == Way::FullLog {
                variables.push(("COOHUB__STORE__LOG_BYTES_MAX", "1 MiB"));
            }
            let mut process = Process::spawn(&community, &variables);
            // What the one before left may bring it to the point before anybody can connect.
            let status = match process.listens().await {
                Some(status) => status,
                None => {
                    storm.hub_is_at(process.port);
                    if way(point) == Way::Ending {
                        storm.answered_further(1).await;
                        process.signal("TERM");
                    }
                    process.ended().await
                }
            };
            assert!(aborted(status), "{armed}: {status:?}\n{}", log(&community));
        }
        let process = Process::start(&community).await;
        storm.hub_is_at(process.port);
        storm.ends();
        process
    };
    let ((), _process) = tokio::join!(storm.rages(), dying);
    held::all(&storm, deaths).await;
}
