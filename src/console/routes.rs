//! Every route of the console, with the right it takes: the router is built from this list and nothing else.

use std::sync::Arc;

use axum::{
    Router,
    http::Method,
    middleware,
    routing::{MethodRouter, get, post},
};

use super::{
    Shared, acts, api,
    gate::{self, Gate},
    pages,
    right::Right,
};

/// Most bytes of a form.
pub const FORM_BYTES_MAX: usize = 16 * 1024;
/// Most bytes of the form with a document to try: each byte of it may take three.
pub const DOCUMENT_FORM_BYTES_MAX: usize = 1024 * 1024;

type Handler = MethodRouter<Arc<Shared>>;

/// A route as it is declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    /// Its method.
    pub method: Method,
    /// Its path, with `{…}` for what varies.
    pub path: &'static str,
    /// What it takes.
    pub right: Right,
}

struct Route {
    declared: Declared,
    body_bytes_max: usize,
    handler: Handler,
}

/// Every route, for whoever goes through them.
#[must_use]
pub fn declared() -> Vec<Declared> {
    routes().into_iter().map(|route| route.declared).collect()
}

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new();
    for Route { declared, body_bytes_max, handler } in routes() {
        let gate = Gate { shared: shared.clone(), right: declared.right, body_bytes_max };
        let guarded = handler.layer(middleware::from_fn_with_state(gate, gate::pass));
        router = router.route(declared.path, guarded);
    }
    // What is no route is judged as what takes a session, so that nobody learns which paths there are.
    let gate = Gate { shared: shared.clone(), right: Right::Look, body_bytes_max: 0 };
    let lost = get(pages::lost).post(pages::lost).layer(middleware::from_fn_with_state(gate, gate::pass));
    router.fallback_service(lost.with_state(shared.clone())).with_state(shared.clone())
}

fn routes() -> Vec<Route> {
    let looks = [
        shows("/", get(pages::overview::show)),
        shows("/partners", get(pages::partners::show)),
        shows("/partners/{member}", get(pages::partner::show)),
        shows("/certificates", get(pages::certificates::show)),
        shows("/certificates/{id}", get(pages::timeline::show)),
        shows("/letters", get(pages::letters::show)),
        shows("/formats", get(pages::matrix::show)),
        shows("/playground", get(pages::playground::show)),
        shows("/statistics", get(pages::statistics::show)),
        shows("/audit", get(pages::audit::show)),
    ];
    let open = [
        opens(Method::GET, "/sign-in", get(pages::sign_in::show)),
        opens(Method::POST, "/sign-in", post(pages::sign_in::enter)),
        opens(Method::GET, super::frame::STYLE_PATH, get(pages::style)),
        opens(Method::GET, "/icon.svg", get(pages::icon)),
    ];
    let acts = [
        does("/hold", post(acts::hold_page)),
        does("/release", post(acts::release_page)),
        does("/cancel", post(acts::cancel_page)),
        does("/replay", post(acts::replay_page)),
        does("/address", post(acts::address_page)),
        does("/try", post(acts::try_page)),
    ];
    let reads = [
        route(Method::GET, "/content", Right::Read, get(pages::content::requests)),
        route(Method::POST, "/content", Right::Read, post(pages::content::show)),
        route(Method::POST, "/content/approve", Right::Read, post(pages::content::approve)),
    ];
    let administers = [
        route(Method::GET, "/configuration", Right::Administer, get(pages::configuration::show)),
        route(Method::GET, "/configuration/{number}", Right::Administer, get(pages::applied::show)),
        administer("/configuration/apply", post(pages::configuration::apply)),
        administer("/configuration/confirm", post(pages::configuration::confirm)),
        administer("/configuration/rollback", post(pages::configuration::rollback)),
        route(Method::GET, "/accounts", Right::Administer, get(pages::accounts::show)),
        administer("/accounts/role", post(pages::accounts::role)),
        administer("/accounts/disabled", post(pages::accounts::disabled)),
    ];
    let tries = Route {
        body_bytes_max: DOCUMENT_FORM_BYTES_MAX,
        ..route(Method::POST, "/playground", Right::Look, post(pages::playground::attempt))
    };
    let out = route(Method::POST, "/sign-out", Right::Look, post(pages::sign_in::leave));
    open.into_iter()
        .chain(looks)
        .chain(acts)
        .chain(reads)
        .chain(administers)
        .chain([tries, out])
        .chain(api::routes().map(from_api))
        .collect()
}

fn from_api((method, path, right, handler): (Method, &'static str, Right, Handler)) -> Route {
    route(method, path, right, handler)
}

fn shows(path: &'static str, handler: Handler) -> Route {
    route(Method::GET, path, Right::Look, handler)
}

fn opens(method: Method, path: &'static str, handler: Handler) -> Route {
    route(method, path, Right::Open, handler)
}

fn does(path: &'static str, handler: Handler) -> Route {
    route(Method::POST, path, Right::Act, handler)
}

fn administer(path: &'static str, handler: Handler) -> Route {
    route(Method::POST, path, Right::Administer, handler)
}

fn route(method: Method, path: &'static str, right: Right, handler: Handler) -> Route {
    let declared = Declared { method, path, right };
    Route { declared, body_bytes_max: FORM_BYTES_MAX, handler }
}
