//! What the hub lends to those who change its configuration: how it is read, and where its own leaves go.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;

use super::identity::{self, Identity};
use crate::{
    change::{self, Candidate, Setting},
    config::{self, Config},
    files::Files,
    observe::Own,
    problem::{Problem, Problems},
    region::{self, Region},
    tls::OwnLeaf,
};

/// The node's settings, and the leaves in use.
pub(super) struct Ground {
    pub(super) config: Config,
    pub(super) server: Arc<ArcSwap<rustls::ServerConfig>>,
    pub(super) client: Arc<ArcSwap<OwnLeaf>>,
    pub(super) own: Arc<ArcSwap<Own>>,
}

impl change::Ground for Ground {
    fn folder(&self) -> &Path {
        &self.config.region.folder
    }

    fn settings(&self) -> Vec<Setting> {
        let told = |stated: &config::Stated| Setting {
            key: stated.key.clone(),
            value: stated.value.clone(),
            origin: stated.origin.to_string(),
        };
        self.config.stated.0.iter().map(told).collect()
    }

    fn read(&self, files: &Files) -> Result<Candidate, Vec<Problem>> {
        let (region, identity) = load(&self.config, files)?;
        let shown = identity.shown();
        let Identity { server, client, .. } = identity;
        let (of_server, of_client, of_own) = (self.server.clone(), self.client.clone(), self.own.clone());
        let own = Box::new(move || {
            of_own.store(Arc::new(shown));
            of_client.store(Arc::new(client));
            of_server.store(server);
        });
        Ok(Candidate { region, own })
    }

    fn settled(&self) {
        if self.own.load().folder_waits {
            self.own.rcu(|own| Own { folder_waits: false, ..Own::clone(own) });
        }
    }
}

/// The same at a start, when alerts are set up as well.
pub(super) fn first_load(config: &Config, files: &Files) -> Result<(Region, Identity), Vec<Problem>> {
    let unfit: Vec<_> =
        config.alerts.unfit_anchors().into_iter().chain(config.alerts.unfit_folder()).collect();
    match load(config, files) {
        Ok(loaded) if unfit.is_empty() => Ok(loaded),
        Ok(_) => Err(unfit),
        Err(problems) => Err(unfit.into_iter().chain(problems).collect()),
    }
}

/// Reads and checks a region and the hub's own leaves and keys; every problem at once.
pub(super) fn load(config: &Config, files: &Files) -> Result<(Region, Identity), Vec<Problem>> {
    let problems = Problems::default();
    let region = region::load::load(files, Some(&config.identity.certs), &problems);
    let identity = identity::load(&config.identity, &config.console, &problems);
    match (region, identity, problems.is_empty()) {
        (Some(region), Some(identity), true) => Ok((region, identity)),
        _ => Err(problems.sorted()),
    }
}
