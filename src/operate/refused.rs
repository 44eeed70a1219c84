//! What the hub refused lately: how often, whom and why.

use serde_json::{Value, json};

use super::Operate;
use crate::{
    model::value::Date,
    store::{Fault, refused},
};

impl Operate {
    /// Refusals of the last days, today (UTC) among them: the newest day first, then by member, the most frequent first.
    ///
    /// **Bounds:** [`refused::DAYS_MAX`] days.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn refused(&self, days: i64) -> Result<Vec<Value>, Fault> {
        let today = refused::day(self.clock.now());
        let mut found = self.store.refused_since(today - days.clamp(1, refused::DAYS_MAX) + 1).await?;
        found.sort_by(|a, b| (b.day, &a.member, b.count).cmp(&(a.day, &b.member, a.count)));
        let told = found.iter().map(|one| {
            json!({
                "day": Date::of(one.begins()).as_str(),
                "daysAgo": today - one.day,
                "member": one.member.as_str(),
                "reason": one.reason.code(),
                "count": one.count,
            })
        });
        Ok(told.collect())
    }
}
