// An authorization server for tests: oidc-provider, which is certified, on this machine only, with everybody who asks signed in
// and all they ask for allowed.
//
//   node authorization-server.mjs <folder of the installed packages> <resource> [<lifetime of access tokens in seconds>]
//
// It prints its address once it listens. For tests alone: POST /control/rotate?keep=0 makes new keys, POST /control/keys?mode=500
// has the keys fail (200 brings them back), GET /control/stats counts what was asked for.

import http from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, resource, lifetime = "300"] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Provider, errors } = await load("oidc-provider");
const jose = await load("jose");

const SCOPES = "mcp:catalog mcp:query mcp:write";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const SNOWFLAKE = "https://account.example.com";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const seconds = Number(lifetime);

let made = 0;
async function makeKey(alg) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  made += 1;
  return { ...(await jose.exportJWK(privateKey)), alg, use: "sig", kid: `${alg.toLowerCase()}-${made}` };
}
const makeKeys = () => Promise.all(["RS256", "ES256", "PS256", "EdDSA"].map(makeKey));

// Clients, grants and refresh tokens outlive a change of keys, which makes a new provider.
const kept = new Map();
class Adapter {
  constructor(kind) {
    this.kind = kind;
  }
  key(id) {
    return `${this.kind} ${id}`;
  }
  async upsert(id, payload) {
    kept.set(this.key(id), payload);
    if (payload.uid) kept.set(`uid ${payload.uid}`, id);
  }
  async find(id) {
    return kept.get(this.key(id));
  }
  async findByUid(uid) {
    return this.find(kept.get(`uid ${uid}`));
  }
  async findByUserCode() {
    return undefined;
  }
  async destroy(id) {
    kept.delete(this.key(id));
  }
  async revokeByGrantId(grant) {
    for (const [key, value] of kept) if (value?.grantId === grant) kept.delete(key);
  }
  async consume(id) {
    const payload = kept.get(this.key(id));
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }
}

const machine = (client_id, grant_types) => ({
  client_id,
  client_secret: `${client_id}-secret`,
  redirect_uris: [],
  response_types: [],
  grant_types,
  scope: SCOPES,
});

function makeProvider(issuer, keys) {
  const resources = new Set([resource, SNOWFLAKE]);
  const described = (uri, client) => ({
    scope: `${SCOPES} session:role:ANALYST`,
    audience: uri,
    accessTokenFormat: "jwt",
    accessTokenTTL: seconds,
    jwt: { sign: { alg: client?.clientId === "machine-es" ? "ES256" : "RS256" } },
  });
  const provider = new Provider(issuer, {
    adapter: Adapter,
    jwks: { keys },
    scopes: ["openid", "offline_access", ...SCOPES.split(" "), "session:role:ANALYST"],
    clients: [
      machine("machine", ["client_credentials"]),
      machine("machine-es", ["client_credentials"]),
      machine("exchanger", [EXCHANGE]),
      {
        client_id: "registered",
        token_endpoint_auth_method: "none",
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: ["callback", "oauth/callback"].flatMap((path) => [`http://127.0.0.1/${path}`, `http://localhost/${path}`]),
      },
    ],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    cookies: { keys: ["for tests"] },
    // Whether or not offline_access was asked for, as most issuers do.
    issueRefreshToken: async (_, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    extraTokenClaims: (_, token) =>
      token.accountId
        ? { preferred_username: token.accountId, groups: [token.accountId === "alice" ? "analysts" : "interns"] }
        : undefined,
    ttl: { AccessToken: seconds, ClientCredentials: seconds },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // Otherwise a token that is refreshed without `resource` is opaque.
        useGrantedResource: () => true,
        getResourceServerInfo: (_, uri, client) => {
          if (!resources.has(uri)) throw new errors.InvalidTarget();
          return described(uri, client);
        },
      },
    },
  });
  // RFC 8693, as much as a resource server needs: a token for itself in, one of the same person for Snowflake out.
  provider.registerGrantType(
    EXCHANGE,
    async (ctx) => {
      const { params, client } = ctx.oidc;
      const open = keys.map(({ d, p, q, dp, dq, qi, ...rest }) => rest);
      let subject;
      try {
        const checked = await jose.jwtVerify(params.subject_token, jose.createLocalJWKSet({ keys: open }), { issuer });
        subject = checked.payload.sub;
      } catch {
        throw new errors.InvalidGrant("subject_token");
      }
      const uri = params.resource ?? params.audience;
      const token = new provider.AccessToken({ accountId: subject, client, scope: params.scope, claims: {}, grantId: "exchange", gty: "exchange" });
      token.resourceServer = new provider.ResourceServer(uri, described(uri));
      ctx.body = { access_token: await token.save(), issued_token_type: ACCESS_TOKEN, token_type: "Bearer", expires_in: seconds, scope: params.scope };
    },
    ["subject_token", "subject_token_type", "requested_token_type", "audience", "resource", "scope"],
    ["audience", "resource"],
  );
  return provider;
}

// Whoever comes is signed in as `login_hint`, or else as alice, and allows all.
async function interact(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === "login") {
    const login = { accountId: details.params.login_hint ?? "alice" };
    return provider.interactionFinished(request, response, { login });
  }
  const own = { accountId: details.session.accountId, clientId: details.params.client_id };
  const grant = details.grantId ? await provider.Grant.find(details.grantId) : new provider.Grant(own);
  const { missingOIDCScope, missingResourceScopes } = details.prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
  for (const [uri, scopes] of Object.entries(missingResourceScopes ?? {})) grant.addResourceScope(uri, scopes.join(" "));
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const stats = { keys: 0, token: 0, register: 0, interaction: 0 };
let keysStatus = 200;
let keys = await makeKeys();
let issuer;
let provider;
let handle;

function renew() {
  provider = makeProvider(issuer, keys);
  provider.on("server_error", (_, error) => console.error("server_error", error));
  provider.on("grant.error", (_, error) => console.error("grant.error", error.error, error.error_detail ?? error.error_description));
  handle = provider.callback();
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  switch (url.pathname) {
    case "/control/rotate": {
      const fresh = await makeKeys();
      keys = url.searchParams.get("keep") === "0" ? fresh : [...fresh, ...keys];
      renew();
      return response.end("{}");
    }
    case "/control/keys":
      keysStatus = Number(url.searchParams.get("mode"));
      return response.end("{}");
    case "/control/stats":
      return response.end(JSON.stringify(stats));
    case "/.well-known/oauth-authorization-server":
      // oidc-provider knows the address of OpenID only.
      request.url = "/.well-known/openid-configuration";
      break;
    case "/jwks":
      stats.keys += 1;
      response.statusCode = keysStatus;
      if (keysStatus !== 200) return response.end();
      break;
    case "/token":
      stats.token += 1;
      break;
    case "/reg":
      stats.register += 1;
      break;
  }
  if (url.pathname.startsWith("/interaction/")) {
    stats.interaction += 1;
    return interact(provider, request, response);
  }
  return handle(request, response);
});
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  renew();
  console.log(issuer);
});
