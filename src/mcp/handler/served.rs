//! The methods of MCP, as rmcp hands them to this handler.

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
    CustomRequest, CustomResult, DiscoverResult, GetPromptRequestParams, GetPromptResponse,
    InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ServerConfig, SubscribeRequestParams, Tool as Description,
    UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, RoleServer};

use super::Handler;
use crate::mcp::asked::Asked;
#[cfg(feature = "conformance-fixtures")]
use crate::mcp::fixtures;
use crate::mcp::lists;
use crate::mcp::observed::{Seen, revision};
use crate::mcp::prompts::{self, Prompt};
use crate::mcp::resources::{self};
use crate::mcp::unserved::{self, unserved_methods};
use crate::telemetry::metrics::lists::RPC_METHODS;

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        (*self.info).clone()
    }

    /// As rmcp does by default, but counted.
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

    /// As rmcp does by default, but counted.
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

    /// As rmcp does by default, but counted.
    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Seen::new(self.metrics(), "ping", &context).answered(Ok(()))
    }

    /// A method that is unknown, or whose params could not be read. rmcp would neither say what is wrong nor let us count
    /// the request.
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
        let caller = self.caller(&context);
        let prompts = offer.prompts_of(&caller).map(Prompt::describe);
        #[cfg(feature = "conformance-fixtures")]
        let prompts = prompts.chain(fixtures::prompts());
        let prompts = prompts.collect();
        seen.answered(Ok(ListPromptsResult::with_all_items(prompts)
            .with_ttl_ms(lists::TTL_MS)
            .with_cache_scope(lists::scope(&caller))))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let seen = Seen::new(self.metrics(), "prompts/get", &context);
        #[cfg(feature = "conformance-fixtures")]
        if let Some(fixture) = fixtures::prompt(&request) {
            return seen.answered(fixture);
        }
        let offer = self.services.offered.now();
        let caller = self.caller(&context);
        let prompt = prompts::named(offer.prompts_of(&caller), &request.name);
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
        #[cfg(feature = "conformance-fixtures")]
        let resources = [resources, fixtures::resources()].concat();
        seen.answered(Ok(ListResourcesResult::with_all_items(resources)
            .with_ttl_ms(lists::TTL_MS)
            .with_cache_scope(CacheScope::Private)))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let seen = Seen::new(self.metrics(), "resources/templates/list", &context);
        let caller = self.caller(&context);
        let offer = self.services.offered.now();
        let templates = resources::templates(&offer.tools.granted_to(&caller));
        #[cfg(feature = "conformance-fixtures")]
        let templates = [templates, fixtures::templates()].concat();
        seen.answered(Ok(ListResourceTemplatesResult::with_all_items(templates)
            .with_ttl_ms(lists::TTL_MS)
            .with_cache_scope(lists::scope(&caller))))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let seen = Seen::new(self.metrics(), "resources/read", &context);
        #[cfg(feature = "conformance-fixtures")]
        if let Some(fixture) = fixtures::resource(&request.uri) {
            return seen.answered(fixture);
        }
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
        #[cfg(feature = "conformance-fixtures")]
        if let Some(fixture) = fixtures::call(&request, &context).await {
            return seen.answered(fixture);
        }
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
        let list = self.list(&self.caller(&context));
        #[cfg(feature = "conformance-fixtures")]
        let list = {
            let mut list = list;
            list.tools.extend(fixtures::tools());
            list
        };
        seen.answered(Ok(list))
    }

    fn get_tool(&self, name: &str) -> Option<Description> {
        #[cfg(feature = "conformance-fixtures")]
        if let Some(tool) = fixtures::tools().into_iter().find(|tool| tool.name == name) {
            return Some(tool);
        }
        let offer = self.services.offered.now();
        offer.tools.get(name).map(|entry| entry.description.clone())
    }
}
