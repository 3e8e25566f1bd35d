import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { silentLogger } from "@rollcall/observability";
import { checkCsr, issueServerCertificate, signAgentCertificate, signServerCertificate } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readIdentity, writeIdentity } from "../enrolment/identity.ts";
import { type FirewallTls, readFirewallTls } from "../firewall/firewall-certificate.ts";
import { openStateFolder } from "../state/state-folder.ts";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import { createFirewallCertificateKeeper } from "./firewall-certificate-keeper.ts";
import type { PortalLink } from "./portal-link.ts";
import { keepCertificate, renewAt } from "./renewal.ts";

let gateway: FakeGateway;
let link: PortalLink;
beforeAll(async () => {
  gateway = await startFakeGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  link = aLink(await anIdentity(gateway));
  gateway.calls.length = 0;
  return () => link.close();
});

const clock = systemClock;
const log = silentLogger;

describe("the agent's certificate", () => {
  it("is renewed at half its life, a tenth earlier or later", () =>
    withTempDir(async () => {
      const identity = await anIdentity(gateway, 7 * 86_400_000);
      const at = (random: number) =>
        Math.round((renewAt(identity.current.certificatePem, random) - Date.now()) / 3_600_000);
      expect([at(0), at(0.5), at(1)]).toEqual([67, 84, 101]);
    }));

  it("is on disk before it is used, replaces the old one only once the gateway took it, and has another key", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      // Half of its life lies behind it: the five minutes by which certificates are back-dated.
      const identity = await anIdentity(gateway, 1000);
      writeIdentity(file, identity);
      const own = aLink(identity);
      gateway.on("POST /v1/renew", async ({ body }) => {
        const csr = await checkCsr(body.csrPem, "p256");
        if (csr.kind === "refused") return { status: 400, body: { code: "refused", message: csr.reason } };
        const issued = await signAgentCertificate({
          authority: gateway.issuing,
          publicKeyPem: csr.publicKeyPem,
          tenantId: identity.tenant.id,
          agentId: identity.agentId,
          now: Date.now(),
        });
        return {
          status: 200,
          body: { certificatePem: issued.certPem, caPem: gateway.issuing.certPem, generation: 2 },
        };
      });
      let onDisk: ReturnType<typeof readIdentity> = null;
      gateway.on("GET /v1/downlink", () => {
        onDisk ??= readIdentity(file);
        return { status: 204 };
      });
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () =>
          eventually(
            "the renewed certificate is the only one",
            () => readIdentity(file)?.current.keyPem !== identity.current.keyPem,
          ),
      );
      expect(onDisk).toMatchObject({
        current: identity.current,
        next: { keyPem: expect.not.stringContaining(identity.current.keyPem) },
      });
      expect(readIdentity(file)).toMatchObject({
        current: (onDisk as unknown as { next: object }).next,
        next: null,
      });
      await own.close();
    }));

  it("goes back to the old one when the new one was never put on record", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      const [identity, other] = [await anIdentity(gateway), await anIdentity(gateway)];
      const half = { ...identity, next: other.current };
      writeIdentity(file, half);
      const own = aLink(half);
      gateway.on("GET /v1/downlink", ({ agentId }) =>
        agentId === other.agentId
          ? { status: 403, body: { code: "certificate-unknown", message: "not on record" } }
          : { status: 204 },
      );
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () => eventually("the old one counts again", () => readIdentity(file)?.next === null),
      );
      expect(readIdentity(file)?.current).toEqual(identity.current);
      await own.close();
    }));

  it("is refused when it is for another key", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "identity.json");
      const identity = await anIdentity(gateway, 1000);
      const other = await anIdentity(gateway);
      writeIdentity(file, identity);
      const own = aLink(identity);
      gateway.on("POST /v1/renew", () => ({
        status: 200,
        body: { certificatePem: other.current.certificatePem, caPem: gateway.issuing.certPem, generation: 2 },
      }));
      await during(
        (signal) => keepCertificate({ link: own, identityFile: file, clock, random: () => 0.5, log }, signal),
        () => eventually("it was asked for", () => gateway.callsTo("POST /v1/renew").length > 0),
      );
      expect(JSON.parse(readFileSync(file, "utf8")).next).toBeNull();
      await own.close();
    }));
});

describe("the firewall certificate", () => {
  it("is asked for once the portal has spoken, with a key made here, and again when names change", () =>
    withTempDir(async (parent) => {
      const folder = openStateFolder(path.join(parent, "state"));
      const own = await issueServerCertificate({
        authority: gateway.issuing,
        kind: "rsa2048",
        names: ["a"],
        now: Date.now(),
      });
      let tls: FirewallTls = {
        format: "rollcall-firewall-tls",
        version: 1,
        origin: "own",
        keyPem: own.keyPem,
        certificatePem: own.certPem,
        caPem: "x",
        names: ["a"],
      };
      let names: string[] = [];
      gateway.on("POST /v1/firewall-certificate", async ({ body }) => {
        const csr = await checkCsr(body.csrPem, "rsa2048");
        if (csr.kind === "refused") return { status: 400, body: { code: "refused", message: csr.reason } };
        const issued = await signServerCertificate({
          authority: gateway.issuing,
          publicKeyPem: csr.publicKeyPem,
          names,
          now: Date.now(),
        });
        return {
          status: 200,
          body: { certificatePem: issued.certPem, caPem: gateway.issuing.certPem, notAfter: issued.notAfter },
        };
      });
      const keeper = createFirewallCertificateKeeper({
        link,
        folder,
        clock,
        log,
        current: () => tls,
        wantedNames: () => names,
        use: (next) => {
          tls = next;
        },
      });
      await during(
        (signal) => keeper.run(signal),
        async () => {
          keeper.hurry();
          expect(gateway.callsTo("POST /v1/firewall-certificate")).toEqual([]);
          names = ["agent.example", "10.0.0.5"];
          keeper.hurry();
          await eventually("the first certificate", () => tls.origin === "portal");
          names = ["agent.example"];
          keeper.hurry();
          await eventually("the second certificate", () => tls.names.length === 1);
        },
      );
      expect(readFirewallTls(folder)).toEqual(tls);
      expect(createPublicKey(tls.keyPem).export({ format: "jwk" })).toEqual(
        createPublicKey(tls.certificatePem).export({ format: "jwk" }),
      );
      expect(JSON.stringify(gateway.calls)).not.toContain("PRIVATE KEY");
    }));
});
