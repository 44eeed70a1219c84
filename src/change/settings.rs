//! What is applied now: the node's settings with where each comes from, and the region that runs.

use serde_json::{Value, json};

use super::Change;
use crate::store::Fault;

/// A setting of the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Section and key.
    pub key: String,
    /// Its value; a secret is not shown.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

impl Change {
    /// Settings, then files of the region with their digests; and what runs.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn settings(&self) -> Result<(Vec<Value>, Value), Fault> {
        let settings = self.ground.settings();
        let settings = settings
            .iter()
            .map(|Setting { key, value, origin }| json!({"setting": key, "value": value, "from": origin}));
        let region = self.region.borrow().clone();
        let files = region.files.iter().map(|(file, digest)| json!({"file": file, "digest": digest.hex()}));
        let newest = self.newest().await?;
        let end = json!({
            "region": region.id,
            "folder": self.ground.folder().display().to_string(),
            "configuration": region.digest.hex(),
            "number": newest.map(|newest| newest.number),
            "operators": region.operators,
        });
        Ok((settings.chain(files).collect(), end))
    }
}
