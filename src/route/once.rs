//! One copy more, by an operator's word: a certificate planned and rendered anew for one target, under the region of the
//! moment. Pure but for the loading.

use uuid::Uuid;

use super::{
    Loaded,
    comparing::Named,
    delivering::Case,
    plan::{self, Obstacle, Plan, Target},
};
use crate::{
    model::{
        certificate::Certificate,
        envelope::Function,
        finding::Finding,
        id::{DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    region::{Region, agreement::CopyView},
    store::{
        Fault, Store,
        record::{Message, NewDelivery, Role},
        sent::{ADDRESSED, Before, Gap},
    },
};

/// A certificate that was routed before, with what a copy is made from.
pub struct Once {
    loaded: Loaded,
    certificate: Certificate,
    /// What was routed of its chain.
    before: Before,
}

impl Once {
    /// Loads the certificate of a message; `None` when it carries none.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn load(store: &Store, message: Message) -> Result<Option<Self>, Fault> {
        let canonical = store.body(message.id, Role::Canonical).await?;
        let Some(certificate) = canonical.as_ref().and_then(|body| plan::stored(&body.bytes)) else {
            return Ok(None);
        };
        let original = store.body(message.id, Role::Original).await?;
        let before = store.before(message.id).await?;
        Ok(Some(Self { loaded: Loaded { message, original, canonical }, certificate, before }))
    }

    /// A copy for a target that the plan of today still names, in the form and view it has today.
    ///
    /// # Errors
    /// Why it may not have one, or cannot.
    pub fn again(&self, region: &Region, target: &MemberId, now: Timestamp) -> Result<NewDelivery, Obstacle> {
        let plan = self.plan(&self.case(region)?)?;
        let no_longer = || {
            let why = format!("the agreement of today names {target} no more, or no open link leads there");
            obstacle(Reason::NotEntitled, why)
        };
        let named = plan.targets().into_iter().find(|named| named.member == *target);
        self.copy(region, named.ok_or_else(no_longer)?, None, now)
    }

    /// The whole certificate for a member that an operator names, where no field names an importing country that the
    /// region of today knows, or one of this very member's.
    ///
    /// # Errors
    /// [`Reason::AlreadyAddressed`] when a field names another's; else why the member may not have it, or cannot.
    pub fn addressed(
        &self,
        region: &Region,
        target: &MemberId,
        now: Timestamp,
    ) -> Result<NewDelivery, Obstacle> {
        let case = self.case(region)?;
        let names = |plan: &Plan| plan.targets().iter().any(|it| it.importing && it.member == *target);
        if self.plan(&case).is_ok_and(|plan| !plan.is_unaddressed(case.source) && !names(&plan)) {
            let why = "the certificate names its importing country itself".to_owned();
            return Err(obstacle(Reason::AlreadyAddressed, why));
        }
        plan::passable(&case, target)?;
        let because = format!("{ADDRESSED} an operator");
        let gap = match (self.loaded.message.function, self.before.follows) {
            (Function::Original, _) => None,
            (_, false) => Some(Gap::Hub),
            (_, true) => Some(Gap::Target),
        };
        let named = Target { member: target.clone(), because, view: CopyView::Full, importing: true };
        self.copy(region, named, gap, now)
    }

    fn case<'a>(&'a self, region: &'a Region) -> Result<plan::Case<'a>, Obstacle> {
        let message = &self.loaded.message;
        let gone = || obstacle(Reason::NotEntitled, "the region no longer has its agreement".to_owned());
        let agreement = region.agreements.get(&message.subject.agreement).ok_or_else(gone)?;
        let Self { certificate, .. } = self;
        Ok(plan::Case { region, agreement, source: &message.source, certificate, test: message.test })
    }

    fn plan(&self, case: &plan::Case<'_>) -> Result<Plan, Obstacle> {
        plan::plan(case).map_err(|Finding { reason, advice, .. }| obstacle(reason, advice))
    }

    fn copy(
        &self,
        region: &Region,
        target: Target,
        gap: Option<Gap>,
        now: Timestamp,
    ) -> Result<NewDelivery, Obstacle> {
        let case = Case { region, now, sent: &[], before: self.before, answered: None };
        let why = format!("the form of {} cannot be filled", target.member);
        let named = Named { target, held: None, gap };
        let copy = case.copy(&self.loaded, &self.certificate, &named);
        let sendable = copy.filter(|copy| copy.held.is_none() && copy.body.is_some());
        // Repeats of one message are deliveries of their own, so their ids are not made from it.
        let id = DeliveryId(Uuid::now_v7());
        sendable.map(|copy| NewDelivery { id, ..copy }).ok_or_else(|| obstacle(Reason::Unrenderable, why))
    }
}

fn obstacle(reason: Reason, why: String) -> Obstacle {
    Obstacle { reason, why, suspended: false }
}
