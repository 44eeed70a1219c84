//! What a new member's answers would make wrong in the region, told by the region's own check, before anything is written.

use std::path::Path;

use super::{answers::Answers, written};
use crate::{
    files::{Files, Kept},
    model::id::MemberId,
    problem::{Problem, Problems},
    region::load,
};

/// The region's files as they are, and what is wrong with them already.
pub(super) struct Proving<'a> {
    id: &'a MemberId,
    files: Kept,
    before: Vec<Problem>,
}

impl<'a> Proving<'a> {
    /// Reads the region's folder.
    pub(super) fn new(id: &'a MemberId, region: &Path) -> Self {
        let files = Files::at(region);
        let before = wrong(&files);
        Self { id, files: files.kept(), before }
    }

    /// What a member of these answers would add to it, in words; anchors and leaves may come later.
    pub(super) fn added(&self, answers: &Answers) -> Vec<String> {
        let mut files = self.files.clone();
        files.insert(format!("members/{}.toml", self.id), written::file(answers).into_bytes().into());
        let mut added = Vec::new();
        for (agreement, lines) in written::agreements(self.id, answers) {
            let name = format!("agreements/{agreement}.toml");
            match files.get(&name) {
                None => added.push(format!("there is no agreement \"{agreement}\": {name} is missing")),
                Some(text) => {
                    let text = [text, &b"\n"[..], lines.as_bytes()].concat();
                    files.insert(name, text.into());
                }
            }
        }
        let new = wrong(&Files::of(files)).into_iter().filter(|problem| !self.before.contains(problem));
        added.extend(new.map(|problem| match problem.hint {
            Some(hint) => format!("{}; {hint}", problem.reason),
            None => problem.reason,
        }));
        added.dedup();
        added
    }
}

fn wrong(files: &Files) -> Vec<Problem> {
    let problems = Problems::default();
    let _ = load::load(files, None, &problems);
    problems.sorted()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::members::answers::{self, Push};

    /// An answer, and what is told of it.
    type Case = (fn(&mut Answers), &'static str);

    fn url(url: &str) -> Option<Push> {
        Some(Push { url: url.to_owned(), anchors: "a.pem".to_owned() })
    }

    #[test]
    fn each_answer_is_judged_by_the_regions_own_check() {
        let region = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners");
        let id = MemberId::new("florin").unwrap();
        let proving = Proving::new(&id, &region);
        let with = |change: &dyn Fn(&mut Answers)| {
            let mut answers = answers::read(answers::TEMPLATE).unwrap();
            answers.customs = Vec::new();
            answers.body = Vec::new();
            change(&mut answers);
            proving.added(&answers).join("\n")
        };
        assert_eq!(with(&|_| {}), "");
        let cases: [Case; 6] = [
            (|all| all.customs = vec!["XB".to_owned()], "is claimed by members/"),
            (|all| all.sends = vec!["edi4-coo".to_owned()], "did you mean \"edi3-coo\"?"),
            (|all| all.takes = "ru-ct1".to_owned(), "\"ru-ct1\" cannot be written"),
            (|all| all.push = url("http://a.example:80/"), "must begin with https://"),
            (|all| all.identity.spki = Some("8f43".to_owned()), "is not a SHA-256 digest"),
            (|all| all.agreement[0].id = "mectta".to_owned(), "there is no agreement \"mectta\""),
        ];
        for (change, told) in cases {
            assert!(with(&change).contains(told), "{told}: {}", with(&change));
        }
    }
}
