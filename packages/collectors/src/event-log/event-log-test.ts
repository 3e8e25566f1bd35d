import { isIP } from "node:net";
import { eventQuery, plainEventQuery, switchesOf } from "@rollcall/event-rules";
import type { CheckResult } from "../collector.ts";
import { adviseOnLog } from "./event-log-advice.ts";
import { EventLogFault, faultOfStatus, type LogPlace, toEventLogFault } from "./event-log-fault.ts";
import { CALL_MS, type EventLogPort, type EventLogSession, type LogCursor } from "./event-log-port.ts";
import type { DecodedRecord } from "./event-log-reader.ts";
import { channelOf, type EventSourceConfig } from "./event-source-config.ts";

export interface EventLogTestOptions {
  readonly config: EventSourceConfig;
  /** The addresses of a name. */
  readonly lookUp: (host: string) => Promise<readonly string[]>;
  /** Asks the endpoint mapper where the event log service listens. */
  readonly findPort: (signal: AbortSignal) => Promise<number>;
  /** Whether a port accepts a connection; throws what the socket throws. */
  readonly reach: (port: number, signal: AbortSignal) => Promise<void>;
  readonly port: EventLogPort;
  readonly decode: (binXml: Uint8Array) => DecodedRecord;
  /** How far the server's clock is ahead, ms; null where it cannot be asked. */
  readonly askClockOffset: (signal: AbortSignal) => Promise<number | null>;
}

/**
 * Tries an event log step by step, as a person would who looks for the fault: name, endpoint mapper, port, login, log, one
 * record.
 *
 * Shape:  the checks in order, up to the first that fails; that one has a remedy. Behind them, what could be better.
 * Errors: none thrown; a fault is a failed check. One login is made, whatever comes of it.
 */
export async function testEventLog(
  options: EventLogTestOptions,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const { config } = options;
  const place: LogPlace = {
    host: config.host,
    channel: channelOf(config),
    endpointMapperPort: config.endpointMapperPort,
  };
  const checks: CheckResult[] = [];
  /** Runs one step; null when it failed and the rest makes no sense. */
  const step = async <T>(
    name: string,
    run: () => Promise<{ readonly detail: string; readonly value: T; readonly advice?: string }>,
  ): Promise<{ readonly value: T } | null> => {
    try {
      signal.throwIfAborted();
      const { detail, value, advice } = await run();
      checks.push({ name, ok: true, detail, ...(advice === undefined ? {} : { remedy: advice }) });
      return { value };
    } catch (error) {
      const fault = toEventLogFault(error, place);
      checks.push({ name, ok: false, detail: fault.message, remedy: fault.remedy });
      return null;
    }
  };

  if (isIP(config.host) === 0) {
    const named = await step("Name", async () => {
      const addresses = await options.lookUp(config.host);
      return { detail: `${config.host} is ${addresses.join(", ")}`, value: addresses };
    });
    if (named === null) return checks;
  }
  const mapped = await step("Endpoint mapper", async () => {
    const port = await options.findPort(signal);
    return { detail: `The event log service listens on TCP ${port}`, value: port };
  });
  if (mapped === null) return checks;
  const reached = await step("Port", async () => {
    await options.reach(mapped.value, signal);
    return { detail: `${config.host}:${mapped.value} accepts connections`, value: null };
  });
  if (reached === null) return checks;
  const loggedIn = await step("Login", async () => {
    const session = await options.port.connect(signal);
    return {
      detail: `The account was let in by ${session.login}`,
      value: session,
      ...(session.login === "NTLM" ? { advice: RATHER_KERBEROS } : {}),
    };
  });
  if (loggedIn === null) return checks;
  const session = loggedIn.value;
  try {
    const opened = await step("Log", async () => ({
      detail: `${place.channel} can be read`,
      value: await openLog(session, config, place),
    }));
    if (opened === null) return checks;
    const read = await step("Record", async () => ({
      detail: await newestOf(opened.value, options, place),
      value: null,
    }));
    if (read === null) return checks;
    return [...checks, ...(await adviseOnLog({ ...options, session }, signal))];
  } catch (error) {
    const { message, remedy } = toEventLogFault(error, place);
    return [...checks, { name: "Connection", ok: false, detail: message, remedy }];
  } finally {
    session.close();
  }
}

const RATHER_KERBEROS =
  "let it log in by Kerberos: name the server in full (not by its address) and the user as user@corp.example, then switch NTLM off at the credential";

/** Opens the log with the source's own query; with the plain one where the server cannot use ours. */
async function openLog(
  session: EventLogSession,
  config: EventSourceConfig,
  place: LogPlace,
): Promise<LogCursor> {
  const rules = switchesOf(config.rulesOff, config.rulesOn);
  const wish = { kind: config.kind, channels: [place.channel], rules, shares: config.shares };
  const queries = config.query === undefined ? [eventQuery(wish), plainEventQuery(wish)] : [config.query];
  let fault: EventLogFault | null = null;
  for (const query of queries) {
    const opened = await session.newestFirst({ channel: place.channel, query });
    if (opened.kind === "open") return opened.cursor;
    if (opened.kind === "stale")
      throw new EventLogFault("server-fault", `${place.channel} was cleared meanwhile`, "test again");
    fault = faultOfStatus(opened.status, opened.name, place);
    if (fault.code === "no-channel") throw await withLogsThatAre(fault, session, place);
    if (fault.code !== "query-refused") throw fault;
  }
  throw fault ?? new EventLogFault("query-refused", `${place.host} cannot use the query`, "check the query");
}

const SUGGESTED_MAX = 5;

/** The same fault, with the logs of that server whose names are like the one that it does not have. */
async function withLogsThatAre(
  fault: EventLogFault,
  session: EventLogSession,
  { channel, host }: LogPlace,
): Promise<EventLogFault> {
  const channels = await session.channels();
  const alike = channels
    .map((name) => ({ name, likeness: likenessOf(channel, name) }))
    .filter(({ name, likeness }) => likeness >= ALIKE_MIN || USUAL_LOGS.has(name))
    .sort((left, right) => right.likeness - left.likeness)
    .slice(0, SUGGESTED_MAX)
    .map(({ name }) => name);
  if (alike.length === 0) return fault;
  const remedy = `write the path as ${host} has it: ${alike.join(", ")}`;
  return new EventLogFault(fault.code, fault.message, remedy, fault);
}
const ALIKE_MIN = 0.5;

/** How many pairs of letters two names have in common: 1 where they are the same but for case. */
function likenessOf(left: string, right: string): number {
  const [one, other] = [pairsOf(left), pairsOf(right)];
  const both = [...one].filter((pair) => other.has(pair)).length;
  return (2 * both) / Math.max(1, one.size + other.size);
}

function pairsOf(name: string): ReadonlySet<string> {
  const text = name.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
}

const USUAL_LOGS: ReadonlySet<string> = new Set(["Security", "ForwardedEvents"]);

async function newestOf(
  cursor: LogCursor,
  { decode, config }: EventLogTestOptions,
  place: LogPlace,
): Promise<string> {
  try {
    const got = await cursor.next(1, CALL_MS);
    switch (got.kind) {
      case "records": {
        const [record] = got.records;
        const decoded = record === undefined ? null : decode(record.binXml);
        if (decoded === null || decoded.kind === "damaged")
          return "A record came, and it is damaged; the ones after it are read";
        const { eventId, computer, time } = decoded.event;
        return `The newest event is ${eventId} of ${computer}, ${new Date(time).toISOString()}`;
      }
      case "nothing":
      case "end":
      case "stale":
        throw new EventLogFault(
          "server-fault",
          `${place.channel} holds no event that says who is where`,
          config.kind === "event-collector"
            ? "see on the collector whether its subscriptions are active (docs/runbooks/event-log-silent.md)"
            : "check the server's audit policy (docs/runbooks/event-log-silent.md)",
        );
      case "refused":
        throw faultOfStatus(got.status, got.name, place);
    }
  } finally {
    await cursor.close().catch(() => undefined);
  }
}
