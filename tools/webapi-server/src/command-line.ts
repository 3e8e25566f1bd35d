import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { listen, listenOn } from "./listen.ts";
import { type Mode, WebApi } from "./web-api.ts";
import { checkWithXmllint, hasXmllint } from "./xmllint.ts";

/** What the program may touch of the process that runs it. */
export interface Surroundings {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stopping: AbortSignal;
}

interface Flags {
  readonly listen: Place;
  readonly control?: Place;
  readonly user: string;
  readonly passwordFile: string;
  readonly allow: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly mode: Mode;
  readonly xmllint?: true;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

const MORE = `
Modes: ok, malformed, poisoned=ADDRESS[,ADDRESS], unauthorized, busy[=SECONDS], silent, slow=MS, reset, reset-stored.

The control address answers GET /table, GET /posts and POST /mode (the body is a mode), and nothing else.

Exit codes: 0 stopped by a signal, 1 a fault, 2 wrong usage.
`;

/** Runs one command line to its end and gives the exit code; never throws. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = new Command("webapi-server")
    .description("A stand-in for the Web API of a Juniper SRX: takes posts, strictly, and keeps the table.")
    .addHelpText("after", MORE)
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
    .requiredOption("--listen <address:port>", "where posts are taken", placeOf)
    .option("--control <address:port>", "where tests and people look and switch", placeOf)
    .requiredOption("--user <name>", "the Web API's user")
    .requiredOption("--password-file <file>", "file that holds the password")
    .option("--allow <address...>", "addresses that may post; any where absent", [])
    .option("--cert <file>", "PEM certificate; plain HTTP where absent")
    .option("--key <file>", "PEM key of the certificate")
    .option("--mode <mode>", "how it behaves", modeOf, { kind: "ok" })
    .option("--xmllint", "have xmllint hold each post against userfw.xsd as well")
    .action((flags: Flags) => serve(flags, surroundings));
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    surroundings.err(`webapi-server: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function serve(flags: Flags, { out, err, stopping }: Surroundings): Promise<void> {
  if ((flags.cert === undefined) !== (flags.key === undefined))
    throw new CommanderError(2, "usage", "--cert and --key belong together");
  if (flags.xmllint && !hasXmllint())
    throw new Error("xmllint is not installed: it is in the package libxml2-utils.");
  const api = new WebApi({
    user: flags.user,
    password: readFileSync(flags.passwordFile, "utf8").replace(/\r?\n$/, ""),
    clients: flags.allow,
    ...(flags.xmllint ? { alsoCheck: checkWithXmllint } : {}),
  });
  api.mode = flags.mode;
  const tls =
    flags.cert === undefined || flags.key === undefined
      ? null
      : { certPem: readFileSync(flags.cert, "utf8"), keyPem: readFileSync(flags.key, "utf8") };
  const server = await listen(api, { ...flags.listen, tls });
  err(`web API: ${server.url}\n`);
  const control = flags.control ? await openControl(api, flags.control) : null;
  if (control) err(`control: ${control.url} (GET /table, GET /posts, POST /mode)\n`);
  await new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  out(`${JSON.stringify(api.table.rows(), null, 2)}\n`);
  await Promise.all([server.close(), control?.close()]);
}

async function openControl(api: WebApi, place: Place): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    const asked = `${request.method} ${request.url}`;
    if (asked === "GET /table") return reply(200, api.table.rows());
    if (asked === "GET /posts") return reply(200, api.posts);
    if (asked !== "POST /mode") return reply(404, { error: "GET /table, GET /posts or POST /mode" });
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body = (body + chunk).slice(0, 10_000);
    });
    request.on("end", () => {
      try {
        api.mode = modeOf(body.trim());
        reply(200, api.mode);
      } catch {
        reply(400, { error: "no such mode" });
      }
    });
  });
  const port = await listenOn(server, place);
  return {
    url: `http://${place.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reads a mode as it is written on the command line. */
export function modeOf(text: string): Mode {
  const [kind = "", value = ""] = text.split("=", 2);
  const number = value === "" ? null : Number(value);
  switch (kind) {
    case "ok":
    case "malformed":
    case "unauthorized":
    case "silent":
      return { kind };
    case "poisoned":
      return { kind, addresses: value.split(",").filter((address) => address !== "") };
    case "busy":
      if (number === null || Number.isInteger(number)) return { kind, retryAfterSeconds: number };
      break;
    case "slow":
      if (number !== null && number >= 0) return { kind, delayMs: number };
      break;
    case "reset":
    case "reset-stored":
      return { kind: "reset", stored: kind === "reset-stored" };
  }
  throw new InvalidArgumentError("No such mode.");
}

function placeOf(text: string): Place {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (!host || port > 65_535) throw new InvalidArgumentError("Write ADDRESS:PORT, such as 127.0.0.1:8443.");
  return { host, port };
}
