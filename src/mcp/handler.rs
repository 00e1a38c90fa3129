//! The one place every MCP request passes: identity, deadline, cancellation, panics, progress and the log line of a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
    CompleteResult, CompletionInfo, CustomRequest, CustomResult, DiscoverResult,
    GetPromptRequestParams, GetPromptResponse, Implementation, InitializeRequestParams,
    InitializeResult, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
    ProgressToken, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ServerCapabilities, ServerConfig, SubscribeRequestParams, Tool as Description,
    UnsubscribeRequestParams,
};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error, info, info_span};

use super::answer_cache::{AnswerCache, CacheKey};
use super::arguments::reading::Arguments;
use super::asked::Asked;
use super::completion::{self, Question};
use super::failure::{Code, Failure};
use super::instructions;
use super::lists;
use super::observed::{Seen, revision};
use super::offer::{Offer, Offered};
use super::prompts::{self, Prompt};
use super::rate::Rates;
use super::resources::{self, Wanted};
use super::running::{RunningCall, RunningCalls};
use super::tools::{CallContext, Entry, Reply};
use super::unserved::{self, unserved_methods};
use crate::identity::{Caller, Reach, Scopes};
use crate::policy::Policy;
use crate::query::{Behalf, Budget, Queries, owner_mark};
use crate::telemetry::call::{self, Ending, Exchange, Opening, Reports};
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::labels::{Cache, Cause};
use crate::telemetry::metrics::lists::RPC_METHODS;
use crate::telemetry::{self, CALL, milliseconds};

/// How often a caller that asked for progress hears that the call is still running.
///
/// Common proxies give up on a silent answer after 60 s; clients vary. Ten seconds is well inside all of them.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What a call may take beyond the time of its statement: reading it, rendering, and a describe's three statements.
const CALL_GRACE: Duration = Duration::from_secs(5);

/// What the handler needs from the rest of the service.
pub struct Services {
    /// The way to the warehouse.
    pub queries: Arc<Queries>,
    /// Tools and prompts.
    pub offered: Offered,
    /// Where calls run. Not the caller's thread: an actix worker has one, and every other request waits for it.
    pub runtime: Handle,
    /// Cancelled when the time for calls in flight is over.
    pub shutdown: CancellationToken,
    /// Finds the caller among the request's extensions; stdio has none.
    pub identify: fn(&rmcp::model::Extensions) -> Option<Caller>,
    /// What the scopes of tokens let callers reach.
    pub scopes: Arc<Scopes>,
    /// Answers that may be given again, for a moment.
    pub answers: AnswerCache,
    /// How many calls each caller may make.
    pub rates: Rates,
    /// Finds the HTTP request that brings a call; stdio has none.
    pub exchange: fn(&rmcp::model::Extensions) -> Option<Arc<Exchange>>,
    /// Where calls are reported.
    pub reports: Reports,
    /// Counts every call.
    pub metrics: Arc<Metrics>,
}

/// Serves MCP over HTTP and stdio. A cheap clone: rmcp wants a handler of its own for every request.
#[derive(Clone)]
pub struct Handler {
    services: Arc<Services>,
    info: Arc<ServerConfig>,
    running: RunningCalls,
    /// How often each caller may ask what there is while somebody types.
    completions: Rates,
}

impl Handler {
    /// Builds what all requests share: the texts and the list of tools.
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

    /// Offers something else from now on.
    pub fn offer(&self, offer: Offer) {
        self.services.offered.replace(offer);
    }

    /// The calls in flight, for the notification that cancels one.
    #[must_use]
    pub fn running(&self) -> RunningCalls {
        self.running.clone()
    }

    /// The call as it is traced and audited.
    fn record(&self, tool: &str, asked: &mut Asked) -> call::Call {
        let opening = Opening {
            tool,
            caller: &asked.caller.name,
            identity: asked.caller.told.clone(),
            revision: &asked.revision,
            request_id: Some(asked.id.to_string()),
            parent: asked.parent.take(),
            exchange: asked.exchange.take(),
        };
        call::Call::begin(opening, &self.services.reports)
    }

    /// The description of this server for one caller, whose limits may differ from others'.
    fn info_for(&self, context: &RequestContext<RoleServer>) -> ServerConfig {
        let info = self.get_info();
        let services = &self.services;
        match (self.services.identify)(&context.extensions) {
            Some(caller) => info.with_instructions(instructions(services, &caller)),
            None => info,
        }
    }

    /// How far a caller must reach to call the tool of this name; what is no tool needs nothing to be told so.
    #[must_use]
    pub fn needs(&self, tool: &str) -> Reach {
        let offer = self.services.offered.now();
        offer.tools.get(tool).map_or(Reach::Nothing, Entry::needs)
    }

    /// Who calls.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Caller {
        (self.services.identify)(&context.extensions).unwrap_or_else(Caller::local)
    }

    /// Where every request is counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.services.metrics
    }

    /// Where calls run.
    pub(super) fn runtime(&self) -> &Handle {
        &self.services.runtime
    }

    /// Whether every answer has a structured part.
    pub(super) fn is_structured(&self) -> bool {
        self.services.queries.is_structured()
    }

    /// The tools for a caller.
    fn list(&self, caller: &Caller) -> ListToolsResult {
        let offer = self.services.offered.now();
        lists::list(&offer.tools, &self.services.scopes, caller)
    }

    /// Writes the tools for a caller, as the revisions with a handshake have them.
    pub(super) fn write_list(&self, caller: &Caller, json: &mut String) {
        let offer = self.services.offered.now();
        let list = || lists::list(&offer.tools, &self.services.scopes, caller);
        offer.lists.write(caller, json, list);
    }

    /// Runs a tool and tells how it ended.
    pub(super) async fn run(
        &self,
        name: &str,
        arguments: Option<JsonObject>,
        mut asked: Asked,
    ) -> Result<Result<Reply, Failure>, ErrorData> {
        let offer = self.services.offered.now();
        let granted = offer.tools.get(name);
        let Some(entry) = granted.filter(|entry| entry.is_granted(&asked.caller)) else {
            let shown: String = name.chars().take(unserved::NAME_CHARS).collect();
            let message =
                format!("there is no tool of this name: {shown}; tools/list has those there are");
            return Err(ErrorData::invalid_params(message, None));
        };
        let tool = entry.description.name.clone();
        if asked.caller.reach < entry.needs() {
            // The door has said so before, with what to ask for. It is not the only one to look.
            let message = format!("the caller's token lacks the scope that {tool} needs");
            return Err(ErrorData::invalid_request(message, None));
        }
        let record = self.record(&tool, &mut asked);
        let caller = &asked.caller;
        let trace_id = record.trace_id();
        let span = info_span!(target: CALL, "tool", tool = %tool, caller = %caller.name, trace_id);
        let started = Instant::now();
        let _in_flight = self.services.metrics.tool_started();

        let admitted = self.services.rates.admit(caller, started);
        let call = CallContext {
            queries: Arc::new(self.services.queries.on_behalf_of(Behalf {
                name: caller.name.clone(),
                identity: Arc::clone(&caller.identity),
                account: caller.account(),
                tag: tag(&tool, caller, trace_id),
                notes: record.notes().clone(),
                may_change: caller.reach >= Reach::Write,
                rights: caller.grant.as_ref().map(|grant| Arc::clone(&grant.rights)),
            })),
            calls: self.services.rates.left(caller, started),
        };
        let time = call.queries.budget().timeout + CALL_GRACE;
        let read = entry.read(arguments.unwrap_or_default());
        let outcome = match (admitted, read) {
            (Err(too_many), _) => Ok(Err(too_many.into())),
            (Ok(()), Err(failure)) => Ok(Err(failure)),
            (Ok(()), Ok(Arguments { known, note })) => {
                let key = entry
                    .is_cacheable
                    .then(|| CacheKey::new(caller, &tool, &known));
                let cached = key.as_ref().and_then(|key| {
                    let cached = self.services.answers.get(key);
                    let metrics = &self.services.metrics;
                    metrics.looked_up(Cache::Answers, cached.is_some());
                    cached
                });
                let outcome = if let Some(reply) = cached {
                    Ok(Ok(reply))
                } else {
                    // The log's span inside the trace's: tasks that outlive the call keep the innermost span only.
                    let work = entry.call(known, call);
                    let work = work.instrument(span.clone());
                    let work = work.instrument(record.span().clone());
                    let task = Running(self.services.runtime.spawn(work));
                    let place = self.running.enter(asked.session, &asked.id, caller);
                    let waited = self.wait(task, time, &asked, &place);
                    let outcome = waited.instrument(span.clone()).await;
                    if let (Some(key), Ok(Ok(reply))) = (key, &outcome) {
                        self.services.answers.put(key, reply);
                    }
                    outcome
                };
                // Fields of other programs do not change what was asked.
                match note {
                    Some(note) => outcome.map(|done| done.map(|reply| reply.with_note(&note))),
                    None => outcome,
                }
            }
        };

        let elapsed = started.elapsed();
        let (code, rows, bytes) = match &outcome {
            Ok(Ok(reply)) => ("ok", reply.rows, reply.bytes),
            Ok(Err(failure)) => (failure.code.as_str(), 0, 0),
            Err(_) => (Code::Internal.as_str(), 0, 0),
        };
        let metrics = &self.services.metrics;
        metrics.tool_finished(&tool, code, rows, bytes, elapsed);
        metrics.caller_served(&caller.name, code, rows, bytes);
        let running = record.notes().query_id();
        let query_id = query_id(&outcome).or(running.as_deref());
        log(&span, &outcome, code, query_id, elapsed);
        let trace_id = trace_id.to_owned();
        record.end(&Ending {
            outcome: code,
            rows,
            bytes,
            query_id,
            took: elapsed,
        });
        outcome.map(|done| done.map_err(|failure| failure.in_trace(trace_id)))
    }

    /// Waits for the first of: the answer, the caller going away, the server's end, the end of its time. All but the first stop
    /// the work.
    async fn wait(
        &self,
        mut task: Running,
        time: Duration,
        asked: &Asked,
        place: &RunningCall,
    ) -> Result<Result<Reply, Failure>, ErrorData> {
        let deadline = tokio::time::sleep(time);
        let progress = report_progress(asked.progress.as_ref());
        tokio::pin!(deadline, progress);
        tokio::select! {
            biased;
            done = &mut task.0 => done.map_or_else(|error| Err(broken(error)), Ok),
            () = asked.gone.cancelled() => Ok(Err(self.stopped(Cause::Client))),
            () = place.cancelled() => Ok(Err(self.stopped(Cause::Client))),
            () = self.services.shutdown.cancelled() => Ok(Err(self.stopped(Cause::Shutdown))),
            () = &mut deadline => Ok(Err(self.stopped(Cause::Deadline))),
            never = &mut progress => match never {},
        }
    }
}

/// What is served: nothing is announced that does not work.
fn capabilities() -> ServerCapabilities {
    ServerCapabilities::builder()
        .enable_tools()
        .enable_prompts()
        .enable_resources()
        .enable_completions()
        .build()
}

fn milliseconds_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Handler {
    /// The resources that are listed: two pages about this server, and the tables of the default schema as far as they can be had.
    async fn resources(&self, context: RequestContext<RoleServer>) -> Vec<Resource> {
        let mut listed = resources::fixed();
        let offer = self.services.offered.now();
        let home = self.services.queries.default_place();
        let (Some(place), Some(_)) = (home, offer.tools.get("list_tables")) else {
            return listed;
        };
        let arguments = serde_json::json!({
            "schema": place, "limit": resources::MOST_TABLES, "format": "json",
        });
        if let Ok(tables) = self.ask_tool("list_tables", arguments, context).await {
            listed.extend(resources::tables(&tables));
        }
        listed
    }

    /// A resource.
    async fn page(
        &self,
        uri: &str,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        let offer = self.services.offered.now();
        match resources::wanted(uri, &offer.tools)? {
            Wanted::Guide => {
                let caller = self.caller(&context);
                let instructions = instructions(&self.services, &caller);
                Ok(resources::page(
                    uri,
                    resources::guide(&instructions, &offer.tools, &caller),
                ))
            }
            Wanted::Policy => {
                let caller = self.caller(&context);
                let (policy, budget) = terms(&self.services, &caller);
                Ok(resources::page(
                    uri,
                    resources::policy(&policy.in_words(), budget),
                ))
            }
            Wanted::Answer { tool, arguments } => {
                let result = self
                    .ask_tool(tool, Value::Object(arguments), context)
                    .await?;
                resources::page_of(uri, result)
            }
        }
    }

    /// Values for an argument; none when they do not come at once.
    async fn completed(
        &self,
        request: &CompleteRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CompletionInfo, ErrorData> {
        let question = completion::question(request, &self.services.offered.now());
        let question = question.map_err(|problem| ErrorData::invalid_params(problem, None))?;
        let (tool, arguments, names, typed) = match question {
            Question::Words(words) => return Ok(completion::info(words)),
            Question::Tool {
                tool,
                arguments,
                names,
                typed,
            } => (tool, arguments, names, typed),
        };
        let caller = self.caller(&context);
        if self.completions.admit(&caller, Instant::now()).is_err() {
            return Ok(CompletionInfo::default());
        }
        // Taken back and not dropped, so that its end is in the log and the metrics.
        let gone = context.ct.child_token();
        context.ct = gone.clone();
        let answer = self.ask_tool(tool, Value::Object(arguments), context);
        tokio::pin!(answer);
        let answered = match tokio::time::timeout(completion::PATIENCE, &mut answer).await {
            Ok(answered) => answered,
            Err(_) => {
                gone.cancel();
                answer.await
            }
        };
        Ok(match answered {
            Ok(result) => completion::names(&result, names, &typed),
            // Whoever types goes on typing.
            Err(_) => CompletionInfo::default(),
        })
    }

    /// A call of one of our own tools for a request that is none: it counts as the caller's like any other.
    async fn ask_tool(
        &self,
        tool: &'static str,
        arguments: Value,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => JsonObject::new(),
        };
        let exchange = (self.services.exchange)(&context.extensions);
        let asked = Asked::of(&context, self.caller(&context), exchange);
        Ok(match self.run(tool, Some(arguments), asked).await? {
            Ok(reply) => reply.into_result(),
            Err(failure) => failure.into_result(self.is_structured()),
        })
    }

    /// The answer to a call that was stopped, in case the client still listens.
    fn stopped(&self, cause: Cause) -> Failure {
        self.services.metrics.call_stopped(cause);
        match cause {
            Cause::Client => Failure::new(Code::QueryCancelled, "the caller gave the call up", ""),
            Cause::Shutdown => Failure::new(
                Code::QueryCancelled,
                "the server is shutting down; the statement was stopped",
                "send the same call again in a few seconds",
            ),
            Cause::Deadline => Failure::new(
                Code::QueryTimeout,
                "the call did not end within its time limit",
                "make the statement cheaper",
            ),
        }
    }
}

fn instructions(services: &Services, caller: &Caller) -> String {
    let kind = services.queries.warehouse().kind();
    let offer = services.offered.now();
    let tools = offer.tools.granted_to(caller);
    let (policy, budget) = terms(services, caller);
    instructions::text(kind, policy.preset(), budget, &tools)
}

/// What a caller's statements may do, and what they may cost.
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

/// A call under way. Stops when dropped, wherever it is.
struct Running(JoinHandle<Result<Reply, Failure>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What Snowflake's history of queries shows beside a statement: which tool, for whom, in which trace.
fn tag(tool: &str, caller: &Caller, trace_id: &str) -> String {
    let mut tag = serde_json::json!({
        "app": "snowflake-mcp",
        "tool": tool,
        "caller": caller.name,
        // The name is too short to go by: `query_history` goes by this.
        "owner": owner_mark(&caller.identity),
        "trace_id": trace_id,
    });
    for (name, value) in [("user", &caller.user), ("client", &caller.client)] {
        if let (Some(value), Some(tag)) = (value, tag.as_object_mut()) {
            tag.insert(name.to_owned(), serde_json::Value::from(&**value));
        }
    }
    tag.to_string()
}

/// The statement in the warehouse, of an answer or of a failure.
fn query_id(outcome: &Result<Result<Reply, Failure>, ErrorData>) -> Option<&str> {
    match outcome {
        Ok(Ok(reply)) => reply.query_id.as_deref(),
        Ok(Err(failure)) => failure.query_id.as_deref(),
        Err(_) => None,
    }
}

/// Tells the caller at once and from time to time that the call is running, if it asked to be told. Never ends.
async fn report_progress(
    progress: Option<&(Peer<RoleServer>, ProgressToken)>,
) -> std::convert::Infallible {
    let Some((peer, token)) = progress else {
        return std::future::pending().await;
    };
    let started = Instant::now();
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    // The first answers of most calls are faster than a progress message is worth.
    ticks.reset_after(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let seconds = started.elapsed().as_secs_f64();
        let message = format!("running for {seconds:.0} s");
        let progress = ProgressNotificationParam::new(token.clone(), seconds).with_message(message);
        // A caller that does not listen is noticed by the transport; the call itself goes on.
        let _ = peer.notify_progress(progress).await;
    }
}

/// A tool that panicked, or whose runtime is gone. The panic itself was logged by the process's panic hook.
fn broken(error: JoinError) -> ErrorData {
    if error.is_panic() {
        error!("a tool panicked");
    }
    ErrorData::internal_error("the server failed to answer this call", None)
}

fn log(
    span: &Span,
    outcome: &Result<Result<Reply, Failure>, ErrorData>,
    code: &str,
    query_id: Option<&str>,
    elapsed: Duration,
) {
    let _inside = span.enter();
    let duration_ms = milliseconds(elapsed);
    match outcome {
        Ok(Ok(reply)) => {
            info!(
                outcome = code,
                rows = reply.rows,
                query_id,
                duration_ms,
                "call answered"
            );
        }
        Ok(Err(_)) => info!(outcome = code, query_id, duration_ms, "call failed"),
        Err(_) => error!(outcome = code, query_id, duration_ms, "call broke off"),
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        (*self.info).clone()
    }

    /// What rmcp does by itself, and counted.
    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let seen = Seen::wanting(self.metrics(), "initialize", &request.protocol_version);
        context.peer.set_peer_info(request.clone());
        let told = self.negotiate_initialize(&request).map(|mut result| {
            result.instructions = self.info_for(&context).instructions;
            result
        });
        seen.answered(told)
    }

    /// What rmcp does by itself, and counted.
    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "server/discover", &context);
        let versions = self.supported_protocol_versions().into_owned();
        seen.answered(Ok(DiscoverResult::from_server_info(
            versions,
            self.info_for(&context),
        )))
    }

    /// What rmcp does by itself, and counted.
    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Seen::new(self.metrics(), "ping", &context).answered(Ok(()))
    }

    /// A method that is not known, or whose params could not be read: rmcp tells neither what is wrong, nor us that it was asked.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let known = RPC_METHODS.iter().find(|it| **it == request.method);
        let seen = Seen::new(self.metrics(), known.unwrap_or(&"other"), &context);
        seen.answered(Err(unserved::unanswered(
            &request.method,
            &revision(&context),
        )))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "prompts/list", &context);
        let offer = self.services.offered.now();
        let prompts = offer.prompts.iter().map(Prompt::describe).collect();
        seen.answered(Ok(ListPromptsResult::with_all_items(prompts)
            .with_ttl_ms(milliseconds_of(lists::TTL))
            .with_cache_scope(CacheScope::Public)))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let seen = Seen::new(self.metrics(), "prompts/get", &context);
        let offer = self.services.offered.now();
        let prompt = prompts::named(&offer.prompts, &request.name);
        let message =
            prompt.and_then(|prompt| prompt.message(&request.arguments.unwrap_or_default()));
        let message = message.map_err(|problem| ErrorData::invalid_params(problem, None));
        seen.answered(message.map(GetPromptResponse::from))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "resources/list", &context);
        let resources = self.resources(context).await;
        seen.answered(Ok(ListResourcesResult::with_all_items(resources)
            .with_ttl_ms(milliseconds_of(lists::TTL))
            .with_cache_scope(CacheScope::Private)))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "resources/templates/list", &context);
        let templates = resources::templates(&self.services.offered.now().tools);
        seen.answered(Ok(ListResourceTemplatesResult::with_all_items(templates)
            .with_ttl_ms(milliseconds_of(lists::TTL))
            .with_cache_scope(CacheScope::Public)))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let seen = Seen::new(self.metrics(), "resources/read", &context);
        let page = self.page(&request.uri, context).await;
        seen.answered(page.map(ReadResourceResponse::from))
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "completion/complete", &context);
        let completed = self.completed(&request, context).await;
        seen.answered(completed.map(CompleteResult::new))
    }

    unserved_methods! {
        set_level, unserved::SetLevelParams, (), "logging/setLevel";
        subscribe, SubscribeRequestParams, (), "resources/subscribe";
        unsubscribe, UnsubscribeRequestParams, (), "resources/unsubscribe";
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let seen = Seen::new(self.metrics(), "tools/call", &context);
        let exchange = (self.services.exchange)(&context.extensions);
        let asked = Asked::of(&context, self.caller(&context), exchange);
        let ended = self.run(&request.name, request.arguments, asked).await;
        seen.answered(ended.map(|done| match done {
            Ok(reply) => reply.into_result().into(),
            Err(failure) => failure.into_result(self.is_structured()).into(),
        }))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "tools/list", &context);
        seen.answered(Ok(self.list(&self.caller(&context))))
    }

    fn get_tool(&self, name: &str) -> Option<Description> {
        let offer = self.services.offered.now();
        offer.tools.get(name).map(|entry| entry.description.clone())
    }
}

#[cfg(test)]
mod tests;
