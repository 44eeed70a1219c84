//! The same answers from questions, one a line; each is judged when it is given, and asked for again when it will not do.

use std::io::{self, BufRead};

use super::answers::{Agreement, Answers, Body, Identity, Mailbox, Push, Sandbox};
use crate::cli::output::Output;

/// Times a question is asked whose answers will not do.
const ASKED_MAX: u32 = 5;
/// Stands for a day that is not told yet: nobody claims anything from it on.
const LAST_DAY: &str = "9999-12-31";

/// Who asks, who answers, and who says what is wrong with the answers so far.
pub(super) struct Asking<'a, 'o> {
    from: &'a mut dyn BufRead,
    to: &'a mut Output<'o>,
    wrong: &'a dyn Fn(&Answers) -> Vec<String>,
    so_far: Answers,
}

impl<'a, 'o> Asking<'a, 'o> {
    /// Nothing asked yet: what stands for the answers to come is beyond reproach.
    pub(super) fn new(
        from: &'a mut dyn BufRead,
        to: &'a mut Output<'o>,
        wrong: &'a dyn Fn(&Answers) -> Vec<String>,
    ) -> Self {
        let so_far = Answers {
            id: None,
            name: "-".to_owned(),
            customs: Vec::new(),
            sends: Vec::new(),
            takes: "canonical-json".to_owned(),
            on_unrenderable: "hold".to_owned(),
            identity: Identity { spki: Some("0".repeat(64)), ..Identity::default() },
            body: Vec::new(),
            push: None,
            sandbox: None,
            mailbox: Some(Mailbox {}),
            agreement: Vec::new(),
        };
        Self { from, to, wrong, so_far }
    }

    /// Every question.
    ///
    /// # Errors
    /// The answers ended too early, or one that is needed was not given.
    pub(super) fn all(mut self) -> io::Result<Answers> {
        self.need("Its name in words", |all, name| all.name = name)?;
        self.may(
            "Countries whose customs it receives for, with commas between; nothing for none",
            |all, line| all.customs = entries(&line),
        )?;
        self.may(
            "Forms it sends (canonical-xml, canonical-json, folders of formats/); nothing for none",
            |all, line| all.sends = entries(&line),
        )?;
        self.usual("The form it takes", "canonical-json", |all, form| all.takes = form)?;
        self.usual(
            "Sent when a certificate cannot be written so: canonical-xml, canonical-json, original, hold",
            "hold",
            |all, word| all.on_unrenderable = word,
        )?;
        self.identity()?;
        self.bodies()?;
        self.reach()?;
        self.sandbox()?;
        self.agreements()?;
        Ok(self.so_far)
    }

    fn identity(&mut self) -> io::Result<()> {
        let spki = self.may(
            "SHA-256 of its leaf's public key, 64 hexadecimal digits; nothing to go by an anchor and a name",
            |all, spki| {
                if !spki.is_empty() {
                    all.identity.spki = Some(spki);
                }
            },
        )?;
        if !spki.is_empty() {
            return Ok(());
        }
        self.need("PEM file of the authority that issues its leaf, in the certs folder", |all, file| {
            all.identity = Identity { spki: None, anchors: Some(file), san: Some("-".to_owned()) };
        })?;
        self.need("The name in its leaf, as in urn:coohub:member:florin", |all, name| {
            all.identity.san = Some(name);
        })
    }

    fn bodies(&mut self) -> io::Result<()> {
        let question = "Id of a body it speaks for, as documents carry it; nothing for no more";
        loop {
            let id = self.may(question, |all, id| {
                let [name, country, zone, from] = ["-", "ZZ", "UTC", LAST_DAY].map(str::to_owned);
                all.body.extend((!id.is_empty()).then_some(Body { id, name, country, zone, from }));
            })?;
            if id.is_empty() {
                return Ok(());
            }
            self.of_body("Its name in words", |body, name| body.name = name)?;
            self.of_body("Its country", |body, country| body.country = country)?;
            self.of_body("The zone of its dates, as in Europe/Lisbon", |body, zone| body.zone = zone)?;
            self.of_body("The first day it counts, as in 2026-07-01", |body, from| body.from = from)?;
        }
    }

    fn of_body(&mut self, question: &str, set: impl Fn(&mut Body, String)) -> io::Result<()> {
        self.need(question, |all, answer| {
            if let Some(body) = all.body.last_mut() {
                set(body, answer);
            }
        })
    }

    fn reach(&mut self) -> io::Result<()> {
        let url =
            self.may("Address of its server, https://host:port/path; nothing for a mailbox", |all, url| {
                if !url.is_empty() {
                    (all.push, all.mailbox) = (Some(Push { url, anchors: "-".to_owned() }), None);
                }
            })?;
        if url.is_empty() {
            return Ok(());
        }
        self.need(
            "PEM file of the authority that issues its server's leaf, in the certs folder",
            |all, file| {
                if let Some(push) = &mut all.push {
                    push.anchors = file;
                }
            },
        )
    }

    fn sandbox(&mut self) -> io::Result<()> {
        if self.so_far.push.is_none() {
            return Ok(());
        }
        let question = "Address of its server for test traffic, under the same authority; nothing for none";
        self.may(question, |all, url| all.sandbox = (!url.is_empty()).then_some(Sandbox { url })).map(drop)
    }

    fn agreements(&mut self) -> io::Result<()> {
        loop {
            let id =
                self.may("Id of an agreement it becomes a party of; nothing for no more", |all, id| {
                    let from = LAST_DAY.to_owned();
                    all.agreement.extend((!id.is_empty()).then_some(Agreement { id, from }));
                })?;
            if id.is_empty() {
                return Ok(());
            }
            self.need("Since which day, as in 2026-07-01", |all, from| {
                if let Some(agreement) = all.agreement.last_mut() {
                    agreement.from = from;
                }
            })?;
        }
    }

    fn usual(&mut self, question: &str, usual: &str, set: impl Fn(&mut Answers, String)) -> io::Result<()> {
        self.may(&format!("{question} [{usual}]"), |all, answer| {
            set(all, if answer.is_empty() { usual.to_owned() } else { answer });
        })?;
        Ok(())
    }

    fn need(&mut self, question: &str, set: impl Fn(&mut Answers, String)) -> io::Result<()> {
        self.ask(question, true, set).map(drop)
    }

    fn may(&mut self, question: &str, set: impl Fn(&mut Answers, String)) -> io::Result<String> {
        self.ask(question, false, set)
    }

    /// Asks until an answer will do, and takes it.
    fn ask(
        &mut self,
        question: &str,
        needed: bool,
        set: impl Fn(&mut Answers, String),
    ) -> io::Result<String> {
        for _ in 0..ASKED_MAX {
            let answer = self.line(question)?;
            let mut with = self.so_far.clone();
            set(&mut with, answer.clone());
            let wrong = match needed && answer.is_empty() {
                true => vec!["it takes an answer".to_owned()],
                false => (self.wrong)(&with),
            };
            if wrong.is_empty() {
                self.so_far = with;
                return Ok(answer);
            }
            wrong.iter().for_each(|why| self.to.line(format!("  not so: {why}")));
        }
        Err(io::Error::other(format!("no answer that will do to: {question}")))
    }

    fn line(&mut self, question: &str) -> io::Result<String> {
        self.to.line(format!("{question}:"));
        self.to.flush();
        let mut line = String::new();
        match self.from.read_line(&mut line)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("no answer to: {question}"))),
            _ => Ok(line.trim().to_owned()),
        }
    }
}

/// What stands between commas.
fn entries(line: &str) -> Vec<String> {
    line.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::members::answers;

    fn asked(lines: &str) -> io::Result<Answers> {
        told(lines, &|_| Vec::new()).0
    }

    /// The answers, and what was said meanwhile.
    fn told(lines: &str, wrong: &dyn Fn(&Answers) -> Vec<String>) -> (io::Result<Answers>, String) {
        let mut out = Vec::new();
        let answers = Asking::new(&mut lines.as_bytes(), &mut Output::new(&mut out), wrong).all();
        (answers, String::from_utf8(out).unwrap())
    }

    const LINES: [&str; 20] = [
        "Republic of Florin",
        "XF",
        "canonical-json",
        "",
        "original",
        "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
        "XF-CHAMBER",
        "",
        "Florin Chamber of Commerce",
        "XF",
        "Europe/Lisbon",
        "2026-07-01",
        "",
        "https://coo.customs.florin.example:443/deliveries",
        "florin/anchor.pem",
        "https://test.customs.florin.example:443/deliveries",
        "mecta",
        "2026-07-01",
        "",
        "",
    ];

    #[test]
    fn questions_and_a_file_give_the_same_answers() {
        let of_file = answers::read(answers::TEMPLATE).unwrap();
        assert_eq!(asked(&LINES.join("\n")).unwrap(), Answers { id: None, ..of_file });
    }

    #[test]
    fn answers_that_end_too_early_are_no_answers() {
        for end in 0..LINES.len() - 2 {
            assert!(
                asked(&LINES.iter().take(end).map(|line| format!("{line}\n")).collect::<String>()).is_err()
            );
        }
        assert!(asked("\n\n\n\n").is_err(), "a member without a name");
    }
    #[test]
    fn an_answer_that_will_not_do_is_asked_for_again_with_the_reason() {
        let wrong = |all: &Answers| match all.customs.as_slice() {
            [country] if country == "XG" => vec!["XG is somebody else's".to_owned()],
            _ => Vec::new(),
        };
        let again = |times: usize| {
            let [name, rest @ ..] = &LINES;
            let lines: Vec<_> =
                std::iter::once(*name).chain(vec!["XG"; times]).chain(rest.to_vec()).collect();
            told(&lines.join("\n"), &wrong)
        };
        let most = usize::try_from(ASKED_MAX).unwrap();
        let (answers, said) = again(most - 1);
        assert_eq!(answers.unwrap().customs, ["XF"]);
        assert_eq!(said.matches("not so: XG is somebody else's").count(), most - 1, "{said}");
        assert!(again(most).0.is_err());
    }
}
