//! One value, read from the document's spelling and written back to it.
//!
//! [`Form::write`] says besides the text what reading it again gives, so that `render` knows what arrives.

use crate::{
    decode::document::Scalar,
    model::{
        reason::Reason,
        value::{Date, Decimal, Kind, Misfit, Value},
    },
};

use super::{DateForm, path::Target, plan::SharedCodes, uri};

/// How a leaf's text becomes a value.
#[derive(Clone, Debug)]
pub enum Form {
    /// Text or code as it stands; `true`: runs of white space are one space (`xs:token`).
    Text(bool),
    /// Text behind a fixed prefix (`unece.un.org:locode:`).
    Prefixed(String),
    /// An identifier where the format has a URI; one that is none is written behind this prefix.
    Uri(String),
    /// A Harmonized System code with dots; canonical codes have digits only.
    HsDotted,
    /// A decimal; most digits and decimals the format takes; whether JSON writes it as a number.
    Decimal {
        /// Digits in all, and after the point.
        digits: Option<(usize, usize)>,
        /// Whether JSON writes it as a number.
        number: bool,
        /// Whether a comma stands before the decimals.
        comma: bool,
    },
    /// A date.
    Date(DateForm),
    /// A yes or no, in the format's words, or JSON's own.
    Flag(Option<(String, String)>),
    /// A code of a list.
    Code(SharedCodes),
    /// A code of a list, whose source token a second field keeps.
    Token(SharedCodes, Target),
    /// A number and its unit in one text, `450 Kg`; the unit goes to a second field.
    Measure(SharedCodes, Target),
    /// The order number of an entry of this list, elsewhere in the document.
    Key(usize),
    /// What an entry elsewhere in the document has in this field.
    Named(Target),
}

/// Values read from one leaf: the row's field, and the second field of [`Form::Token`] and [`Form::Measure`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Read {
    /// The row's own field.
    pub main: Option<Value>,
    /// The second field.
    pub side: Option<Value>,
    /// Set when the token is in no code list but kept in the second field.
    pub unknown_code: bool,
}

/// Why a leaf's text is not a value, or a value cannot be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// Not of its kind.
    #[error("{0}")]
    Misfit(#[from] Misfit),
    /// Not in the code list.
    #[error("is not in the code list")]
    UnknownCode,
    /// The fixed prefix is not there.
    #[error("does not begin with {0}")]
    NoPrefix(String),
    /// Not a date as the format writes it; an example.
    #[error("is not a date such as {0}")]
    NotDate(&'static str),
    /// Not a number with a comma before the decimals.
    #[error("is not a decimal number such as 1250,75")]
    NotDecimal,
    /// A point where the format has a comma.
    #[error("has a point; this format has a comma before the decimals")]
    Point,
    /// Neither of the format's words.
    #[error("is neither {0} nor {1}")]
    NotAWord(String, String),
    /// Holds a character XML 1.0 cannot.
    #[error("holds a control character")]
    Control,
    /// A file written into a text; files are not carried over.
    #[error("is a file")]
    Embedded,
    /// Longer than the format takes.
    #[error("is longer than {0}")]
    TooLong(usize),
    /// Has a character that is not in the format's character set.
    #[error("has characters that {0} has not")]
    Charset(&'static str),
    /// Shorter than the format takes.
    #[error("is shorter than {0}")]
    TooShort(usize),
    /// Not of the form the format demands.
    #[error("does not have the form {0}")]
    Form(String),
    /// A date without zone for a format that needs one.
    #[error("has no time zone")]
    NoZone,
    /// Does not survive the format's own spelling.
    #[error("cannot be spelled in this format")]
    Spelling,
    /// The second field has another code than the format implies.
    #[error("is in another unit than the format's")]
    OtherUnit,
    /// Points to an entry that is not there.
    #[error("points to an entry that is not there")]
    NoEntry,
    /// Entries differ where the format has one value for all.
    #[error("differs between entries")]
    Differs,
    /// A Harmonized System code with an odd number of digits, or other characters.
    #[error("is not a Harmonized System code of 4, 6, 8, 10 or 12 digits")]
    NotHs,
}

/// What is written: the text, its JSON type, and what reading it gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The text.
    pub text: String,
    /// JSON type.
    pub scalar: Scalar,
    /// What reading the text gives.
    pub gives: Read,
}

impl Unfit {
    /// The reason code of a finding about it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::UnknownCode => Reason::CodeUnknown,
            Self::TooLong(_) | Self::Misfit(Misfit::TooLong { .. }) => Reason::FieldTooLong,
            Self::NoEntry => Reason::LinkBroken,
            _ => Reason::FieldInvalid,
        }
    }
}

impl Form {
    /// Reads a text that is not blank.
    ///
    /// # Errors
    /// [`Unfit`] says why it is not a value.
    pub fn read(&self, kind: Kind, text: &str) -> Result<Read, Unfit> {
        if text.chars().any(is_control) {
            return Err(Unfit::Control);
        }
        if embedded(text).is_some() {
            return Err(Unfit::Embedded);
        }
        let token = text.trim();
        let plain = |text: &str| Ok(Read::main(Value::parse(kind, text)?));
        match self {
            Self::Text(false) => plain(text),
            Self::Text(true) => plain(&collapse(text)),
            Self::Prefixed(prefix) => {
                plain(token.strip_prefix(prefix).ok_or_else(|| Unfit::NoPrefix(prefix.clone()))?)
            }
            Self::Uri(scheme) => plain(&uri::read(scheme, token)),
            Self::HsDotted => plain(&token.replace('.', "")),
            Self::Decimal { comma: true, .. } if token.contains('.') => Err(Unfit::Point),
            Self::Decimal { comma: true, .. } => {
                let number = Value::parse(kind, &token.replacen(',', ".", 1));
                Ok(Read::main(number.map_err(|misfit| match misfit {
                    Misfit::NotDecimal => Unfit::NotDecimal,
                    other => other.into(),
                })?))
            }
            Self::Decimal { .. } | Self::Key(_) | Self::Named(_) => plain(token),
            Self::Date(form) => {
                let date = form.read(token).map(|date| Value::parse(kind, &date));
                Ok(Read::main(date.unwrap_or(Err(Misfit::NotDate)).map_err(|misfit| form.misfit(misfit))?))
            }
            Self::Flag(None) => plain(match token {
                "1" => "true",
                "0" => "false",
                other => other,
            }),
            Self::Flag(Some((yes, no))) => match token {
                _ if token == yes => Ok(Read::main(Value::Flag(true))),
                _ if token == no => Ok(Read::main(Value::Flag(false))),
                _ => Err(Unfit::NotAWord(yes.clone(), no.clone())),
            },
            Self::Code(codes) => plain(codes.canonical(token).ok_or(Unfit::UnknownCode)?),
            Self::Token(codes, side) => read_token(codes, side, kind, text),
            Self::Measure(codes, _) => read_measure(codes, kind, token),
        }
    }

    /// Writes a value; `side` is what the second field holds.
    ///
    /// # Errors
    /// [`Unfit`] says why the format cannot carry it.
    pub fn write(&self, kind: Kind, main: Option<&Value>, side: Option<&Value>) -> Result<Written, Unfit> {
        let main_text = main.map(ToString::to_string);
        let text = match (self, main, main_text) {
            (Self::Token(codes, _), ..) => write_token(codes, main, side)?,
            (_, None, _) | (_, _, None) => return Err(Unfit::Spelling),
            (Self::Text(true), _, Some(text)) => collapse(&text),
            (Self::Prefixed(prefix), _, Some(text)) => format!("{prefix}{text}"),
            (Self::Uri(scheme), _, Some(text)) => uri::write(scheme, &text),
            (Self::HsDotted, _, Some(text)) => dotted(&text)?,
            (Self::Decimal { digits, comma, .. }, Some(Value::Decimal(decimal)), _) => {
                if let Some((total, fraction)) =
                    digits.filter(|(total, fraction)| !decimal.fits(*total, *fraction))
                {
                    return Err(Misfit::TooPrecise { total, fraction }.into());
                }
                if *comma { decimal.as_str().replace('.', ",") } else { decimal.as_str().to_owned() }
            }
            (Self::Date(form), Some(Value::Date(date)), _) => form.write(date).ok_or(Unfit::NoZone)?,
            (Self::Flag(Some((yes, no))), Some(Value::Flag(flag)), _) => if *flag { yes } else { no }.clone(),
            (Self::Code(codes), _, Some(code)) => codes.national(&code).ok_or(Unfit::UnknownCode)?.to_owned(),
            (Self::Measure(codes, _), _, Some(number)) => match side {
                Some(unit) => {
                    format!("{number} {}", codes.national(&unit.to_string()).ok_or(Unfit::UnknownCode)?)
                }
                None => number,
            },
            (_, _, Some(text)) => text,
        };
        let gives = self.read(kind, &text)?;
        let same_text =
            !matches!(self, Self::Text(false) | Self::Prefixed(_) | Self::Uri(_) | Self::HsDotted)
                || gives.main.as_ref() == main;
        if !same_text {
            return Err(Unfit::Spelling);
        }
        Ok(Written { scalar: self.scalar(&text), text, gives })
    }

    /// The second field, if the form has one.
    #[must_use]
    pub fn side(&self) -> Option<&Target> {
        match self {
            Self::Token(_, side) | Self::Measure(_, side) => Some(side),
            _ => None,
        }
    }

    fn scalar(&self, text: &str) -> Scalar {
        match self {
            Self::Flag(None) => Scalar::Bool,
            Self::Decimal { number: true, .. } if is_json_number(text) => Scalar::Number,
            _ => Scalar::Text,
        }
    }
}

impl Read {
    fn main(value: Value) -> Self {
        Self { main: Some(value), ..Self::default() }
    }
}

/// Whether a character cannot stand in an XML 1.0 document.
#[must_use]
pub fn is_control(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The head and the body of a text that is a file: `data:image/png;base64,` (RFC 2397) and what follows.
#[must_use]
pub fn embedded(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let (head, _) = text.split_once(',')?;
    let is_file = head.starts_with("data:") && head.ends_with(";base64");
    is_file.then(|| text.split_at_checked(head.len() + 1))?
}

/// White space as `xs:token` has it: none at the ends, one space between words.
#[must_use]
pub fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn read_token(codes: &SharedCodes, side: &Target, kind: Kind, text: &str) -> Result<Read, Unfit> {
    let token = collapse(text);
    let side = Value::parse(side.field.kind().unwrap_or(Kind::Text(usize::MAX)), &token)?;
    let code = codes.canonical(&token);
    let main = code.map(|code| Value::parse(kind, code)).transpose()?;
    Ok(Read { unknown_code: main.is_none(), main, side: Some(side) })
}

/// The source token where it still means the code, otherwise the list's own spelling.
fn write_token(codes: &SharedCodes, main: Option<&Value>, side: Option<&Value>) -> Result<String, Unfit> {
    let code = main.map(ToString::to_string);
    if let Some(token) = side.map(|side| collapse(&side.to_string()))
        && codes.canonical(&token) == code.as_deref()
    {
        return Ok(token);
    }
    let code = code.ok_or(Unfit::UnknownCode)?;
    codes.national(&code).map(ToOwned::to_owned).ok_or(Unfit::UnknownCode)
}

fn read_measure(codes: &SharedCodes, kind: Kind, token: &str) -> Result<Read, Unfit> {
    let number = token.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')).count();
    let (number, unit) = token.split_at_checked(number).unwrap_or((token, ""));
    let main = Some(Value::parse(kind, number)?);
    let unit = unit.trim();
    if unit.is_empty() {
        return Ok(Read { main, ..Read::default() });
    }
    let code = codes.canonical(unit).ok_or(Unfit::UnknownCode)?;
    Ok(Read { main, side: Some(Value::Code(code.to_owned())), unknown_code: false })
}

fn dotted(digits: &str) -> Result<String, Unfit> {
    let even = matches!(digits.len(), 4 | 6 | 8 | 10 | 12);
    if !even || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Unfit::NotHs);
    }
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i >= 4 && i % 2 == 0 {
            out.push('.');
        }
        out.push(digit);
    }
    Ok(out)
}

/// Whether a decimal as written is a JSON number: JSON has no leading zeros and no bare points.
fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    !whole.is_empty() && !fraction.is_empty() && (whole == "0" || !whole.starts_with('0'))
}

impl DateForm {
    /// The canonical spelling of a date in this form.
    fn read(self, token: &str) -> Option<String> {
        let part = |range: std::ops::Range<usize>| token.get(range);
        let day_first = |mark: &str| {
            let marks = token.len() == 10 && part(2..3)? == mark && part(5..6)? == mark;
            marks.then(|| Some(format!("{}-{}-{}", part(6..10)?, part(3..5)?, part(0..2)?)))?
        };
        match self {
            Self::Compact if token.len() != 8 => None,
            Self::Compact => Some(format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?)),
            Self::Slashed => day_first("/"),
            Self::Dotted => day_first("."),
            Self::Day | Self::Datetime | Self::Zoned | Self::Any => Some(token.to_owned()),
        }
    }

    /// Why a text is no date, with an example in this form.
    fn misfit(self, misfit: Misfit) -> Unfit {
        match (misfit, self) {
            (Misfit::NotDate, Self::Compact) => Unfit::NotDate("20260331"),
            (Misfit::NotDate, Self::Slashed) => Unfit::NotDate("31/03/2026"),
            (Misfit::NotDate, Self::Dotted) => Unfit::NotDate("31.03.2026"),
            (misfit, _) => misfit.into(),
        }
    }

    /// The date in this form; never moved to another day. `None`: the form needs a zone the date does not state.
    fn write(self, date: &Date) -> Option<String> {
        match self {
            Self::Day => Some(date.day().to_string()),
            Self::Compact => Some(date.day().to_string().replace('-', "")),
            Self::Slashed => Some(date.day().strftime("%d/%m/%Y").to_string()),
            Self::Dotted => Some(date.day().strftime("%d.%m.%Y").to_string()),
            Self::Datetime if date.has_time() => Some(date.as_str().to_owned()),
            Self::Datetime => Some(format!("{}T00:00:00", date.as_str())),
            Self::Zoned => date.instant().map(|_| date.as_str().to_owned()),
            Self::Any => Some(date.as_str().to_owned()),
        }
    }
}

/// A decimal counting from 1.
#[must_use]
pub fn ordinal(position: usize) -> Option<Value> {
    Decimal::new(&(position + 1).to_string()).map(Value::Decimal)
}

/// The position a decimal counts, if it is a whole number from 1.
#[must_use]
pub fn position(value: &Value) -> Option<usize> {
    value.to_string().parse::<usize>().ok()?.checked_sub(1)
}
