//! The community as configured: its members, agreements and format tables, checked whole.
//!
//! A region is a folder (design §5). It is read, checked and swapped as one value: a reload builds a complete new
//! [`Region`] or changes nothing. Records in the store name its digest, so one can always say under which rules a
//! certificate was accepted and routed.
//!
//! [`load::load`] reads and checks, [`notice::notices`] names what is allowed but worth a second look. Neither reads
//! the clock, opens a socket or touches the store; paths inside a region are those of certificates only.
//!
//! **Invariant:** whatever a `Region` names exists in it: a link's members, a member's formats, a rule's fields.

pub mod address;
pub mod agreement;
pub mod country;
pub mod difference;
mod fill;
pub mod golive;
pub mod load;
pub mod held;
pub mod maintenance;
pub mod member;
pub mod notice;
pub mod place;
pub mod signer;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::Kept,
    format::{Table, codes::list::Library},
    model::id::{AgreementId, Digest, FormatId, MemberId},
};

/// What a file of the certs folder is named by begins with this.
pub const CERTS: &str = "certs/";

/// The whole community under one configuration.
#[derive(Debug)]
pub struct Region {
    /// The community's short id, in receipts and attestations.
    pub id: String,
    /// The community's name.
    pub name: String,
    /// The member id under which the hub itself speaks in messages.
    pub hub: String,
    /// Operators that a change demands which widens ([`difference::Effect::Widens`]) or touches a format table or code
    /// list: 1 or 2.
    pub operators: u32,
    /// What is asked of members before a link of theirs goes live.
    pub go_live: golive::GoLive,
    /// Members by id.
    pub members: BTreeMap<MemberId, member::Member>,
    /// Agreements by id.
    pub agreements: BTreeMap<AgreementId, agreement::Agreement>,
    /// Format tables by id.
    pub tables: BTreeMap<FormatId, Table>,
    /// The code lists that tables share.
    pub codes: Library,
    /// Digest over every file read: the configuration version.
    pub digest: Digest,
    /// Digest of every file read by its path; what came from the certs folder stands under `certs/`.
    pub files: BTreeMap<String, Digest>,
    /// The files that came from the certs folder, by the same path: no private key is among them.
    pub certs: Kept,
    /// The anchors and leaves in each file that came from the certs folder, by the same path.
    pub held: BTreeMap<String, Vec<held::Held>>,
    /// The files of anchors, leaves and keys that each member's file names, by the same path: revocation lists are none.
    pub vouching: BTreeMap<MemberId, BTreeSet<String>>,
}

impl Region {
    /// The agreement of an id or alias; aliases are compared without regard to case.
    #[must_use]
    pub fn agreement(&self, name: &str) -> Option<&agreement::Agreement> {
        self.agreements.values().find(|agreement| {
            agreement.id.as_str().eq_ignore_ascii_case(name)
                || agreement.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    /// The proof that an agreement demands of documents of a form.
    #[must_use]
    pub fn proof_demanded(
        &self,
        agreement: &agreement::Agreement,
        form: &member::Form,
    ) -> agreement::ProofDemand {
        let signed = match form {
            member::Form::Table(id) => self.tables.get(id).is_some_and(|table| table.signature.is_some()),
            member::Form::Canonical(_) => false,
        };
        agreement.proof_of(form, signed)
    }

    /// The member whose customs receive for a country.
    #[must_use]
    pub fn customs_of(&self, country: &str) -> Option<&member::Member> {
        self.members.values().find(|member| member.customs.iter().any(|c| c == country))
    }
}
