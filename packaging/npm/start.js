#!/usr/bin/env node
// Starts the program of the package for this platform, which npm installs as an optional dependency of this one.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");

const name = `snowflake-mcp-server-${process.platform}-${process.arch}`;

let program;
try {
  program = require.resolve(`${name}/bin/snowflake-mcp`);
} catch {
  console.error(
    `snowflake-mcp: the package ${name} is not installed. There is one for Linux with glibc (x64, arm64) and macOS (arm64); ` +
      "on these install again without --omit=optional and --no-optional.",
  );
  process.exit(1);
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });

// Whoever ends this process means the program. It decides when it is done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`snowflake-mcp: ${program} does not start: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
