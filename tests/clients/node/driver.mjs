// Lets the tests use the TypeScript clients: one request a line on stdin, one answer a line on stdout.
//
//   node driver.mjs <folder of the installed clients> <typescript-1|typescript-2|typescript-2-legacy> <url>

import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, kind, url] = process.argv.slice(2);
const identity = { name: "snowflake-mcp-client-tests", version: "1.0.0" };

function load(...path) {
  return import(pathToFileURL(join(folder, "node_modules", "@modelcontextprotocol", ...path)));
}

async function makeClient() {
  if (kind === "typescript-1") {
    const { Client } = await load("sdk", "dist", "esm", "client", "index.js");
    const { StreamableHTTPClientTransport } = await load("sdk", "dist", "esm", "client", "streamableHttp.js");
    const client = new Client(identity);
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    // The third argument of this version's callTool is the options, after the schema of the result.
    const call = (params, options) => client.callTool(params, undefined, options);
    return { client, call };
  }
  const { Client, StreamableHTTPClientTransport } = await load("client", "dist", "index.mjs");
  const mode = kind === "typescript-2" ? "auto" : "legacy";
  const client = new Client(identity, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { client, call: client.callTool.bind(client) };
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
