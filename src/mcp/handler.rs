//! The one place every MCP request passes: identity, deadline, cancellation, panics, progress and the log line of a call.
//!
//! `served` has the methods of MCP, `run` what becomes of one call of a tool, `pages` what is made of a tool's answer: resources and
//! completions.

mod pages;
mod run;
mod served;

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{Implementation, ListToolsResult, ServerCapabilities, ServerConfig};
use rmcp::service::{RequestContext, RoleServer};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::answer_cache::AnswerCache;
use super::completion::{self};
use super::instructions;
use super::lists;
use super::offer::{Offer, Offered};
use super::rate::Rates;
use super::running::RunningCalls;
use super::tools::Entry;
use crate::identity::{Caller, Reach, Scopes};
use crate::policy::Policy;
use crate::query::{Budget, Queries};
use crate::telemetry::call::{Exchange, Reports};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{self};

/// What the handler needs from the rest of the service.
pub struct Services {
    /// Runs statements in the warehouse.
    pub queries: Arc<Queries>,
    /// The tools and prompts in force.
    pub offered: Offered,
    /// The runtime for calls. Not the thread of the request: an actix worker has only one, and its other requests would
    /// wait.
    pub runtime: Handle,
    /// Cancelled when the time for calls in flight is over (`SHUTDOWN_TIMEOUT`).
    pub shutdown: CancellationToken,
    /// Finds the caller in the request's extensions; none on stdio.
    pub identify: fn(&rmcp::model::Extensions) -> Option<Caller>,
    /// What the scopes of tokens allow.
    pub scopes: Arc<Scopes>,
    /// Recent answers, which may be given again.
    pub answers: AnswerCache,
    /// The rate limits of callers.
    pub rates: Rates,
    /// Finds the HTTP request of a call; none on stdio.
    pub exchange: fn(&rmcp::model::Extensions) -> Option<Arc<Exchange>>,
    /// The audit log and what traces may show.
    pub reports: Reports,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

/// Serves MCP over HTTP and stdio. A cheap clone: rmcp wants a handler of its own for every request.
#[derive(Clone)]
pub struct Handler {
    services: Arc<Services>,
    info: Arc<ServerConfig>,
    running: RunningCalls,
    /// The rate limit of completions.
    completions: Rates,
}

impl Handler {
    /// Builds what all requests share.
    #[must_use]
    pub fn new(services: Services) -> Self {
        let name = Implementation::new("snowflake-mcp", telemetry::VERSION).with_title("Snowflake");
        let info = ServerConfig::new(capabilities())
            .with_server_info(name)
            .with_instructions(instructions(&services, &Caller::local()));
        Self {
            services: Arc::new(services),
            info: Arc::new(info),
            running: RunningCalls::default(),
            completions: Rates::new(Some(completion::A_MINUTE), HashMap::new()),
        }
    }

    /// Replaces the tools and prompts.
    pub fn offer(&self, offer: Offer) {
        self.services.offered.replace(offer);
    }

    /// The calls in flight, for the notification that cancels one.
    #[must_use]
    pub fn running(&self) -> RunningCalls {
        self.running.clone()
    }

    /// The instructions for one caller, whose limits may differ from others'.
    fn info_for(&self, context: &RequestContext<RoleServer>) -> ServerConfig {
        let info = self.get_info();
        let services = &self.services;
        match (self.services.identify)(&context.extensions) {
            Some(caller) => info.with_instructions(instructions(services, &caller)),
            None => info,
        }
    }

    /// The reach that a caller needs for the tool of this name. An unknown name needs none: the caller is told that there is
    /// no such tool.
    #[must_use]
    pub fn needs(&self, tool: &str) -> Reach {
        let offer = self.services.offered.now();
        offer.tools.get(tool).map_or(Reach::Nothing, Entry::needs)
    }

    /// The caller of a request.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Caller {
        (self.services.identify)(&context.extensions).unwrap_or_else(Caller::local)
    }

    /// The metrics.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.services.metrics
    }

    /// The runtime for calls.
    pub(super) fn runtime(&self) -> &Handle {
        &self.services.runtime
    }

    /// Whether every answer has a structured part (`STRUCTURED_OUTPUT`).
    pub(super) fn is_structured(&self) -> bool {
        self.services.queries.is_structured()
    }

    /// The tools for a caller.
    fn list(&self, caller: &Caller) -> ListToolsResult {
        let offer = self.services.offered.now();
        lists::list(&offer.tools, &self.services.scopes, caller)
    }

    /// Writes the list of tools for a caller, in the form of the revisions with a handshake.
    pub(super) fn write_list(&self, caller: &Caller, json: &mut String) {
        let offer = self.services.offered.now();
        let list = || lists::list(&offer.tools, &self.services.scopes, caller);
        offer.lists.write(caller, json, list);
    }
}

/// The capabilities, which announce only what works.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities::builder()
        .enable_tools()
        .enable_prompts()
        .enable_resources()
        .enable_completions()
        .build()
}

fn instructions(services: &Services, caller: &Caller) -> String {
    let kind = services.queries.warehouse().kind();
    let offer = services.offered.now();
    let tools = offer.tools.granted_to(caller);
    let (policy, budget) = terms(services, caller);
    instructions::text(kind, policy.preset(), budget, &tools)
}

/// The policy and the limits of a caller.
fn terms<'a>(services: &'a Services, caller: &'a Caller) -> (&'a Policy, &'a Budget) {
    let may_change = caller.reach >= Reach::Write;
    let queries = &services.queries;
    match &caller.grant {
        None => (
            queries.policy_of(may_change),
            queries.budget_of(&caller.name),
        ),
        Some(grant) if may_change => (&grant.rights.policy, &grant.rights.budget),
        Some(grant) => (&grant.rights.reading_policy, &grant.rights.budget),
    }
}

#[cfg(test)]
mod tests;
