//! The frame around every page: head, skip link, navigation, who is signed in.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use super::{
    gate::{Caller, TOKEN},
    right::Right,
    texts,
};
use crate::operate::Refusal;

/// Where each stylesheet of the console is.
pub(super) const STYLE_PATH: &str = "/console.css";
/// The only stylesheet, part of the program.
pub(super) const STYLE: &str = include_str!("console.css");

/// The parts of the console, in the order of the navigation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Overview,
    Partners,
    Certificates,
    Letters,
    Formats,
    Playground,
    Statistics,
    Audit,
    Configuration,
    Accounts,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Overview,
        Self::Partners,
        Self::Certificates,
        Self::Letters,
        Self::Formats,
        Self::Playground,
        Self::Statistics,
        Self::Audit,
        Self::Configuration,
        Self::Accounts,
    ];

    fn link(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("/", texts::OVERVIEW),
            Self::Partners => ("/partners", texts::PARTNERS),
            Self::Certificates => ("/certificates", texts::CERTIFICATES),
            Self::Letters => ("/letters", texts::LETTERS),
            Self::Formats => ("/formats", texts::FORMATS),
            Self::Playground => ("/playground", texts::PLAYGROUND),
            Self::Statistics => ("/statistics", texts::STATISTICS),
            Self::Audit => ("/audit", texts::AUDIT),
            Self::Configuration => ("/configuration", texts::CONFIGURATION_PART),
            Self::Accounts => ("/accounts", texts::ACCOUNTS),
        }
    }

    /// What its page takes, which the navigation shows to nobody else.
    fn right(self) -> Right {
        match self {
            Self::Configuration | Self::Accounts => Right::Administer,
            _ => Right::Look,
        }
    }
}

/// A page of a part.
pub(super) fn page(caller: &Caller, part: Part, title: &str, content: &Markup) -> Html<String> {
    whole(
        title,
        &html! {
            header.bar {
                a.brand href="/" { span.mark aria-hidden="true" {} (texts::BRAND) }
                nav aria-label=(texts::NAVIGATION) {
                    ul {
                        @for other in Part::ALL.into_iter().filter(|part| caller.may(part.right())) {
                            @let (at, name) = other.link();
                            li { a href=(at) aria-current=[(other == part).then_some("page")] { (name) } }
                        }
                    }
                }
                form.who method="post" action="/sign-out" {
                    (token(caller))
                    span { b { (caller.session.account) } " " small { (texts::role(caller.session.role)) } }
                    button.quiet type="submit" { (texts::SIGN_OUT) }
                }
            }
            main #content {
                @if let Some(words) = caller.did { p.notice.good role="status" { (words) } }
                (content)
            }
        },
    )
}

/// The page of somebody who is not signed in.
pub(super) fn bare(title: &str, content: &Markup) -> Html<String> {
    whole(title, &html! { main.alone #content { (content) } })
}

/// Why a request was not served.
pub(super) fn failed(caller: Option<&Caller>, refusal: &Refusal) -> Html<String> {
    let content = html! {
        section.notice.bad role="alert" {
            h1 { (texts::NOT_DONE) }
            p { (refusal.why) }
            p.code { code { (refusal.reason.code()) } }
            p { a href="/" { (texts::BACK_TO_OVERVIEW) } }
        }
    };
    match caller {
        Some(caller) => page(caller, Part::Overview, texts::NOT_DONE, &content),
        None => bare(texts::NOT_DONE, &content),
    }
}

/// The hidden field that proves a form to be the session's own.
pub(super) fn token(caller: &Caller) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(caller.session.token); }
}

/// Where somebody without a session goes, to come back to a page.
pub(super) fn sign_in_for(page: Option<&str>) -> String {
    match page.filter(|page| *page != "/") {
        Some(page) => format!("/sign-in?next={}", super::shape::escaped(page)),
        None => "/sign-in".to_owned(),
    }
}

fn whole(title: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang=(texts::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (texts::BRAND) }
                link rel="stylesheet" href=(STYLE_PATH);
                link rel="icon" href="/icon.svg" type="image/svg+xml";
            }
            body {
                a.skip href="#content" { (texts::SKIP) }
                (body)
            }
        }
    };
    Html(page.into_string())
}
