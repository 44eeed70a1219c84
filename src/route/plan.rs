//! Who must have a certificate, and why: a pure function of region, agreement and certificate.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    decode::{self, document::Syntax},
    map,
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        finding::Finding,
        id::MemberId,
        reason::Reason,
        value::{Date, Value},
    },
    region::{
        Region,
        agreement::{Agreement, CopyView, LinkState, Union, UnionDelivery},
    },
};

/// What the plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The community.
    pub region: &'a Region,
    /// The agreement of the certificate.
    pub agreement: &'a Agreement,
    /// Who pushed it.
    pub source: &'a MemberId,
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Whether it is test traffic.
    pub test: bool,
}

/// A certificate of which no more is known than what a cancellation says.
#[derive(Clone, Copy, Debug)]
pub struct Abroad<'a> {
    /// The community.
    pub region: &'a Region,
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Who pushed the cancellation.
    pub source: &'a MemberId,
    /// Importing country, or union.
    pub country: &'a str,
    /// Day on which the country must be a party.
    pub day: &'a Date,
    /// Whether it is test traffic.
    pub test: bool,
}

/// A member that was considered, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The member.
    pub member: MemberId,
    /// The rule that named it, in words.
    pub because: String,
    /// The field that names it as the importing party; `None` for a copy.
    pub importing: Option<Field>,
    /// How much the rule gives it.
    pub view: CopyView,
    /// Whether it gets it, or why it gets nothing.
    pub decision: Result<(), Obstacle>,
}

/// Why a candidate gets nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obstacle {
    /// Coded.
    pub reason: Reason,
    /// In words.
    pub why: String,
    /// Whether it is for the time being only: the link or the member is suspended.
    pub suspended: bool,
}

impl Obstacle {
    fn no_link(why: impl Into<String>) -> Self {
        Self { reason: Reason::NoLink, why: why.into(), suspended: false }
    }

    fn suspended(why: impl Into<String>) -> Self {
        Self { suspended: true, ..Self::no_link(why) }
    }
}

/// Every candidate, in the order the rules named them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Everyone considered.
    pub candidates: Vec<Candidate>,
    /// Warnings: a certificate that is not addressed yet.
    pub findings: Vec<Finding>,
}

/// A member that gets the certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The member.
    pub member: MemberId,
    /// The rules that named it, in words.
    pub because: String,
    /// How much it gets: the fullest of what the rules give.
    pub view: CopyView,
    /// Whether a rule names it as the importing party.
    pub importing: bool,
}

impl Plan {
    /// Whether no field names an importing party, or none but one that no other member receives for: where it goes is an
    /// operator's to say.
    #[must_use]
    pub fn is_unaddressed(&self, source: &MemberId) -> bool {
        self.candidates.iter().all(|candidate| candidate.importing.is_none() || candidate.member == *source)
    }

    /// What keeps the certificate from an importing party, as severe findings.
    #[must_use]
    pub fn obstacles(&self) -> Vec<Finding> {
        let blocked = self.candidates.iter().filter_map(|candidate| {
            let place = Place { field: candidate.importing?, index: Index::TOP };
            let Obstacle { reason, why, .. } = candidate.decision.as_ref().err()?;
            Some(Finding::severe(*reason, why.clone()).about(place))
        });
        blocked.collect()
    }

    /// One target per member, each with its fullest view.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        targets(self.candidates.iter().filter(|candidate| candidate.decision.is_ok()))
    }

    /// The importing parties to which no way leads, not even a suspended one; the source itself is none.
    #[must_use]
    pub fn shut(&self, source: &MemberId) -> Vec<Target> {
        let shut = |candidate: &&Candidate| {
            candidate.importing.is_some()
                && candidate.member != *source
                && candidate.decision.as_ref().is_err_and(|obstacle| !obstacle.suspended)
        };
        targets(self.candidates.iter().filter(shut))
    }

    /// Those who would be targets if nothing were suspended.
    #[must_use]
    pub fn suspended(&self) -> Vec<Target> {
        let suspended = |obstacle: &Obstacle| obstacle.suspended;
        targets(self.candidates.iter().filter(|candidate| candidate.decision.as_ref().is_err_and(suspended)))
    }
}

fn targets<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Vec<Target> {
    let mut targets: BTreeMap<&MemberId, Target> = BTreeMap::new();
    for candidate in candidates {
        let Candidate { member, because, importing, view, .. } = candidate.clone();
        let new = Target { member, because, view, importing: importing.is_some() };
        match targets.get_mut(&candidate.member) {
            None => drop(targets.insert(&candidate.member, new)),
            Some(target) => {
                let importing = target.importing || new.importing;
                if fullness(&new.view) > fullness(&target.view) {
                    *target = new;
                }
                target.importing = importing;
            }
        }
    }
    targets.into_values().collect()
}

/// A canonical certificate that the hub itself stored.
#[must_use]
pub fn stored(canonical: &[u8]) -> Option<Certificate> {
    let decoded = decode::decode(Syntax::Json, canonical, &decode::limit::Limits::DEFAULT).ok()?;
    Some(map::canonical::map(&decoded.document).certificate)
}

/// Who is named by the importing country alone: of a certificate the hub never saw there is nothing else.
///
/// # Errors
/// As [`plan`]: the country is no party to the agreement.
pub fn plan_abroad(of: &Abroad<'_>) -> Result<Plan, Finding> {
    let mut certificate = Certificate::default();
    for field in of.agreement.importing_party.iter().take(1) {
        certificate.set(top(*field), Value::Code(of.country.to_owned()));
    }
    if let Some(field) = Field::named("issueDate") {
        certificate.set(top(field), Value::Date(of.day.clone()));
    }
    let Abroad { region, agreement, source, test, .. } = *of;
    plan(&Case { region, agreement, source, certificate: &certificate, test })
}

/// Works out the targets of a certificate.
///
/// # Errors
/// A severe finding: the fields that name the importing party disagree, or name no party.
pub fn plan(case: &Case<'_>) -> Result<Plan, Finding> {
    let mut plan = Plan::default();
    let named = importing_parties(case)?;
    if named.is_empty() {
        let advice = "the certificate names no importing country; it goes nowhere until an amendment or the hub's operator addresses it, and then to that member with all its changes";
        plan.findings.push(Finding::warning(Reason::DestinationMissing, advice));
    }
    plan.candidates.extend(named.iter().map(|named| importing(case, named)));
    plan.candidates.extend(case.agreement.copies.iter().map(|copy| {
        let because = format!("copy rule \"{}\"", copy.name);
        let applies = copy.when.as_ref().is_none_or(|(field, values)| {
            case.certificate.all(*field).any(|(_, value)| values.contains(&value.to_string()))
        });
        let decision = match (applies, passable(case, &copy.to)) {
            (false, _) => Err(Obstacle::no_link("its condition does not hold")),
            (true, Err(why)) => Err(why),
            (true, Ok(())) => Ok(()),
        };
        Candidate { member: copy.to.clone(), because, importing: None, view: copy.view.clone(), decision }
    }));
    Ok(plan)
}

/// An importing country, with the field that named it.
struct Named {
    /// Country, or the code of a union with one centre.
    code: String,
    /// The field.
    field: Field,
    /// The rule in words.
    because: String,
}

/// The importing countries: none when no field names one.
fn importing_parties(case: &Case<'_>) -> Result<Vec<Named>, Finding> {
    let stated: Vec<(Field, String)> = case
        .agreement
        .importing_party
        .iter()
        .filter_map(|field| Some((*field, case.certificate.at(*field, Index::TOP)?.to_string())))
        .collect();
    let countries: BTreeSet<&str> =
        stated.iter().map(|(_, code)| code.as_str()).filter(|code| case.union(code).is_none()).collect();
    let Some((field, code)) = stated.iter().find(|(_, code)| case.union(code).is_none()).or(stated.first())
    else {
        return Ok(Vec::new());
    };
    let outside =
        |other: &str| case.union(other).is_some_and(|union| other != code && !union.members.contains(code));
    if countries.len() > 1 || stated.iter().any(|(_, other)| outside(other)) {
        let fields = stated.iter().map(|(field, _)| field.path()).collect::<Vec<_>>().join(", ");
        let advice = format!("the fields that name the importing country disagree: {fields}");
        return Err(Finding::severe(Reason::DestinationConflict, advice).about(top(*field)));
    }
    expand(case, *field, code)
}

/// A country stands for itself; a union for its centre, the country named within it, or all its countries.
fn expand(case: &Case<'_>, field: Field, code: &str) -> Result<Vec<Named>, Finding> {
    let because = format!("importing party by {field}");
    let named = |code: &str, because: String| Named { code: code.to_owned(), field, because };
    let not_party = |what: &str| {
        let advice =
            format!("{what} is no party to the agreement; correct the importing country or the agreement");
        Finding::severe(Reason::DestinationNotParty, advice).about(top(field))
    };
    if let Some(union) = case.union(code) {
        let because = format!("{because}, union {code}");
        return match union.deliver {
            UnionDelivery::Central(_) => Ok(vec![named(code, because)]),
            UnionDelivery::All => {
                Ok(union.members.iter().map(|country| named(country, because.clone())).collect())
            }
            UnionDelivery::Named => Err(not_party("a union without a country named within it")),
        };
    }
    let on = match case.certificate.top("issueDate") {
        Some(Value::Date(date)) => Some(date),
        _ => None,
    };
    if on.is_some_and(|on| case.agreement.is_party(code, on)) {
        Ok(vec![named(code, because)])
    } else {
        Err(not_party("the importing country"))
    }
}

/// The customs that receives for a country, or the centre of a union.
fn importing(case: &Case<'_>, named: &Named) -> Candidate {
    let centre = case.union(&named.code).and_then(|union| match &union.deliver {
        UnionDelivery::Central(member) => Some(member),
        UnionDelivery::Named | UnionDelivery::All => None,
    });
    let customs = || case.region.customs_of(&named.code).map(|member| &member.id);
    let (member, decision) = match centre.or_else(customs) {
        Some(member) => (member, passable(case, member)),
        None => (
            case.source,
            Err(Obstacle::no_link("no member of the hub receives for the importing country yet")),
        ),
    };
    let because = named.because.clone();
    let (member, importing, view) = (member.clone(), Some(named.field), CopyView::Full);
    Candidate { member, because, importing, view, decision }
}

impl<'a> Case<'a> {
    fn union(&self, code: &str) -> Option<&'a Union> {
        self.agreement.unions.iter().find(|union| union.code == code)
    }
}

fn top(field: Field) -> Place {
    Place { field, index: Index::TOP }
}

/// Whether traffic of this kind may pass from the source to a member.
pub(super) fn passable(case: &Case<'_>, to: &MemberId) -> Result<(), Obstacle> {
    let no_link = |why: String| Err(Obstacle::no_link(why));
    let Some(member) = case.region.members.get(to) else {
        return no_link("the member is unknown".to_owned());
    };
    if to == case.source {
        return no_link("it is the source itself".to_owned());
    }
    if member.suspended {
        return Err(Obstacle::suspended(format!("member {to} is suspended")));
    }
    match (case.agreement.link(case.source, to), case.test) {
        (Some(LinkState::Pilot | LinkState::Live), false) => Ok(()),
        (Some(LinkState::Test), true) if case.region.place(member, true).is_some() => Ok(()),
        (Some(LinkState::Test), true) => {
            let why = format!(
                "member {to} is live and names no sandbox; test traffic never reaches a live endpoint, so it goes nowhere until the hub knows a sandbox of {to}"
            );
            Err(Obstacle { reason: Reason::TestNotAllowed, ..Obstacle::no_link(why) })
        }
        (Some(LinkState::Pilot | LinkState::Live), true) => {
            let why = format!("the link to {to} takes no test traffic; send without CoO-Test");
            Err(Obstacle { reason: Reason::TestNotAllowed, ..Obstacle::no_link(why) })
        }
        (Some(LinkState::Test), false) => {
            no_link(format!("the link to {to} takes test traffic only; send with CoO-Test"))
        }
        (Some(LinkState::Suspended), _) => Err(Obstacle::suspended(format!("the link to {to} is suspended"))),
        (None, _) => no_link(format!("there is no link to {to} under this agreement")),
    }
}

fn fullness(view: &CopyView) -> u8 {
    match view {
        CopyView::Notice => 0,
        CopyView::Minimised(_) => 1,
        CopyView::Full => 2,
    }
}
