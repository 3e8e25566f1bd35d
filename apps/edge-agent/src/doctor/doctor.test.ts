import { createServer } from "node:net";
import { siteConfig } from "@rollcall/agent-protocol";
import type { CheckResult } from "@rollcall/collectors/collector";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { effectiveSite } from "../sources/effective-site.ts";
import { createDoctor, documentOf } from "./doctor.ts";
import { idleMachineChecks } from "./machine-checks.ts";
import { renderDoctor } from "./render-doctor.ts";

const SITE = siteConfig.parse({
  addressSpaces: [{ id: "main", name: "Main" }],
  credentials: [{ id: "reader", name: "Reader", user: "reader@corp.example", password: { file: "pw" } }],
  eventSources: [
    {
      id: "dc1",
      name: "DC 1",
      kind: "domain-controller",
      host: "dc1.corp.example",
      addressSpaceId: "main",
      credentialId: "reader",
    },
    {
      id: "dc2",
      name: "DC 2",
      kind: "domain-controller",
      host: "dc2.corp.example",
      addressSpaceId: "main",
      credentialId: "reader",
      enabled: false,
    },
  ],
});
const FINE: CheckResult = { name: "Login", ok: true, detail: "The account was let in" };
const ADVICE: CheckResult = {
  name: "Clock",
  ok: true,
  detail: "7 s behind",
  remedy: "let it take its time by NTP",
};
const FAULT: CheckResult = { name: "Log", ok: false, detail: "there is none", remedy: "check its path" };
const signal = new AbortController().signal;
const plain = { tint: (text: string) => text };

function doctorWith(test: (id: string) => readonly CheckResult[], machine: readonly CheckResult[] = []) {
  return createDoctor({
    site: { effective: effectiveSite(null, SITE, null), test: async (_kind, id) => test(id) },
    machine: async () => machine,
    now: () => 7,
  });
}

describe("the doctor", () => {
  it("examines this machine and every source in order; one that is switched off is not a fault", async () => {
    const document = await doctorWith(() => [FINE], [FINE]).examine(null, signal);
    expect(document?.sections.map(({ id, checks }) => [id, checks.map(({ detail }) => detail)])).toEqual([
      ["machine", [FINE.detail]],
      ["dc1", [FINE.detail]],
      ["dc2", ["It is switched off"]],
    ]);
    expect(document?.state).toBe("ok");
  });

  it("examines one source alone, and says when there is none of that id", async () => {
    const doctor = doctorWith(() => [ADVICE], [FAULT]);
    const document = await doctor.examine("dc1", signal);
    expect(document?.sections.map(({ id }) => id)).toEqual(["dc1"]);
    expect(document?.state).toBe("advice");
    expect(await doctor.examine("dc9", signal)).toBeNull();
  });

  it("is not stopped by a source whose examination breaks", async () => {
    const document = await doctorWith((id) => {
      throw new Error(`${id} broke`);
    }).examine(null, signal);
    expect(document?.state).toBe("failed");
    expect(document?.sections[1]?.checks).toEqual([{ name: "Examination", ok: false, detail: "dc1 broke" }]);
  });

  it("shows a person what failed, what could be better, and what to do, and lets no source write a line of its own", () => {
    const sections = [
      {
        kind: "event-log" as const,
        id: "dc1",
        name: "DC\u001b[31m 1",
        checks: [FINE, ADVICE, { ...FAULT, detail: "a\nb" }],
      },
    ];
    const text = renderDoctor(documentOf(sections, 0), plain);
    expect(text).toContain("advice  Clock");
    expect(text).toContain("FAILED  Log");
    expect(text).toContain("→ check its path");
    expect(text).toContain("1 check failed.");
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("a\nb");
    const well = [{ kind: "machine" as const, id: "machine", name: "This machine", checks: [ADVICE] }];
    expect(renderDoctor(documentOf(well, 0), plain)).toContain("Everything works. 1 thing could be better.");
  });
});

describe("this machine before an agent runs on it", () => {
  it("has its ports free, or the check says who has them", () =>
    withTempDir(async (stateDir) => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const checks = await idleMachineChecks({
        stateDir,
        configFile: null,
        firewallListen: { host: "127.0.0.1", port },
        legacyListen: null,
        syslogListen: { host: "127.0.0.1", port: 0 },
        statusListen: null,
        maxSpoolBytes: 1,
        logLevel: "info",
      });
      await new Promise((resolve) => taken.close(resolve));
      expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
        ["Disk", true],
        ["Port of firewalls", false],
        ["Port of syslog", true],
      ]);
      expect(checks[1]).toMatchObject({
        detail: expect.stringContaining("is taken"),
        remedy: expect.stringContaining("--firewall-listen"),
      });
    }));
});
