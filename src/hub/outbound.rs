//! The TLS side of endpoints: what the hub shows to a server, and what that must chain to.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;

use crate::{
    deliver,
    files::read_bounded,
    region::{
        load::FILE_BYTES_MAX,
        member::{ClientLeaf, Endpoint},
    },
    tls::{self, OwnLeaf},
};

/// For an endpoint: its own leaf or the hub's client leaf of the moment, and what the endpoint trusts.
pub(super) fn tls(client: Arc<ArcSwap<OwnLeaf>>) -> deliver::Tls {
    Arc::new(move |endpoint: &Endpoint| {
        let own = match &endpoint.leaf {
            None => client.load_full(),
            Some(named) => Arc::new(leaf(named)?),
        };
        tls::client(&own, &endpoint.trusted).map(Arc::new).map_err(|error| error.to_string())
    })
}

/// The leaf shown to one member.
fn leaf(named: &ClientLeaf) -> Result<OwnLeaf, String> {
    let read = |path: &Path| {
        read_bounded(path, FILE_BYTES_MAX).map_err(|why| format!("the file of its leaf or key {why}"))
    };
    OwnLeaf::from_pem(&read(&named.leaf)?, &read(&named.key)?).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_instead_of_a_file_is_told_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("leaf.pem");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let named = ClientLeaf { leaf: pipe.clone(), key: pipe, ends: crate::model::time::Timestamp(0) };
        assert_eq!(leaf(&named).err().as_deref(), Some("the file of its leaf or key is no regular file"));
    }
}
