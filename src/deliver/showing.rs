//! What of a certificate its target may see under the region as it is now: asked at every claim that follows a reload,
//! and whenever the original is fetched.

use super::{
    Handles,
    entitlement::{allowed, entitled, shows_no_more, still_whole},
    headers::shows_original,
};
use crate::{
    model::delivery::State,
    region::{Region, agreement::CopyView},
    route::plan,
    store::{
        Fault,
        record::{Body, Cargo, Delivery, Role},
    },
};

impl Handles {
    /// Whether what was rendered shows the target no more than the rules now allow.
    ///
    /// Costs nothing while the region is the one it was routed under, and one look at the certificate after a reload.
    pub(super) async fn may_see(
        &self,
        region: &Region,
        delivery: &Delivery,
        body: &Body,
    ) -> Result<bool, Fault> {
        if delivery.cargo != Cargo::Certificate || delivery.config == Some(region.digest) {
            return Ok(true);
        }
        if let Some(answer) = self.sight.recall(region.digest, delivery.id) {
            return Ok(answer);
        }
        let allowed = self.allowed(region, delivery).await?;
        let answer = allowed.is_some_and(|allowed| shows_no_more(delivery.view, body, &allowed));
        self.sight.keep(region.digest, delivery.id, answer);
        Ok(answer)
    }

    /// Whether a delivery that is held as not entitled could go out now.
    pub(super) async fn is_entitled_again(
        &self,
        region: &Region,
        delivery: &Delivery,
    ) -> Result<bool, Fault> {
        if !entitled(region, delivery) {
            return Ok(false);
        }
        match self.store.sending(delivery.id).await? {
            Some(sending) => self.may_see(region, delivery, &sending.body).await,
            None => Ok(false),
        }
    }

    /// Whether a target may see the original and the attachments behind a delivery that it may have seen.
    ///
    /// The full view counts as it is now: a rule that was cut, or a later version that showed less or was withdrawn,
    /// shuts what was open before.
    pub(super) async fn shows_whole(&self, region: &Region, delivery: &Delivery) -> Result<bool, Fault> {
        let held = matches!(delivery.life.state, State::Held { .. });
        if held || !shows_original(delivery) || !entitled(region, delivery) {
            return Ok(false);
        }
        let sent = self.store.sent_to(delivery.message).await?;
        if !still_whole(delivery, &sent) {
            return Ok(false);
        }
        let same = delivery.config == Some(region.digest);
        Ok(same || self.allowed(region, delivery).await? == Some(CopyView::Full))
    }

    async fn allowed(&self, region: &Region, delivery: &Delivery) -> Result<Option<CopyView>, Fault> {
        let canonical = self.store.body(delivery.message, Role::Canonical).await?;
        let certificate = canonical.and_then(|body| plan::stored(&body.bytes));
        Ok(certificate.and_then(|certificate| allowed(region, delivery, &certificate)))
    }
}
