//! The values a certificate holds: checked when made, printed back exactly as they came.
//!
//! A decimal keeps its digits (`4500.000000` stays that), a date keeps its zone or its lack of one, a text is never
//! trimmed, split or transliterated.

use std::fmt;

use super::time::Timestamp;

/// Longest decimal, in characters: the widest real format (Russian FTS, 24 digits with 6 decimals) fits twice.
pub const DECIMAL_CHARACTERS_MAX: usize = 64;

/// What a dictionary field holds, from its WCO format notation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `an..N`: text of at most N characters.
    Text(usize),
    /// A code of at most N characters (`a2`, `an..3` with a code list).
    Code(usize),
    /// `n..T,F`: a decimal of at most T digits, F of them after the point.
    Decimal(usize, usize),
    /// A calendar date, with or without time and zone.
    Date,
    /// True or false.
    Flag,
}

/// One checked value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Free text, as written.
    Text(String),
    /// A code of some list, as the canonical list spells it.
    Code(String),
    /// A decimal, as written.
    Decimal(Decimal),
    /// A date, as written.
    Date(Date),
    /// A yes or no.
    Flag(bool),
}

/// Why a text is not a value of its kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// Longer than the dictionary allows.
    #[error("has {have} characters, at most {most} are allowed")]
    TooLong {
        /// Characters found.
        have: usize,
        /// Characters allowed.
        most: usize,
    },
    /// Not a decimal number.
    #[error("is not a decimal number such as 1250.75")]
    NotDecimal,
    /// More digits than the dictionary allows.
    #[error("has too many digits: at most {total} in all, {fraction} after the point")]
    TooPrecise {
        /// Digits in all.
        total: usize,
        /// Digits after the point.
        fraction: usize,
    },
    /// Not a date of the calendar.
    #[error("is not a date such as 2026-03-31 or 2026-03-31T08:00:00Z")]
    NotDate,
    /// Neither true nor false.
    #[error("is neither true nor false")]
    NotFlag,
}

impl Value {
    /// Reads the canonical spelling of a value of `kind`.
    ///
    /// # Errors
    /// [`Misfit`] says what the text would have to be.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, Misfit> {
        match kind {
            Kind::Text(most) => within(text, most).map(Self::Text),
            Kind::Code(most) => within(text, most).map(Self::Code),
            Kind::Decimal(total, fraction) => {
                let decimal = Decimal::new(text).ok_or(Misfit::NotDecimal)?;
                if decimal.fits(total, fraction) {
                    Ok(Self::Decimal(decimal))
                } else {
                    Err(Misfit::TooPrecise { total, fraction })
                }
            }
            Kind::Date => Date::new(text).map(Self::Date).ok_or(Misfit::NotDate),
            Kind::Flag => match text {
                "true" => Ok(Self::Flag(true)),
                "false" => Ok(Self::Flag(false)),
                _ => Err(Misfit::NotFlag),
            },
        }
    }
}

impl fmt::Display for Value {
    /// The canonical spelling, which [`Value::parse`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Code(text) => f.write_str(text),
            Self::Decimal(decimal) => f.write_str(decimal.as_str()),
            Self::Date(date) => f.write_str(date.as_str()),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

fn within(text: &str, most: usize) -> Result<String, Misfit> {
    let have = text.chars().count();
    if have > most { Err(Misfit::TooLong { have, most }) } else { Ok(text.to_owned()) }
}

/// A decimal number that keeps the digits it was written with. No exponent, no sign but `-`, no separators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal(String);

impl Decimal {
    /// Accepts the lexical form of `xs:decimal` (a leading `+` is refused), up to [`DECIMAL_CHARACTERS_MAX`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let some = !(whole.is_empty() && fraction.is_empty());
        (text.len() <= DECIMAL_CHARACTERS_MAX && some && numeric(whole) && numeric(fraction))
            .then(|| Self(text.to_owned()))
    }

    /// The number as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the value (leading and trailing zeros aside, as `xs:fractionDigits` counts) has at most `total` digits,
    /// `fraction` of them after the point.
    #[must_use]
    pub fn fits(&self, total: usize, fraction: usize) -> bool {
        let (whole, decimals) = self.significant();
        decimals.len() <= fraction && whole.len() + decimals.len() <= total
    }

    /// Whether both are the same number, however they are written.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        let zero = |d: &Self| d.significant() == ("", "");
        let sign = |d: &Self| d.0.starts_with('-') && !zero(d);
        self.significant() == other.significant() && sign(self) == sign(other)
    }

    fn significant(&self) -> (&str, &str) {
        let digits = self.0.strip_prefix('-').unwrap_or(&self.0);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        (whole.trim_start_matches('0'), fraction.trim_end_matches('0'))
    }
}

/// A date of the calendar with whatever the source added to it: nothing, a time, a time and a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Date {
    text: String,
    day: jiff::civil::Date,
    zoned: Option<jiff::Timestamp>,
}

impl Date {
    /// Reads `2026-03-31`, `2026-03-31T08:00:00[.fraction]` or the latter with `Z` or an offset.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let day = if day.len() == 10 { day.parse::<jiff::civil::Date>().ok()? } else { return None };
        let Some(time) = time else { return Some(Self { text: text.to_owned(), day, zoned: None }) };
        let clock = time.trim_end_matches('Z');
        let clock = clock.split(['+', '-']).next().unwrap_or(clock);
        if clock.len() < 8 || clock.parse::<jiff::civil::Time>().is_err() {
            return None;
        }
        let zoned = if clock.len() < time.len() { Some(text.parse::<jiff::Timestamp>().ok()?) } else { None };
        Some(Self { text: text.to_owned(), day, zoned })
    }

    /// The calendar day of an instant, in UTC.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let day = jiff::tz::Offset::UTC.to_datetime(instant).date();
        Self { text: day.to_string(), day, zoned: None }
    }

    /// The date as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day on the calendar of whoever wrote it: never shifted by a zone.
    #[must_use]
    pub fn day(&self) -> jiff::civil::Date {
        self.day
    }

    /// The instant in milliseconds since 1970 UTC, when the text states a zone.
    #[must_use]
    pub fn instant(&self) -> Option<Timestamp> {
        self.zoned.map(|z| Timestamp(z.as_millisecond()))
    }

    /// The first and the last instant the text may mean, read in an IANA zone where it states none.
    ///
    /// A time is the same instant twice, except in the hour that a clock put back repeats; a day is the whole day. `None`
    /// when there is no such zone.
    #[must_use]
    pub fn span(&self, zone: &str) -> Option<(Timestamp, Timestamp)> {
        if let Some(at) = self.instant() {
            return Some((at, at));
        }
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let millis = |at: jiff::Timestamp| Timestamp(at.as_millisecond());
        if self.is_moment() {
            let written = zone.to_ambiguous_timestamp(self.text.parse().ok()?);
            let (earlier, later) = (millis(written.earlier().ok()?), millis(written.later().ok()?));
            return Some((earlier.min(later), earlier.max(later)));
        }
        // The last day of the calendar, in zones that have not reached it, has no instant: it is later than any.
        let start = |day: jiff::civil::Date| {
            zone.to_timestamp(day.at(0, 0, 0, 0)).map_or(Timestamp(i64::MAX), millis)
        };
        let next = self.day.tomorrow().map_or(Timestamp(i64::MAX), start);
        Some((start(self.day), Timestamp(next.0.saturating_sub(1))))
    }

    /// Whether the text states more than a day: a zone, or a time other than midnight.
    #[must_use]
    pub fn is_moment(&self) -> bool {
        let timed = |(_, time): (&str, &str)| time.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        self.zoned.is_some() || self.text.split_once('T').is_some_and(timed)
    }

    /// Whether the text states a time of day.
    #[must_use]
    pub fn has_time(&self) -> bool {
        self.text.contains('T')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_print_back_as_they_came_and_are_measured_by_value() {
        let real = Decimal::new("4500.000000").unwrap();
        assert_eq!(real.as_str(), "4500.000000");
        assert!(real.fits(16, 4));
        assert!(real.equals(&Decimal::new("4500").unwrap()));
        assert!(!Decimal::new("0.12345").unwrap().fits(16, 4));
        for bad in ["", ".", "1e5", "1,5", "+1", "--1", "1.2.3", " 1"] {
            assert!(Decimal::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_zoneless_date_keeps_its_day_and_has_no_instant() {
        let date = Date::new("2018-09-12T00:00:00").unwrap();
        assert_eq!(date.day().to_string(), "2018-09-12");
        assert_eq!(date.instant(), None);
        assert!(!date.is_moment());
        assert!(Date::new("2018-09-12T00:00:01").is_some_and(|date| date.is_moment()));
        assert!(Date::new("2018-09-12T00:00:00Z").is_some_and(|date| date.is_moment()));
    }

    #[test]
    fn a_day_is_the_whole_day_in_its_zone_and_a_time_is_one_instant() {
        let span = |text: &str, zone: &str| {
            let (from, until) = Date::new(text).unwrap().span(zone).unwrap();
            format!("{from} {until}")
        };
        let recife = "America/Recife"; // three hours behind UTC, all year
        assert_eq!(span("2026-03-01", recife), "2026-03-01T03:00:00.000Z 2026-03-02T02:59:59.999Z");
        assert_eq!(span("2026-03-01T00:00:00", recife), span("2026-03-01", recife));
        assert_eq!(span("2026-03-01T10:00:00", recife), "2026-03-01T13:00:00.000Z 2026-03-01T13:00:00.000Z");
        assert_eq!(span("2026-03-01T10:00:00Z", recife), "2026-03-01T10:00:00.000Z 2026-03-01T10:00:00.000Z");
        // The hour that Lisbon had twice, and the days that are short and long there.
        assert_eq!(
            span("2026-10-25T01:30:00", "Europe/Lisbon"),
            "2026-10-25T00:30:00.000Z 2026-10-25T01:30:00.000Z"
        );
        assert_eq!(span("2026-03-29", "Europe/Lisbon"), "2026-03-29T00:00:00.000Z 2026-03-29T22:59:59.999Z");
        assert!(Date::new("2026-03-01").unwrap().span("Europe/Atlantis").is_none());
        let last = Date::new("9999-12-31").unwrap().span("America/Recife").unwrap();
        assert_eq!(last, (Timestamp(i64::MAX), Timestamp(i64::MAX - 1)), "later than any");
    }

    #[test]
    fn seven_fraction_digits_and_an_offset_are_read() {
        let date = Date::new("2018-09-14T09:24:33.2592964-03:00").unwrap();
        assert_eq!(date.day().to_string(), "2018-09-14");
        assert_eq!(date.instant().unwrap().to_string(), "2018-09-14T12:24:33.259Z");
    }

    #[test]
    fn days_that_are_not_on_the_calendar_are_refused() {
        for bad in ["2026-02-30", "2026-13-01", "20260101", "2026-01-01T25:00:00", "2026-01-01T", "2026-1-1"]
        {
            assert!(Date::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn text_is_measured_in_characters_at_and_past_the_limit() {
        assert!(Value::parse(Kind::Text(3), "ñññ").is_ok());
        assert_eq!(Value::parse(Kind::Text(3), "ññññ"), Err(Misfit::TooLong { have: 4, most: 3 }));
    }
}
