import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import {
  EVENT_RULES,
  type EventSourceKind,
  isSameComputer,
  type JudgeContext,
  judge,
  OtherAccounts,
  sentenceOfReason,
  switchesOf,
} from "@rollcall/event-rules";
import {
  type EvtxDamage,
  type EvtxRecord,
  type EvtxSource,
  inMemory,
  NO_LOG,
  readEvtx,
} from "@rollcall/windows-rpc/evtx";
import { messageOf } from "../agent-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable } from "./terminal.ts";

export const EVENT_FORMS = ["ndjson", "table", "xml"] as const;
export type EventForm = (typeof EVENT_FORMS)[number];
export const EXPLAINED_AS: readonly EventSourceKind[] = [
  "domain-controller",
  "exchange",
  "event-collector",
  "wef",
];

/** The options of the command, as they were read. Times in epoch ms. */
export interface DecodeOptions {
  readonly output: EventForm;
  readonly ids?: ReadonlySet<number>;
  readonly since?: number;
  readonly explain: boolean;
  /** Which kind of source the file is taken for when rules are asked. */
  readonly as: EventSourceKind;
  readonly controller?: readonly string[];
}

/** What comes by standard input is held whole. */
const STDIN_MAX = 1024 * 1024 * 1024;
/** A person sees that it goes on: at most so often, and not at all for a file that is read at once. */
const PROGRESS_MS = 200;
/** The clock is asked once in so many records. */
const PROGRESS_RECORDS = 256;
/** Lines are handed over in pieces of about this length. */
const PIECE = 64 * 1024;
const EIGHT_HOURS_MS = 8 * 3_600_000;

/**
 * `events decode`: prints what stands in event log files, a line a record. Nothing is sent anywhere, and no agent is needed.
 *
 * Shape:  ends with 0 when everything was read, 3 when a part could not be, 9 when a file is none.
 */
export async function eventsDecodeCommand(
  files: readonly string[],
  options: DecodeOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const seen = { records: 0, printed: 0, damaged: 0, notLogs: 0 };
  let saidAt = context.now();
  const sayProgress = (file: string): void => {
    if (!terminal.showsProgress || seen.records % PROGRESS_RECORDS !== 0) return;
    const now = context.now();
    if (now - saidAt < PROGRESS_MS) return;
    saidAt = now;
    terminal.progress(printable(`${file}: ${seen.records.toLocaleString("en-GB")} records read`));
  };
  let waiting = "";
  const print = (line: string): void => {
    waiting += `${line}\n`;
    if (waiting.length < PIECE) return;
    terminal.data(waiting);
    waiting = "";
  };
  const complain = (file: string, sentence: string): void =>
    terminal.talk(`${terminal.tint("rollcall-agent:", "bad", "talk")} ${printable(`${file}: ${sentence}`)}`);
  for (const file of files) {
    const opened = await open(file, context);
    if (typeof opened === "string") {
      seen.notLogs += 1;
      complain(file, opened);
      continue;
    }
    try {
      for (const one of readEvtx(opened)) {
        if (one.kind === "damaged") {
          if (one.sentence === NO_LOG) {
            seen.notLogs += 1;
            complain(file, NO_LOG);
            continue;
          }
          seen.damaged += 1;
          print(damageLine(one, options.output));
          continue;
        }
        seen.records += 1;
        sayProgress(file);
        if (!isWanted(one, options)) continue;
        seen.printed += 1;
        print(recordLine(one, options, context.now()));
      }
    } finally {
      opened.close();
    }
  }
  terminal.progress("");
  if (waiting !== "") terminal.data(waiting);
  const damaged = seen.damaged === 0 ? "" : `, ${count(seen.damaged, "part")} that cannot be read`;
  const left = seen.records === seen.printed ? "" : ` of ${seen.records}`;
  terminal.talk(terminal.tint(`${count(seen.printed, "record")}${left}${damaged}`, "dim", "talk"));
  if (seen.notLogs > 0) return EXIT.invalid;
  return seen.damaged > 0 ? EXIT.degraded : EXIT.ok;
}

/** What can be read, or why not: one file that is not there must not keep the others back. */
async function open(
  file: string,
  context: CommandContext,
): Promise<(EvtxSource & { close(): void }) | string> {
  if (file === "-") {
    const bytes = await context.terminal.readStdin(STDIN_MAX);
    if (bytes.length > STDIN_MAX) return "longer than 1 GiB: name the file instead of piping it";
    return { ...inMemory(bytes), close: () => undefined };
  }
  try {
    const descriptor = openSync(file, "r");
    const found = fstatSync(descriptor);
    if (found.isFile()) return fromFile(descriptor, found.size);
    closeSync(descriptor);
    return "this is no file; name an event log file (.evtx), or - for standard input";
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
}

function fromFile(descriptor: number, length: number): EvtxSource & { close(): void } {
  return {
    length,
    read(at, wanted) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(wanted, length - at)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
    },
    close: () => closeSync(descriptor),
  };
}

function isWanted({ event }: EvtxRecord, { ids, since }: DecodeOptions): boolean {
  return (ids === undefined || ids.has(event.eventId)) && (since === undefined || !(event.time < since));
}

function recordLine(record: EvtxRecord, options: DecodeOptions, now: number): string {
  const { event } = record;
  if (options.output === "xml") return record.xml();
  const said = options.explain ? explain(record, options, now) : null;
  const time = Number.isFinite(event.time) ? new Date(event.time).toISOString() : null;
  if (options.output === "table") {
    const what = event
      .names()
      .map((name) => `${name}=${event.data(name)?.trim() ?? ""}`)
      .join(" ");
    const cells = [time ?? "-", String(event.eventId), event.computer, what];
    if (said !== null) cells.splice(3, 0, `[${said.rule ?? "-"}: ${said.sentence}]`);
    return cells.map(printable).join("  ");
  }
  return JSON.stringify({
    recordId: numberOf(record.recordNumber),
    eventRecordId: numberOf(event.recordId),
    eventId: event.eventId,
    version: event.version,
    time,
    channel: event.channel,
    computer: event.computer,
    provider: event.provider,
    data: Object.fromEntries(event.names().map((name) => [name, event.data(name)])),
    ...(said === null ? {} : { explain: said }),
  });
}

function damageLine(damage: EvtxDamage, output: EventForm): string {
  const recordId = damage.recordNumber === null ? null : numberOf(damage.recordNumber);
  if (output === "ndjson") return JSON.stringify({ recordId, damaged: damage.sentence, at: damage.at });
  const text = `record ${recordId ?? "?"} at byte ${damage.at} cannot be read: ${damage.sentence}`;
  return output === "xml" ? `<!-- ${text.replaceAll("--", "- -")} -->` : text;
}

interface Explained {
  readonly rule: string | null;
  readonly outcome: "counts" | "nothing";
  readonly reason: string | null;
  readonly sentence: string;
  readonly observations: readonly object[];
}

/** What the event rules make of a record, as far as the file alone says it: where computers are only a running agent knows. */
function explain({ event }: EvtxRecord, options: DecodeOptions, now: number): Explained {
  const controllers = options.controller ?? [];
  const context: JudgeContext = {
    source: { id: "file", kind: options.as, addressSpaceId: "file", lifetimeMs: EIGHT_HOURS_MS },
    rules: switchesOf(),
    site: {
      isInfrastructure: () => false,
      isController: (computer) =>
        controllers.some((name) => isSameComputer(name, computer)) ||
        (options.as === "domain-controller" && isSameComputer(computer, event.computer)),
      addressesOf: () => [],
      hasDevice: () => false,
      principalOf: () => null,
    },
    receivedAt: now,
    clockOffsetMs: 0,
    otherAccounts: new OtherAccounts(),
  };
  const said = judge(event, context);
  if (said.kind === "none")
    return {
      rule: said.rule,
      outcome: "nothing",
      reason: said.reason,
      sentence: sentenceOfReason(said.reason) ?? said.reason,
      observations: [],
    };
  return {
    rule: said.rule,
    outcome: "counts",
    reason: null,
    sentence: EVENT_RULES.find(({ id }) => id === said.rule)?.sentence ?? "",
    observations: said.observations.map(
      ({ kind, verb, class: strength, ip, principal, effectiveAt, correlator }) => ({
        kind,
        verb,
        class: strength,
        ip,
        principal,
        at: new Date(effectiveAt).toISOString(),
        correlator,
      }),
    ),
  };
}

/** As a number where JSON can hold it. */
function numberOf(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
