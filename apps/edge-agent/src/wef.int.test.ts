import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { connect } from "node:tls";
import {
  anEnumerate,
  anEventsMessage,
  ClientLab,
  eventXml,
  type KeyPair,
  logonXml,
} from "@rollcall/collectors/wef/testing";
import { freePort, withTempDir } from "@rollcall/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, freePorts } from "./testing/agent-process.ts";
import { runAgent } from "./testing/cli-lab.ts";

interface Site {
  readonly agent: AgentProcess;
  readonly lab: ClientLab;
  readonly port: number;
  readonly file: string;
  readonly ours: KeyPair;
  post(body: string, client: KeyPair): Promise<{ status: number; text: string }>;
}

async function withSite(work: (site: Site) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const lab = new ClientLab(path.join(folder, "lab"));
    const ours = await lab.authority("ours");
    const port = await freePort();
    const file = path.join(folder, "site.yaml");
    writeFileSync(path.join(folder, "password"), "none", { mode: 0o600 });
    const pem = lab.text(ours.certificate).trim().replaceAll("\n", "\n    ");
    writeFileSync(
      file,
      `addressSpaces: [{ id: main, name: Main }]
credentials: [{ id: reader, name: Reader, user: reader@corp.example, password: { file: password } }]
eventSources:
  - { id: dc1, name: DC1, kind: domain-controller, host: dc1.corp.example, addressSpaceId: main, credentialId: reader, enabled: false }
wefReceiver:
  id: wef
  addressSpaceId: main
  host: localhost
  port: ${port}
  clientCaPem: |
    ${pem}
`,
    );
    const state = path.join(folder, "state");
    const agent = new AgentProcess(state, await freePorts(), ["--config", file]);
    onTestFinished(() => agent.kill());
    await agent.start();
    await agent.logged(/event forwarding listener open/);
    await work({
      agent,
      lab,
      port,
      file,
      ours,
      async post(body, client) {
        const answer = await lab.post({
          url: `https://localhost:${port}/wsman/SubscriptionManager/WEC`,
          // The CA that the agent made for itself: nothing else signs what computers see.
          ca: path.join(state, "own-authority.pem"),
          client,
          body,
          headers: ["Content-Type: application/soap+xml;charset=UTF-8"],
        });
        return { status: answer.status, text: answer.body.toString("utf8") };
      },
    });
  });
}

function versionIn(text: string): string {
  return /<m:Version>uuid:([0-9A-F-]{36})</.exec(text)?.[1] ?? "";
}

describe("an agent that computers forward their events to", () => {
  it("that is killed after the commit and before its answer is sent the events again, and counts them once", () =>
    withSite(async ({ agent, lab, port, ours, post }) => {
      // A controller that forwards: what a computer says of itself would place nobody here, for all that connects is this
      // agent's own machine.
      const dc1 = await lab.certificate(ours, {
        file: "dc1",
        commonName: "dc1",
        san: "DNS:dc1.corp.example",
      });
      const identifier = versionIn((await post(anEnumerate(), dc1)).text);
      const ticket = eventXml({
        eventId: 4768,
        time: Date.now() - 2000,
        computer: "dc1.corp.example",
        recordId: 41,
        data: {
          TargetUserName: "ana",
          TargetDomainName: "CORP",
          TargetSid: "S-1-5-21-1-2-3-1104",
          ServiceName: "krbtgt",
          Status: "0x0",
          PreAuthType: "2",
          IpAddress: "::ffff:10.0.0.9",
        },
      });
      const message = anEventsMessage({ identifier, events: [ticket], recordId: "41" });

      // A computer that gives its message and never sees the answer.
      const socket = connect({
        host: "localhost",
        port,
        servername: "localhost",
        ca: readFileSync(path.join(agent.stateDir, "own-authority.pem")),
        cert: readFileSync(dc1.certificate),
        key: readFileSync(dc1.key),
      });
      socket.on("error", () => undefined);
      socket.write(
        `POST /wsman HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      );
      const deadline = Date.now() + 20_000;
      while ((await agent.status()).spool.nextSeq === 1) {
        if (Date.now() > deadline)
          throw new Error(`nothing was committed: ${JSON.stringify((await agent.status()).sources)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const committed = (await agent.status()).spool.nextSeq;
      await agent.kill();
      socket.destroy();
      await agent.start();

      await until(async () => (await post(message, dc1)).status === 200);
      const { spool, people, sources } = await agent.status();
      expect([spool.nextSeq, people.known]).toEqual([committed, 1]);
      expect(sources.find(({ id }) => id === "wef")?.counters).toMatchObject({
        received: 1,
        acknowledged: 1,
      });
      // And it is told to go on after what was kept.
      expect((await post(anEnumerate(), dc1)).text).toContain('RecordId="41"');
      const who = await runAgent([
        ...["--state-dir", agent.stateDir, "who", "10.0.0.9"],
        ...["--status-listen", `127.0.0.1:${agent.ports.status}`],
      ]);
      expect(who.out).toContain("CORP\\ana");
    }));

  it("refuses a forged forwarder, says so, and lists who forwards", () =>
    withSite(async ({ agent, lab, ours, post }) => {
      const theirs = await lab.authority("theirs");
      const foreign = await lab.certificate(theirs, {
        file: "foreign",
        commonName: "x",
        san: "DNS:pc7.corp.example",
      });
      const pc8 = await lab.certificate(ours, { file: "pc8", commonName: "x", san: "DNS:pc8.corp.example" });
      expect((await post(anEnumerate(), foreign)).status).toBe(0);
      const identifier = versionIn((await post(anEnumerate(), pc8)).text);
      const events = [logonXml("admin", { time: Date.now(), computer: "pc7.corp.example" })];
      expect((await post(anEventsMessage({ identifier, events }), pc8)).status).toBe(200);
      const { sources, people, listeners, state } = await agent.status();
      expect(people.known).toBe(0);
      expect(state).toBe("degraded");
      expect(sources.find(({ id }) => id === "wef")).toMatchObject({
        state: "degraded",
        counters: { forged: 1, "refusedSenders.certificate-not-trusted": 1 },
      });
      expect(listeners.find(({ name }) => name === "event forwarding")?.state).toBe("ok");
      const status = ["--status-listen", `127.0.0.1:${agent.ports.status}`];
      const heard = await runAgent(["--state-dir", agent.stateDir, "wef", "computers", ...status]);
      expect(heard.out).toMatch(/^pc8\.corp\.example {2}.* 1 events, 1 REFUSED/);
    }));

  it("prints the group policy for the computers, of a file and of what runs", () =>
    withSite(async ({ agent, lab, port, file, ours }) => {
      const fingerprint = (await lab.fingerprint(ours)).replaceAll(":", "");
      const line = `Server=https://localhost:${port}/wsman/SubscriptionManager/WEC,Refresh=60,IssuerCA=${fingerprint}`;
      const state = ["--state-dir", agent.stateDir, "wef", "policy"];
      const ofFile = await runAgent([...state, "--config", file]);
      const ofRunning = await runAgent([...state, "--status-listen", `127.0.0.1:${agent.ports.status}`]);
      expect([ofFile.code, ofRunning.code]).toEqual([0, 0]);
      for (const { out } of [ofFile, ofRunning]) {
        expect(out.split("\n")).toContain(line);
        expect(out).toContain("own-authority.pem");
      }
    }));
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error("it did not become so within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
