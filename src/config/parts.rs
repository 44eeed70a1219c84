//! The settings that are no part's own: where the hub's leaves and keys are, and where the region is.

use std::path::PathBuf;

/// The hub's own leaves and keys; paths of PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Folder of anchors, leaves and keys.
    pub certs: PathBuf,
    /// Leaf shown to members that connect.
    pub leaf: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Leaf shown to members the hub delivers to.
    pub client_leaf: PathBuf,
    /// Its private key.
    pub client_key: PathBuf,
    /// Private key that signs receipts.
    pub receipt_key: PathBuf,
    /// Key set with the public halves of receipt keys no longer signed with; it may be absent.
    pub retired_receipt_keys: PathBuf,
}

/// Where the region stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Folder of members, agreements and formats.
    pub folder: PathBuf,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            certs: "certs".into(),
            leaf: "dev/server.pem".into(),
            key: "dev/server.key".into(),
            client_leaf: "dev/client.pem".into(),
            client_key: "dev/client.key".into(),
            receipt_key: "dev/receipt.key".into(),
            retired_receipt_keys: "dev/retired.json".into(),
        }
    }
}

impl Default for Region {
    fn default() -> Self {
        Self { folder: "partners".into() }
    }
}
