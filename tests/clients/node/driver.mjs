// Lets the tests use the TypeScript clients: one request a line on stdin, one answer a line on stdout.
//
//   node driver.mjs <folder of the installed clients> <typescript-1|typescript-2|typescript-2-legacy> <url> [<client id>]
//
// With a client id the client signs in where the server says, in a browser that allows everything; `-` has it register itself.

import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, kind, url, clientId] = process.argv.slice(2);
const identity = { name: "snowflake-mcp-client-tests", version: "1.0.0" };

function load(...path) {
  return import(pathToFileURL(join(folder, "node_modules", "@modelcontextprotocol", ...path)));
}

const callback = "http://127.0.0.1/callback";

// What a browser does whose user allows everything: it goes where it is sent, with cookies.
async function browse(start) {
  const cookies = new Map();
  let at = start;
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(at, { redirect: "manual", headers: cookie ? { cookie } : {} });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (!location) throw new Error(`the sign-in ended with ${answer.status}: ${await answer.text()}`);
    at = new URL(location, at);
    if (at.href.startsWith(callback)) return at.searchParams;
  }
  throw new Error("the sign-in goes round in circles");
}

// Keeps what a client is given. Both generations of the client take one of the same shape.
class SignIn {
  returned;
  #kept = new Map();
  redirectUrl = callback;
  clientMetadata = {
    client_name: "snowflake-mcp-client-tests",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    application_type: "native",
  };
  state = () => "state";
  clientInformation = () => (clientId === "-" ? this.#kept.get("client") : { client_id: clientId });
  saveClientInformation = (client) => void this.#kept.set("client", client);
  tokens = () => this.#kept.get("tokens");
  saveTokens = (tokens) => void this.#kept.set("tokens", tokens);
  codeVerifier = () => this.#kept.get("verifier");
  saveCodeVerifier = (verifier) => void this.#kept.set("verifier", verifier);
  redirectToAuthorization = async (address) => void (this.returned = await browse(address));
}

const signIn = clientId && new SignIn();
const options = signIn ? { authProvider: signIn } : undefined;

// Does something, and once more after a sign-in where that was needed.
async function signedIn(transport, work) {
  try {
    return await work();
  } catch (error) {
    const parameters = signIn?.returned;
    if (!parameters) throw error;
    signIn.returned = undefined;
    const code = parameters.get("code");
    if (!code) throw new Error(`the sign-in was refused: ${parameters}`);
    // The second generation checks who it comes from (RFC 9207), and takes all there is.
    await transport().finishAuth(kind === "typescript-1" ? code : parameters);
    return work();
  }
}

async function makeClient() {
  let transport;
  if (kind === "typescript-1") {
    const { Client } = await load("sdk", "dist", "esm", "client", "index.js");
    const { StreamableHTTPClientTransport } = await load("sdk", "dist", "esm", "client", "streamableHttp.js");
    const client = new Client(identity);
    await signedIn(() => transport, () => client.connect((transport = new StreamableHTTPClientTransport(new URL(url), options))));
    // The third argument of this version's callTool is the options, after the schema of the result.
    const call = (params, more) => signedIn(() => transport, () => client.callTool(params, undefined, more));
    return { client, call };
  }
  const { Client, StreamableHTTPClientTransport } = await load("client", "dist", "index.mjs");
  const mode = kind === "typescript-2" ? "auto" : "legacy";
  const client = new Client(identity, { versionNegotiation: { mode } });
  await signedIn(() => transport, () => client.connect((transport = new StreamableHTTPClientTransport(new URL(url), options))));
  return { client, call: (params, more) => signedIn(() => transport, () => client.callTool(params, more)) };
}

// The version a client agreed on is told differently by the two.
function version(client) {
  return client.getNegotiatedProtocolVersion?.() ?? client.transport.protocolVersion;
}

async function giveUp(call, params, afterMs) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort("the test gives up"), afterMs);
  try {
    const result = await call(params, { signal: abort.signal });
    throw new Error(`the call was to be given up, but was answered: ${JSON.stringify(result)}`);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    return null;
  } finally {
    clearTimeout(timer);
  }
}

let connected;

async function answer({ do: what, name, arguments: args, after_ms }) {
  const params = { name, arguments: args };
  switch (what) {
    case "connect":
      connected = await makeClient();
      return version(connected.client);
    case "list":
      return (await connected.client.listTools()).tools;
    case "call":
      return connected.call(params);
    case "list_prompts":
      return (await connected.client.listPrompts()).prompts;
    case "get_prompt":
      return (await connected.client.getPrompt(params)).messages[0].content.text;
    case "list_resources":
      return (await connected.client.listResources()).resources;
    case "list_templates":
      return (await connected.client.listResourceTemplates()).resourceTemplates;
    case "read":
      return (await connected.client.readResource({ uri: name })).contents[0].text;
    case "complete":
      return (await connected.client.complete(args)).completion.values;
    case "give_up":
      return giveUp(connected.call, params, after_ms);
    case "close":
      return connected.client.close().then(() => null);
    default:
      throw new Error(`there is no ${what}`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = { result: (await answer(JSON.parse(line))) ?? null };
  } catch (error) {
    reply = { error: `${error?.stack ?? error}` };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
