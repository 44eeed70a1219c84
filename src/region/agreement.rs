//! An agreement: its parties, what proof it demands, who the importing party is, who gets copies, which links are open.

use std::collections::BTreeMap;

use super::member::Form;
use crate::model::{
    dictionary::Field,
    id::{AgreementId, FormatId, MemberId},
    reason::Reason,
    value::Date,
};

/// Most copies one agreement may name.
pub const COPIES_MAX: usize = 64;

/// One agreement of the region.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Id, the file's name.
    pub id: AgreementId,
    /// Name in words.
    pub name: String,
    /// Other names documents use for it: acronyms, codes.
    pub aliases: Vec<String>,
    /// Countries that are parties, with dates.
    pub parties: Vec<Party>,
    /// Unions that are named as one destination.
    pub unions: Vec<Union>,
    /// The proof a document must carry to count as issued; absent: what its format can carry.
    pub proof: Option<ProofDemand>,
    /// The proof documents of one format must carry instead.
    pub proof_by_format: BTreeMap<FormatId, ProofDemand>,
    /// Fields that name the importing party, in order; those present must agree.
    pub importing_party: Vec<Field>,
    /// Who gets a copy besides the importing party.
    pub copies: Vec<Copy>,
    /// Which member may send to which.
    pub links: Vec<Link>,
    /// Edition of the Harmonized System the agreement uses, marked as derived where a document does not say.
    pub hs_edition: Option<String>,
    /// The code list of the agreement's origin criteria, when there is one.
    pub criteria: Option<String>,
    /// What happens to an amendment, replacement or cancellation of a certificate the hub has not seen.
    pub unseen: Unseen,
    /// Reasons this agreement raises from warning to severe.
    pub severe: Vec<Reason>,
}

/// A country's membership.
#[derive(Clone, Debug)]
pub struct Party {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// First day of membership.
    pub from: Date,
    /// Last day, if it left.
    pub until: Option<Date>,
}

/// A union of parties that documents name as one destination.
#[derive(Clone, Debug)]
pub struct Union {
    /// The code documents use.
    pub code: String,
    /// Its countries.
    pub members: Vec<String>,
    /// Where a certificate for the union goes.
    pub deliver: UnionDelivery,
}

/// Where a certificate that names a union goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UnionDelivery {
    /// To one member for all.
    Central(MemberId),
    /// To the customs of the country the document names within the union.
    Named,
    /// To the customs of every country of the union.
    All,
}

/// The proof an agreement demands of a document before it counts as issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofDemand {
    /// The member's connection vouches for the document.
    Connection,
    /// The official's signature, verified, of a signer in the member's file.
    Official,
    /// The exporter's and the official's signatures, both verified.
    ExporterAndOfficial,
}

impl ProofDemand {
    /// The word in agreements' files and receipts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Official => "official",
            Self::ExporterAndOfficial => "exporter-and-official",
        }
    }
}

/// A rule that sends copies.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Short name, said to whoever asks why.
    pub name: String,
    /// Field whose value decides; absent: always.
    pub when: Option<(Field, Vec<String>)>,
    /// Member that gets the copy.
    pub to: MemberId,
    /// How much it sees.
    pub view: CopyView,
}

/// How much of a certificate a copy shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CopyView {
    /// Everything.
    Full,
    /// These fields only.
    Minimised(Vec<Field>),
    /// Key and state.
    Notice,
}

/// A one-way connection between two members under the agreement.
#[derive(Clone, Debug)]
pub struct Link {
    /// Source; `None`: every member.
    pub from: Option<MemberId>,
    /// Target; `None`: every member.
    pub to: Option<MemberId>,
    /// How far it is open.
    pub state: LinkState,
}

/// How far a link is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkState {
    /// Test traffic only.
    Test,
    /// Live traffic, beside paper.
    Pilot,
    /// Live traffic.
    Live,
    /// Nothing passes.
    Suspended,
}

/// What to do with a change of a certificate the hub has not seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unseen {
    /// Pass it on, marked.
    Forward,
    /// Reject it.
    Reject,
}

impl Agreement {
    /// The proof a document of a form must carry; the canonical profile has no entry of its own.
    ///
    /// An agreement that says nothing demands the official's signature where the form is `signed`, that is, has a
    /// signature profile, and the word of the connection elsewhere.
    #[must_use]
    pub fn proof_of(&self, form: &Form, signed: bool) -> ProofDemand {
        let own = match form {
            Form::Table(id) => self.proof_by_format.get(id).copied(),
            Form::Canonical(_) => None,
        };
        let usual = if signed { ProofDemand::Official } else { ProofDemand::Connection };
        own.or(self.proof).unwrap_or(usual)
    }

    /// Whether a country is a party on a day.
    #[must_use]
    pub fn is_party(&self, country: &str, on: &Date) -> bool {
        self.parties.iter().any(|party| {
            party.country == country
                && party.from.day() <= on.day()
                && party.until.as_ref().is_none_or(|until| on.day() <= until.day())
        })
    }

    /// State of the link between two members; the most specific entry wins, none means there is no link.
    #[must_use]
    pub fn link(&self, from: &MemberId, to: &MemberId) -> Option<LinkState> {
        let fits = |side: &Option<MemberId>, id: &MemberId| side.as_ref().is_none_or(|named| named == id);
        self.links
            .iter()
            .filter(|link| fits(&link.from, from) && fits(&link.to, to))
            .max_by_key(|link| (link.from.is_some(), link.to.is_some()))
            .map(|link| link.state)
    }
}
