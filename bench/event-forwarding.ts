import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { anEventsMessage, ClientLab, eventXml } from "@rollcall/collectors/wef/testing";
import { freePort } from "@rollcall/testkit";
import { type Figure, figureLine, median, say } from "./figure.ts";
import { hasProgram, onCore, startLineProcess } from "./parts/child.ts";

const COMPUTERS = 1000;
const EVENTS_EACH = 10;
const AT_ONCE = 64;
const RECEIVER_CORE = 1;
/** A computer that somebody works at writes no more than this of what the rules ask for, in the busiest hour. Assumed. */
const EVENTS_PER_COMPUTER_HOUR = 360;

/** How many events a second the agent takes from a thousand computers that forward them, each with a certificate of its own. */
export const eventForwarding: Figure = {
  name: "event-forwarding",
  what: `events/s that ${COMPUTERS} computers forward over TLS connections of their own, ${EVENTS_EACH} a message, judged and acknowledged without a disk; limit: what they write at ${EVENTS_PER_COMPUTER_HOUR} an hour each`,
  async measure({ rounds }) {
    if (!hasProgram("openssl")) return { kind: "missing", sentence: "it needs openssl, and it is not there" };
    const folder = mkdtempSync(path.join(tmpdir(), "rollcall-forwarding-"));
    try {
      return await measureIn(folder, rounds);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureIn(folder: string, rounds: number): Promise<ReturnType<typeof figureLine>> {
  const lab = new ClientLab(folder);
  const ours = await lab.authority("ours");
  await lab.certificate(ours, {
    file: "server",
    commonName: "localhost",
    san: "DNS:localhost",
    purpose: "serverAuth",
  });
  say(`  making ${COMPUTERS} certificates`);
  const agents: Agent[] = [];
  for (let from = 0; from < COMPUTERS; from += 16)
    agents.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(16, COMPUTERS - from) }, async (_, index) => {
          const name = `pc${from + index}`;
          const pair = await lab.certificate(ours, {
            file: name,
            commonName: name,
            san: `DNS:${name}.corp.example`,
          });
          return new Agent({
            keepAlive: true,
            maxSockets: 1,
            ca: readFileSync(ours.certificate),
            cert: readFileSync(pair.certificate),
            key: readFileSync(pair.key),
          });
        }),
      )),
    );
  const port = await freePort();
  const receiver = startLineProcess(
    onCore(RECEIVER_CORE, [
      process.execPath,
      path.join(import.meta.dirname, "parts", "forwarding-receiver.ts"),
      folder,
      String(port),
    ]),
  );
  try {
    const { version } = JSON.parse(await receiver.line()) as { readonly version: string };
    const messages = agents.map((_, index) => messageOf(version, index));
    const began = performance.now();
    await sendAll(port, agents, messages);
    say(`  first messages, with ${COMPUTERS} handshakes: ${Math.round(performance.now() - began)} ms`);
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const before = JSON.parse(await receiver.ask("")) as Said;
      const at = performance.now();
      await sendAll(port, agents, messages);
      const wallMs = performance.now() - at;
      const after = JSON.parse(await receiver.ask("")) as Said;
      const events = COMPUTERS * EVENTS_EACH;
      rates.push((events * 1000) / wallMs);
      say(
        `  round ${round}: ${Math.round(rates.at(-1) ?? 0)}/s by the clock, ${Math.round((events * 1000) / (after.cpuMs - before.cpuMs))}/s of processor time; ${after.counters.connections} connections, ${Math.round(after.rssMb)} MB; ${after.counters.acknowledged} messages acknowledged, ${after.counters.askedToComeAgain ?? 0} asked to come again`,
      );
    }
    return figureLine(
      "event-forwarding",
      "events/s",
      median(rates),
      (COMPUTERS * EVENTS_PER_COMPUTER_HOUR) / 3600,
    );
  } finally {
    for (const agent of agents) agent.destroy();
    await receiver.stop();
  }
}

interface Said {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly counters: Readonly<Record<string, number>>;
}

function messageOf(identifier: string, index: number): Buffer {
  const events = Array.from({ length: EVENTS_EACH }, (_, event) =>
    eventXml({
      eventId: 4624,
      computer: `pc${index}.corp.example`,
      recordId: event,
      time: Date.now() - 60 * 60_000 + event * 1000,
      data: { ...LOGON, TargetUserName: `user${index}` },
    }),
  );
  return Buffer.from(`\ufeff${anEventsMessage({ identifier, events })}`, "utf16le");
}

/** As long as a real one: 27 fields. */
const LOGON: Readonly<Record<string, string>> = {
  SubjectUserSid: "S-1-5-18",
  SubjectUserName: "PC$",
  SubjectDomainName: "CORP",
  SubjectLogonId: "0x3e7",
  TargetUserSid: "S-1-5-21-1111111111-2222222222-3333333333-1104",
  TargetDomainName: "CORP",
  TargetLogonId: "0x1a2b3c",
  LogonType: "2",
  LogonProcessName: "User32 ",
  AuthenticationPackageName: "Negotiate",
  WorkstationName: "PC",
  LogonGuid: "{00000000-0000-0000-0000-000000000000}",
  TransmittedServices: "-",
  LmPackageName: "-",
  KeyLength: "0",
  ProcessId: "0x4b8",
  ProcessName: "C:\\Windows\\System32\\svchost.exe",
  IpAddress: "127.0.0.1",
  IpPort: "0",
  ImpersonationLevel: "%%1833",
  RestrictedAdminMode: "-",
  TargetOutboundUserName: "-",
  TargetOutboundDomainName: "-",
  VirtualAccount: "%%1843",
  TargetLinkedLogonId: "0x1a2b3d",
  ElevatedToken: "%%1842",
};

async function sendAll(port: number, agents: readonly Agent[], messages: readonly Buffer[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < agents.length; index = next++) {
      const status = await send(port, agents[index], messages[index]);
      if (status !== 200) throw new Error(`computer ${index} was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function send(port: number, agent: Agent | undefined, body: Buffer | undefined): Promise<number> {
  const asked = request({
    ...(agent === undefined ? {} : { agent }),
    host: "127.0.0.1",
    servername: "localhost",
    port,
    method: "POST",
    path: "/wsman",
    headers: { "content-type": "application/soap+xml;charset=UTF-16", "content-length": body?.length ?? 0 },
  });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer.statusCode ?? 0;
}
