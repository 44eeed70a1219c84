//! An agreement: its parties, what proof it demands, who the importing party is, who gets copies, which links are open.

use std::{collections::BTreeMap, time::Duration};

use super::member::{Form, Member};
use crate::{
    model::{
        dictionary::Field,
        id::{AgreementId, FormatId, MemberId},
        reason::Reason,
        value::Date,
    },
    problem::Spot,
};

/// Most copies one agreement may name.
pub const COPIES_MAX: usize = 64;
/// How long a change waits for its certificate, where the agreement parks it and does not say how long.
pub const PARK_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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
    /// How soon after a certificate arrived the importing customs is to answer; absent: nobody waits for an answer.
    pub answer_within: Option<Duration>,
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Source; `None`: every member.
    pub from: Option<MemberId>,
    /// Target; `None`: every member.
    pub to: Option<MemberId>,
    /// How far it is open.
    pub state: LinkState,
    /// The cut-over: certificates issued before this day went by paper alone.
    pub live_from: Option<Date>,
    /// Last day on which a certificate may still be issued on paper alone.
    pub paper_until: Option<Date>,
    /// Where it stands, for problems found later.
    pub spot: Spot,
}

/// How far a link is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkState {
    /// Test traffic only.
    Test,
    /// What counts, beside paper, which prevails: deliveries are marked.
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
    /// Keep it until the certificate comes, for this long; then pass it on, marked.
    Park(Duration),
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

    /// Whether it has to do with a member: by the member's countries, or because it names the member.
    #[must_use]
    pub fn concerns(&self, member: &Member) -> bool {
        let party = |country: &String| self.parties.iter().any(|party| party.country == *country);
        let named = |side: &Option<MemberId>| side.as_ref() == Some(&member.id);
        member.customs.iter().any(party)
            || member.bodies.iter().any(|body| party(&body.country))
            || self.copies.iter().any(|copy| copy.to == member.id)
            || self.links.iter().any(|link| named(&link.from) || named(&link.to))
    }

    /// State of the link between two members; the most specific entry wins, none means there is no link.
    #[must_use]
    pub fn link(&self, from: &MemberId, to: &MemberId) -> Option<LinkState> {
        self.entry(from, to).map(|link| link.state)
    }

    /// What to do with a change of a certificate of a day that the hub has not seen, on its way to these members.
    ///
    /// What may have been issued on paper alone was never to be seen here, so its changes are always passed on. A
    /// cancellation does not say whose the certificate is: for nobody in `to` any link of the source counts.
    #[must_use]
    pub fn unseen_on(&self, day: &Date, from: &MemberId, to: &[&MemberId]) -> Unseen {
        let on_paper = match to {
            [] => self.links.iter().any(|link| fits(&link.from, from) && link.may_be_on_paper(day)),
            to => to.iter().any(|to| self.entry(from, to).is_some_and(|link| link.may_be_on_paper(day))),
        };
        if on_paper { Unseen::Forward } else { self.unseen }
    }

    /// The entry that counts between two members.
    pub(super) fn entry(&self, from: &MemberId, to: &MemberId) -> Option<&Link> {
        self.links
            .iter()
            .filter(|link| link.fits(from, to))
            .max_by_key(|link| (link.from.is_some(), link.to.is_some()))
    }
}

impl Link {
    /// Whether the entry is about what goes from one member to another.
    pub(super) fn fits(&self, from: &MemberId, to: &MemberId) -> bool {
        fits(&self.from, from) && fits(&self.to, to)
    }

    fn may_be_on_paper(&self, day: &Date) -> bool {
        self.live_from.as_ref().is_some_and(|from| day.day() < from.day())
            || self.paper_until.as_ref().is_some_and(|until| day.day() <= until.day())
    }
}

fn fits(side: &Option<MemberId>, id: &MemberId) -> bool {
    side.as_ref().is_none_or(|named| named == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_what_may_be_on_paper_alone_is_always_passed_on() {
        let id = |name: &str| MemberId::new(name).unwrap();
        let date = |text: &str| Date::new(text).unwrap();
        let link = |to: Option<&str>, dates: Option<(&str, &str)>| Link {
            from: None,
            to: to.map(id),
            state: LinkState::Live,
            live_from: dates.map(|(from, _)| date(from)),
            paper_until: dates.map(|(_, until)| date(until)),
            spot: Spot::file("agreements/eaeu.toml"),
        };
        let agreement = Agreement {
            id: AgreementId::new("eaeu").unwrap(),
            name: "EAEU".to_owned(),
            aliases: Vec::new(),
            parties: Vec::new(),
            unions: Vec::new(),
            proof: None,
            proof_by_format: BTreeMap::new(),
            importing_party: Vec::new(),
            copies: Vec::new(),
            links: vec![link(None, None), link(Some("kg"), Some(("2026-03-01", "2026-06-30")))],
            hs_edition: None,
            criteria: None,
            unseen: Unseen::Reject,
            answer_within: None,
            severe: Vec::new(),
        };
        let (kg, am) = (id("kg"), id("am"));
        let on = |day: &str, to: &[&MemberId]| agreement.unseen_on(&date(day), &id("ru"), to);
        for day in ["2026-02-28", "2026-03-01", "2026-06-30"] {
            assert_eq!(on(day, &[&am, &kg]), Unseen::Forward, "{day}: before the cut-over, or beside paper");
        }
        assert_eq!(on("2026-07-01", &[&am, &kg]), Unseen::Reject);
        assert_eq!(on("2026-02-28", &[&am]), Unseen::Reject, "that link never had a cut-over");
        assert_eq!(on("2026-02-28", &[]), Unseen::Forward);
        assert_eq!(on("2026-07-01", &[]), Unseen::Reject);
    }
}
