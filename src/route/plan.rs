//! Who must have a certificate, and why: a pure function of region, agreement and certificate.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        finding::Finding,
        id::MemberId,
        reason::Reason,
        value::Value,
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

/// A member that was considered, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The member.
    pub member: MemberId,
    /// The rule that named it, in words.
    pub because: String,
    /// The field that names it as the importing party; `None` for a copy.
    pub importing: Option<Field>,
    /// How much it gets, or why it gets nothing.
    pub decision: Result<CopyView, Obstacle>,
}

/// Why a candidate gets nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obstacle {
    /// Coded.
    pub reason: Reason,
    /// In words.
    pub why: String,
}

impl Obstacle {
    fn no_link(why: impl Into<String>) -> Self {
        Self { reason: Reason::NoLink, why: why.into() }
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
}

impl Plan {
    /// What keeps the certificate from an importing party, as severe findings.
    #[must_use]
    pub fn obstacles(&self) -> Vec<Finding> {
        let blocked = self.candidates.iter().filter_map(|candidate| {
            let place = Place { field: candidate.importing?, index: Index::TOP };
            let Obstacle { reason, why } = candidate.decision.as_ref().err()?;
            Some(Finding::severe(*reason, why.clone()).about(place))
        });
        blocked.collect()
    }

    /// One target per member, each with its fullest view.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let mut targets: BTreeMap<&MemberId, Target> = BTreeMap::new();
        for candidate in &self.candidates {
            let Ok(view) = &candidate.decision else { continue };
            match targets.get_mut(&candidate.member) {
                None => {
                    let Candidate { member, because, .. } = candidate.clone();
                    targets.insert(&candidate.member, Target { member, because, view: view.clone() });
                }
                Some(target) if fullness(view) > fullness(&target.view) => {
                    target.view = view.clone();
                    target.because = candidate.because.clone();
                }
                Some(_) => {}
            }
        }
        targets.into_values().collect()
    }
}

/// Works out the targets of a certificate.
///
/// # Errors
/// A severe finding: the fields that name the importing party disagree, or name no party.
pub fn plan(case: &Case<'_>) -> Result<Plan, Finding> {
    let mut plan = Plan::default();
    let named = importing_parties(case)?;
    if named.is_empty() {
        let advice = "the certificate names no importing country; it is stored and goes nowhere until an amendment addresses it";
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
            (true, Ok(())) => Ok(copy.view.clone()),
        };
        Candidate { member: copy.to.clone(), because, importing: None, decision }
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
        Some(member) => (member, passable(case, member).map(|()| CopyView::Full)),
        None => (
            case.source,
            Err(Obstacle::no_link("no member of the hub receives for the importing country yet")),
        ),
    };
    let because = named.because.clone();
    Candidate { member: member.clone(), because, importing: Some(named.field), decision }
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
fn passable(case: &Case<'_>, to: &MemberId) -> Result<(), Obstacle> {
    let no_link = |why: String| Err(Obstacle::no_link(why));
    let Some(member) = case.region.members.get(to) else {
        return no_link("the member is unknown".to_owned());
    };
    if to == case.source {
        return no_link("it is the source itself".to_owned());
    }
    if member.suspended {
        return no_link(format!("member {to} is suspended"));
    }
    match (case.agreement.link(case.source, to), case.test) {
        (Some(LinkState::Pilot | LinkState::Live), false) | (Some(LinkState::Test), true) => Ok(()),
        (Some(LinkState::Pilot | LinkState::Live), true) => {
            let why = format!("the link to {to} takes no test traffic; send without CoO-Test");
            Err(Obstacle { reason: Reason::TestNotAllowed, why })
        }
        (Some(LinkState::Test), false) => {
            no_link(format!("the link to {to} takes test traffic only; send with CoO-Test"))
        }
        (Some(LinkState::Suspended), _) => no_link(format!("the link to {to} is suspended")),
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
