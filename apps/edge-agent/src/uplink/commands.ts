import {
  type AgentCommand,
  agentCommand,
  type CommandUpdate,
  type checkResult,
  commandsReply,
  type SourceKind,
  type tailLine,
} from "@rollcall/agent-protocol";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import { z } from "zod";
import { messageOf } from "../agent-error.ts";
import type { DoctorDocument } from "../doctor/doctor-document.ts";
import type { AddressAnswer } from "../pipeline/look-up.ts";
import type { ProbeReport } from "../sources/pc-probe-report.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { PortalLink } from "./portal-link.ts";

const WAIT_SECONDS = 50;
/** Commands that run at once; more wait at the gateway. */
const AT_ONCE_MAX = 8;
const SECTIONS_MAX = 500;

export type CheckList = readonly z.infer<typeof checkResult>[];
export type TailLines = readonly z.infer<typeof tailLine>[];

/** What commands may do here. Nothing in it changes what this agent trusts. */
export interface CommandDesk {
  testSource(kind: SourceKind, id: string, signal: AbortSignal): Promise<CheckList | null>;
  /** Every source, and this machine. */
  examine(signal: AbortSignal): Promise<DoctorDocument | null>;
  lookUp(ip: string, addressSpaceId: string | undefined): AddressAnswer[];
  /** Null: this agent does not post to that firewall. */
  pushResync(
    enforcementPointId: string,
    signal: AbortSignal,
    onProgress: (sentence: string) => void,
  ): Promise<number | null>;
  /** Null: no computer is asked by this agent. */
  probe(ip: IpAddress, addressSpaceId: string | undefined): Promise<ProbeReport> | null;
  /** Null: there is no such credential here. */
  resumeCredential(credentialId: string): Promise<boolean | null>;
  tail(options: {
    readonly sourceId?: string;
    readonly lines: number;
    readonly seconds: number;
    readonly unmatchedOnly: boolean;
    readonly signal: AbortSignal;
  }): Promise<TailLines>;
}

export interface CommandsOptions {
  readonly link: PortalLink;
  readonly desk: CommandDesk;
  readonly clock: Clock;
  readonly log: Logger;
}

type Result = Extract<CommandUpdate, { state: "done" }>["result"];

/** Takes the portal's questions and answers each: progress, then a result, a fault or a refusal, before its deadline. */
export async function followCommands(options: CommandsOptions, signal: AbortSignal): Promise<void> {
  const { link } = options;
  const running = new Set<Promise<void>>();
  try {
    while (!signal.aborted) {
      await link.ready(signal);
      const answer = await link.ask({
        method: "GET",
        path: `/v1/commands?wait=${WAIT_SECONDS}`,
        answer: commandsReply,
        waitMs: WAIT_SECONDS * 1000,
        signal,
      });
      if (answer.kind !== "answer") continue;
      for (const envelope of answer.value.commands) {
        const work = handle(options, envelope, signal).finally(() => running.delete(work));
        running.add(work);
        if (running.size >= AT_ONCE_MAX) await Promise.race(running);
      }
    }
  } finally {
    await Promise.allSettled(running);
  }
}

async function handle(
  options: CommandsOptions,
  envelope: { readonly id: string; readonly deadline: number; readonly command: unknown },
  signal: AbortSignal,
): Promise<void> {
  const { link, clock, log } = options;
  const say = async (update: CommandUpdate): Promise<void> => {
    try {
      await link.ask({
        method: "POST",
        path: `/v1/commands/${envelope.id}`,
        answer: z.unknown(),
        body: update,
        signal,
      });
    } catch (error) {
      log.debug({ commandId: envelope.id, err: error }, "answer to a command did not arrive");
    }
  };
  const parsed = agentCommand.safeParse(envelope.command);
  if (!parsed.success) {
    await say({
      state: "refused",
      message: "This agent does not know that command. Update it to use the command.",
    });
    return;
  }
  const command = parsed.data;
  // The deadline is by the gateway's clock.
  const leftMs = envelope.deadline - (clock.now() - (link.status.clockOffsetMs ?? 0));
  if (leftMs <= 0) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
  log.info({ commandId: envelope.id, kind: command.kind }, "command taken");
  await say({ state: "running", progress: { at: clock.now(), sentence: progressOf(command) } });
  try {
    const result = await run(options.desk, command, limit, (sentence) => {
      void say({ state: "running", progress: { at: clock.now(), sentence } });
    });
    await say(
      result === null
        ? { state: "failed", code: "not-found", message: notFound(command) }
        : { state: "done", result },
    );
  } catch (error) {
    const isLate = limit.aborted && !signal.aborted;
    await say({
      state: "failed",
      code: isLate ? "timed-out" : "failed",
      message: isLate ? "It took longer than was allowed." : messageOf(error).slice(0, 2000),
    });
  }
}

function notFound({ kind }: AgentCommand): string {
  if (kind === "push-resync") return "This agent does not post to that firewall.";
  if (kind === "resume-credential") return "This agent has no credential of that id.";
  if (kind === "probe-address") return "This agent does not ask computers in that address space.";
  return "This agent has no source of that id.";
}

function progressOf(command: AgentCommand): string {
  switch (command.kind) {
    case "test-source":
      return "The source is being tested.";
    case "doctor":
      return "Every source is being examined.";
    case "look-up-address":
      return "The address is being looked up.";
    case "push-resync":
      return "Everything is being sent to the firewall again.";
    case "resume-credential":
      return "The credential is being resumed.";
    case "probe-address":
      return "The computer is being asked.";
    case "tail":
      return `Listening for up to ${command.seconds} s.`;
  }
}

async function run(
  desk: CommandDesk,
  command: AgentCommand,
  signal: AbortSignal,
  onProgress: (sentence: string) => void,
): Promise<Result | null> {
  switch (command.kind) {
    case "test-source": {
      const checks = await desk.testSource(command.sourceKind, command.sourceId, signal);
      return checks === null
        ? null
        : { kind: "test-source", ok: checks.every((check) => check.ok), checks: checks.map(cut) };
    }
    case "doctor": {
      const document = await desk.examine(signal);
      return document === null
        ? null
        : {
            kind: "doctor",
            ok: document.state !== "failed",
            sections: document.sections.slice(0, SECTIONS_MAX),
          };
    }
    case "push-resync": {
      const entries = await desk.pushResync(command.enforcementPointId, signal, onProgress);
      return entries === null ? null : { kind: "push-resync", entries };
    }
    case "look-up-address": {
      const ip = parseIp(command.ip);
      if (ip === null) throw new Error(`"${command.ip}" is no address`);
      const [found] = desk.lookUp(ip, command.addressSpaceId);
      return {
        kind: "look-up-address",
        entry: found?.entry ?? null,
        explanation: (found?.explanation ?? ["No source has ever spoken of this address."]).slice(0, 50),
        explanationLines: (found?.lines ?? []).map((line) => ({
          ...line,
          sentence: line.sentence.slice(0, 1000),
          principal: line.principal?.slice(0, 700) ?? null,
        })),
      };
    }
    case "probe-address": {
      const ip = parseIp(command.ip);
      if (ip === null) throw new Error(`"${command.ip}" is no address`);
      const report = await desk.probe(ip, command.addressSpaceId);
      return report === null ? null : { kind: "probe-address", ...report };
    }
    case "resume-credential": {
      const resumed = await desk.resumeCredential(command.credentialId);
      return resumed === null ? null : { kind: "resume-credential", resumed };
    }
    case "tail": {
      const { sourceId, lines, seconds, unmatchedOnly } = command;
      const heard = await desk.tail({
        ...(sourceId === undefined ? {} : { sourceId }),
        lines,
        seconds,
        unmatchedOnly,
        signal,
      });
      return { kind: "tail", lines: [...heard] };
    }
  }
}

function cut(check: CheckList[number]): CheckList[number] {
  return {
    ...check,
    detail: check.detail.slice(0, 1000),
    ...(check.remedy === undefined ? {} : { remedy: check.remedy.slice(0, 1000) }),
  };
}
