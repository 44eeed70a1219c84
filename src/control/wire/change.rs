//! What can be asked about the configuration.

use serde::{Deserialize, Serialize};

/// What can be asked for. Digests are text here; the hub reads them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// To apply what stands in the folder.
    Apply {
        /// Only if the folder is the configuration of this digest.
        expect: Option<String>,
        /// Why.
        reason: String,
    },
    /// To apply what another operator proposed.
    Confirm {
        /// Digest of the configuration.
        digest: String,
        /// Why.
        reason: String,
    },
    /// To go back to a configuration of the history.
    Rollback {
        /// Its number.
        number: i64,
        /// Why.
        reason: String,
    },
    /// What the folder would change.
    Plan {},
    /// What the folder would have made of the certificates that came last.
    Replay {
        /// How many of them.
        messages: usize,
    },
    /// What is applied.
    Settings {},
    /// A page of what was applied.
    History {
        /// Only older ones than this.
        before: Option<i64>,
        /// Most of them.
        limit: usize,
    },
    /// One configuration of the history.
    Show {
        /// Its number.
        number: i64,
    },
    /// The files of one.
    Files {
        /// Its number.
        number: i64,
    },
}

impl Ask {
    /// Why, of what does something.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Apply { reason, .. } | Self::Confirm { reason, .. } | Self::Rollback { reason, .. } => {
                Some(reason)
            }
            Self::Plan {}
            | Self::Replay { .. }
            | Self::Settings {}
            | Self::History { .. }
            | Self::Show { .. }
            | Self::Files { .. } => None,
        }
    }
}
