//! When a member is not to be delivered to: windows of its week, in its own time zone. Pure.
//!
//! A window belongs to the days on which it begins and may end on the next; `"Sat 23:00-01:00 Asia/Bishkek"` ends on
//! Sunday. Wall time is meant: where clocks change, a window begins and ends when the clock on the wall says so.

use std::fmt;

use jiff::{
    Timestamp as Instant, ToSpan as _,
    civil::{Time, Weekday},
    tz::TimeZone,
};

use crate::model::time::Timestamp;

/// Most windows one member may have.
pub const WINDOWS_MAX: usize = 16;

/// The windows of a member.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Maintenance {
    /// The windows, in the order of the file.
    pub windows: Vec<Window>,
}

/// A stretch of time that comes back every week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// Days on which it begins, Monday first.
    days: [bool; 7],
    from: Time,
    until: Time,
    zone: TimeZone,
    /// The window as it was written.
    text: String,
}

impl Maintenance {
    /// When the maintenance that goes on at `now` ends, if one does: the end of windows that touch or overlap.
    ///
    /// **Bounds:** looks [`WINDOWS_MAX`] windows ahead; where they leave no gap at all, to the end of the last of them.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Option<Timestamp> {
        let mut end = None;
        for _ in 0..=self.windows.len() {
            let at = end.unwrap_or(now);
            match self.windows.iter().filter_map(|window| window.over(at)).max() {
                Some(later) => end = Some(later),
                None => break,
            }
        }
        end
    }
}

impl Window {
    /// Reads `Sun 02:00-04:00 Africa/Nairobi`; instead of one day also `Mon-Fri` or `daily`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split_whitespace().collect();
        let [days, times, zone] = parts.as_slice() else {
            return Err(format!("\"{text}\" is not a day, a time and a zone"));
        };
        let days = parse_days(days).ok_or_else(|| format!("\"{days}\" is no day of the week"))?;
        let wrong = || format!("\"{times}\" is no stretch of time");
        let (from, until) = times.split_once('-').ok_or_else(wrong)?;
        let (from, until) = parse_time(from).zip(parse_time(until)).ok_or_else(wrong)?;
        if from == until {
            return Err(format!("\"{times}\" ends when it begins"));
        }
        let zone = TimeZone::get(zone).map_err(|_| format!("\"{zone}\" is not an IANA time zone"))?;
        Ok(Self { days, from, until, zone, text: text.to_owned() })
    }

    /// The window as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When the window that is open at `now` ends, if it is open.
    fn over(&self, now: Timestamp) -> Option<Timestamp> {
        let local = Instant::from_millisecond(now.0).ok()?.to_zoned_datetime(self.zone.clone());
        // It may have begun yesterday.
        [local.date().yesterday().ok()?, local.date()].into_iter().find_map(|day| {
            if !self.begins_on(day.weekday()) {
                return None;
            }
            let last = if self.until > self.from { day } else { day.checked_add(1.day()).ok()? };
            let instant = |day: jiff::civil::Date, time| {
                let zoned = day.to_datetime(time).to_zoned_datetime(self.zone.clone()).ok()?;
                Some(Timestamp(zoned.timestamp().as_millisecond()))
            };
            let (from, until) = (instant(day, self.from)?, instant(last, self.until)?);
            (from <= now && now < until).then_some(until)
        })
    }

    fn begins_on(&self, day: Weekday) -> bool {
        let position = usize::try_from(day.to_monday_zero_offset()).unwrap_or(usize::MAX);
        self.days.get(position).copied().unwrap_or(false)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = DAYS.iter().zip(self.days).filter(|(_, begins)| *begins).map(|(day, _)| *day);
        let days =
            if self.days == [true; 7] { "daily".to_owned() } else { days.collect::<Vec<_>>().join(",") };
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{days} {}-{} {zone}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn parse_days(text: &str) -> Option<[bool; 7]> {
    if text == "daily" {
        return Some([true; 7]);
    }
    let position = |name: &str| DAYS.iter().position(|day| *day == name);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (position(first)?, position(last)?),
        None => (position(text)?, position(text)?),
    };
    let mut days = [false; 7];
    for (at, day) in days.iter_mut().enumerate() {
        // `Sat-Mon` goes over the end of the week.
        *day = if first <= last { (first..=last).contains(&at) } else { at >= first || at <= last };
    }
    Some(days)
}

/// `02:00`; `24:00` is the midnight at the end of the day.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    Time::new(if hour == 24 && minute == 0 { 0 } else { hour }, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn over(windows: &[&str], now: &str) -> Option<String> {
        let windows = windows.iter().map(|text| Window::parse(text).unwrap()).collect();
        Maintenance { windows }.over(at(now)).map(|end| end.to_string())
    }

    #[test]
    fn a_window_is_open_from_its_beginning_to_just_before_its_end() {
        // 2026-11-29 is a Sunday; Nairobi is three hours ahead.
        let window = ["Sun 02:00-04:00 Africa/Nairobi"];
        assert_eq!(over(&window, "2026-11-28T22:59:59.999Z"), None);
        let end = Some("2026-11-29T01:00:00.000Z".to_owned());
        assert_eq!(over(&window, "2026-11-28T23:00:00Z"), end);
        assert_eq!(over(&window, "2026-11-29T00:59:59.999Z"), end);
        assert_eq!(over(&window, "2026-11-29T01:00:00Z"), None);
        assert_eq!(over(&window, "2026-11-30T00:00:00Z"), None);
    }

    #[test]
    fn a_window_may_end_on_the_next_day_and_windows_that_touch_are_one() {
        let end = Some("2026-11-29T01:00:00.000Z".to_owned());
        assert_eq!(over(&["Sat 23:00-01:00 UTC"], "2026-11-29T00:30:00Z"), end);
        assert_eq!(over(&["Sat 23:00-01:00 UTC"], "2026-11-28T00:30:00Z"), None);
        let day = ["Sat 20:00-24:00 UTC", "Sun 00:00-02:00 UTC"];
        assert_eq!(over(&day, "2026-11-28T21:00:00Z").as_deref(), Some("2026-11-29T02:00:00.000Z"));
    }

    #[test]
    fn days_may_be_a_range_or_all() {
        let friday = "2026-11-27T03:00:00Z";
        assert!(over(&["Mon-Fri 02:00-04:00 UTC"], friday).is_some());
        assert!(over(&["Sat-Tue 02:00-04:00 UTC"], friday).is_none());
        assert!(over(&["Sat-Tue 02:00-04:00 UTC"], "2026-11-30T03:00:00Z").is_some());
        assert!(over(&["daily 02:00-04:00 UTC"], friday).is_some());
    }

    #[test]
    fn a_window_follows_the_clock_on_the_wall() {
        // Clocks in Berlin are set back on 2026-10-25 at 03:00: the window of two hours lasts three.
        let window = ["Sun 02:00-04:00 Europe/Berlin"];
        assert_eq!(over(&window, "2026-10-25T00:00:00Z").as_deref(), Some("2026-10-25T03:00:00.000Z"));
    }

    #[test]
    fn windows_without_a_gap_end_somewhere() {
        assert!(over(&["daily 00:00-23:00 UTC", "daily 22:00-01:00 UTC"], "2026-11-27T03:00:00Z").is_some());
    }

    #[test]
    fn what_is_no_window_is_said_in_words() {
        let wrong = |text| Window::parse(text).unwrap_err();
        assert_eq!(wrong("02:00-04:00 UTC"), "\"02:00-04:00 UTC\" is not a day, a time and a zone");
        assert_eq!(wrong("Funday 02:00-04:00 UTC"), "\"Funday\" is no day of the week");
        assert_eq!(wrong("Sun 02:00 UTC"), "\"02:00\" is no stretch of time");
        assert_eq!(wrong("Sun 2:00-25:00 UTC"), "\"2:00-25:00\" is no stretch of time");
        assert_eq!(wrong("Sun 02:00-02:00 UTC"), "\"02:00-02:00\" ends when it begins");
        assert_eq!(wrong("Sun 02:00-04:00 Africa/Nowhere"), "\"Africa/Nowhere\" is not an IANA time zone");
    }
}
