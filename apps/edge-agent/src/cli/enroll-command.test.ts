import { createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import type { OnboardingPayload } from "@rollcall/agent-protocol";
import { createAuthority } from "@rollcall/pki";
import { freePort, withTempDir } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readIdentity } from "../enrolment/identity.ts";
import { runAgent } from "../testing/cli-lab.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";

interface Lab {
  readonly folder: string;
  readonly state: string;
  /** Writes an onboarding file and gives its path. */
  file(text: string | Buffer): string;
  enroll(file: string, ...more: string[]): ReturnType<typeof runAgent>;
  readonly identity: ReturnType<typeof readIdentity>;
}

function withLab(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir((folder) => {
    const state = path.join(folder, "state");
    return work({
      folder,
      state,
      file(text) {
        const file = path.join(folder, "rollcall-onboarding-london.json");
        writeFileSync(file, text);
        return file;
      },
      enroll: (file, ...more) => runAgent(["--state-dir", state, "enroll", file, ...more]),
      get identity() {
        return readIdentity(path.join(state, "identity.json"));
      },
    });
  });
}

const until = (at: string) => (payload: OnboardingPayload) => ({
  ...payload,
  token: { ...payload.token, not_after: at },
});

describe("rollcall-agent enroll", () => {
  let gateway: FakeGateway;
  beforeAll(async () => {
    gateway = await startFakeGateway();
  });
  afterAll(() => gateway.close());

  it("makes keys here, gets a certificate, keeps all of it private, and destroys the file", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ file, enroll, state, ...lab }) => {
      const at = file(own.onboarding());
      const run = await enroll(at);
      expect([run.code, run.out]).toEqual([0, ""]);
      expect(run.err).toContain("Enrolled as cd-lon-01 of Castell & Daughters, London.");
      expect(existsSync(at)).toBe(false);
      expect(readdirSync(state)).toEqual(["identity.json"]);
      expect(statSync(path.join(state, "identity.json")).mode & 0o777).toBe(0o600);
      const enrol = own.callsTo("POST /v1/enrol")[0]?.body;
      const identity = readIdentity(path.join(lab.folder, "state", "identity.json"));
      expect(identity).toMatchObject({ tenant: { id: own.tenantId }, streamUrl: own.url, next: null });
      expect(enrol.csrPem).toContain("BEGIN CERTIFICATE REQUEST");
      expect(JSON.stringify(own.calls)).not.toContain(identity?.sealing.privateKey);
      expect(JSON.stringify(own.calls)).not.toContain("PRIVATE KEY");
    });
    await own.close();
  });

  it("names its token when it asks, so that the portal can say that the file was read", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ file, enroll }) => {
      await enroll(file(own.onboarding()));
      const { query } = own.callsTo("GET /v1/enrol/nonce")[0] ?? { query: new URLSearchParams() };
      expect([query.get("tenant"), query.get("token")?.length]).toEqual([own.tenantId, 16]);
    });
    await own.close();
  });

  it("shows whom the file is from before it does anything, and strips what could deceive", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ file, enroll }) => {
      const text = own.onboarding((payload) => ({
        ...payload,
        site: { ...payload.site, name: "Lon\u001b[2Jdon\u202e" },
      }));
      const { err } = await enroll(file(text), "--yes");
      expect(err).toMatch(/Customer {2,}Castell & Daughters/);
      expect(err).toMatch(/Its CA {2,}([0-9a-f]{4} ){7}[0-9a-f]{4}/);
      expect(err).toMatch(/File signed by .*compare with the portal/);
      expect(err).not.toMatch(/[^\P{C}\n]/u);
    });
    await own.close();
  });

  it("takes the whole file from standard input", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ state }) => {
      const run = await runAgent(["--state-dir", state, "--no-input", "enroll", "--stdin"], {
        stdin: own.onboarding(),
      });
      expect([run.code, readIdentity(path.join(state, "identity.json"))?.agentName]).toEqual([
        0,
        "cd-lon-01",
      ]);
    });
    await own.close();
  });

  it("keeps the file when told to", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ file, enroll }) => {
      const at = file(own.onboarding());
      await enroll(at, "--keep-file");
      expect(existsSync(at)).toBe(true);
    });
    await own.close();
  });

  it("asks again with the same key when the answer was lost, and cleans up a file that it had used already", async () => {
    const own = await startFakeGateway();
    await withLab(async ({ file, enroll, state }) => {
      const text = own.onboarding();
      const enrol = own.calls;
      // The gateway issues, and the connection breaks before its answer arrives.
      let lost = 0;
      const genuine = own.handlerOf("POST /v1/enrol");
      own.on("POST /v1/enrol", async (call) => {
        const reply = await genuine(call);
        if (lost > 0) return reply;
        lost += 1;
        return null;
      });
      const first = await enroll(file(text));
      expect(first.code).toBe(7);
      expect(readdirSync(state)).toEqual(["enrolment.json"]);
      const second = await enroll(file(text), "--keep-file");
      expect(second.code).toBe(0);
      const [one, two] = enrol
        .filter((call) => call.path === "/v1/enrol")
        .map((call) => call.body.sealingPublicKey);
      expect(one).toBe(two);
      // Killed after the identity was written and before the file was destroyed:
      const asked = own.calls.length;
      const third = await enroll(file(text));
      expect([
        third.code,
        own.calls.length - asked,
        existsSync(path.join(state, "..", "rollcall-onboarding-london.json")),
      ]).toEqual([0, 0, false]);
      expect(third.err).toContain("was used by this agent before");
    });
    await own.close();
  });

  it("refuses to become somebody else, and says who it is", async () => {
    const own = await startFakeGateway();
    const other = await startFakeGateway();
    await withLab(async (lab) => {
      await lab.enroll(lab.file(own.onboarding()));
      const trusted = await lab.enroll(lab.file(other.onboarding()));
      expect([trusted.code, trusted.err]).toEqual([
        9,
        expect.stringContaining("signed by a key that is not trusted here"),
      ]);
      const again = await lab.enroll(
        lab.file(
          own.onboarding((payload) => ({ ...payload, token: { ...payload.token, id: "0123456789ABCDEF" } })),
        ),
      );
      expect([again.code, again.err]).toEqual([
        11,
        expect.stringContaining("already enrolled as cd-lon-01 of Castell & Daughters, London"),
      ]);
      expect(lab.identity?.tenant.id).toBe(own.tenantId);
    });
    await own.close();
    await other.close();
  });

  const sentence = (code: number, ...words: string[]) => [code, expect.stringContaining(words.join(" "))];

  it("says that a file has expired, and shows this machine's time beside it", () =>
    withLab(async (lab) => {
      const run = await lab.enroll(lab.file(gateway.onboarding(until("2026-01-01T00:00:00.000Z"))));
      expect([run.code, run.err]).toEqual(
        sentence(9, "expired at 2026-01-01T00:00:00.000Z; this machine's time is"),
      );
      expect(lab.identity).toBeNull();
    }));

  it("says that a file was used before", async () => {
    const own = await startFakeGateway();
    await withLab((lab) => lab.enroll(lab.file(own.onboarding())).then(() => undefined));
    await withLab(async (lab) => {
      const run = await lab.enroll(lab.file(own.onboarding()));
      expect([run.code, run.err]).toEqual(sentence(8, "The gateway refused this onboarding file"));
      expect(run.err).toMatch(/It may have been used, revoked or replaced: download a new one/);
      expect([lab.identity, existsSync(path.join(lab.folder, "rollcall-onboarding-london.json"))]).toEqual([
        null,
        true,
      ]);
    });
    await own.close();
  });

  it("says that a file is cut off, wherever it was cut", () =>
    withLab(async (lab) => {
      const text = gateway.onboarding();
      for (const length of [1, 40, 500, text.length - 1]) {
        const run = await lab.enroll(lab.file(text.slice(0, length)));
        expect([run.code, run.err]).toEqual(
          sentence(9, "The onboarding file is cut off: its end is missing."),
        );
      }
    }));

  it("refuses a file with any one byte changed, and sends nothing", () =>
    withLab(async (lab) => {
      const bytes = Buffer.from(gateway.onboarding());
      const before = gateway.calls.length;
      for (let position = 0; position < bytes.length; position += 37) {
        const changed = Buffer.from(bytes);
        changed[position] = (changed[position] ?? 0) ^ 1;
        const run = await lab.enroll(lab.file(changed));
        expect([position, run.code]).toEqual([position, 9]);
      }
      const middle = Buffer.from(bytes.toString().replace("London", "Lundon"));
      expect((await lab.enroll(lab.file(middle))).err).toContain("was changed after the portal signed it");
      expect([gateway.calls.length, lab.identity]).toEqual([before, null]);
    }));

  it("says that a file is for another gateway when one of another installation answers", async () => {
    const other = await startFakeGateway();
    await withLab(async (lab) => {
      const run = await lab.enroll(
        lab.file(
          gateway.onboarding((payload) => ({
            ...payload,
            endpoints: { enrol: other.url, stream: other.url },
          })),
        ),
      );
      expect([run.code, run.err]).toEqual(
        sentence(9, "is a Rollcall gateway, but of another installation than this file's. Nothing was sent."),
      );
      expect(other.calls).toEqual([]);
    });
    await other.close();
  });

  it("says that the gateway has another name than the file asks for", async () => {
    const own = await startFakeGateway({ serverNames: ["gateway.example"] });
    await withLab(async (lab) => {
      const run = await lab.enroll(lab.file(own.onboarding()));
      expect([run.code, run.err]).toEqual(sentence(9, "answers with a certificate for another name"));
      expect(own.calls).toEqual([]);
    });
    await own.close();
  });

  it("names a TLS-inspecting proxy by its issuer and sends it nothing", async () => {
    const proxy = await createAuthority({
      commonName: "Contoso Web Inspection CA",
      kind: "rsa2048",
      now: Date.now(),
    });
    const own = await startFakeGateway({ serverAuthority: proxy });
    await withLab(async (lab) => {
      const run = await lab.enroll(lab.file(own.onboarding()));
      expect([run.code, run.err]).toEqual(sentence(9, 'It was issued by "Contoso Web Inspection CA".'));
      expect(run.err).toContain("Exempt 127.0.0.1 from TLS inspection");
      expect(own.calls).toEqual([]);
    });
    await own.close();
  });

  it("says that the portal cannot be reached, and that nothing local depends on it", () =>
    withLab(async (lab) => {
      const port = await freePort();
      const to = (host: string) => (payload: OnboardingPayload) => ({
        ...payload,
        endpoints: { enrol: `https://${host}`, stream: `https://${host}` },
      });
      const refused = await lab.enroll(lab.file(gateway.onboarding(to(`127.0.0.1:${port}`))));
      expect([refused.code, refused.err]).toEqual(
        sentence(7, "cannot be reached: the connection was refused"),
      );
      const unknown = await lab.enroll(lab.file(gateway.onboarding(to("gateway.invalid:8443"))));
      expect([unknown.code, unknown.err]).toEqual(
        sentence(7, "the name gateway.invalid is not known here (DNS)"),
      );
    }));

  it("says so when what answers does not speak TLS at all", async () => {
    const plain = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const address = plain.address();
    const port = typeof address === "object" ? address?.port : 0;
    await withLab(async (lab) => {
      const host = `https://127.0.0.1:${port}`;
      const run = await lab.enroll(
        lab.file(gateway.onboarding((payload) => ({ ...payload, endpoints: { enrol: host, stream: host } }))),
      );
      expect([run.code, run.err]).toEqual(sentence(9, "does not speak TLS 1.3"));
    });
    plain.close();
  });

  it("accepts only the keys of trust.pem where one is given", async () => {
    const own = await startFakeGateway();
    await withLab(async (lab) => {
      const pem = (raw: string) =>
        createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw }, format: "jwk" })
          .export({ type: "spki", format: "pem" })
          .toString();
      const trust = path.join(lab.folder, "trust.pem");
      writeFileSync(trust, pem(gateway.fileKey));
      const foreign = await lab.enroll(lab.file(own.onboarding()), "--trust", trust);
      expect([foreign.code, foreign.err]).toEqual(sentence(9, "signed by a key that is not trusted here"));
      writeFileSync(trust, pem(gateway.fileKey) + pem(own.fileKey));
      const trusted = await lab.enroll(lab.file(own.onboarding()), "--trust", trust);
      expect([trusted.code, trusted.err]).toEqual([0, expect.stringContaining("(trusted)")]);
      writeFileSync(trust, "not a key");
      expect((await lab.enroll(lab.file(own.onboarding()), "--trust", trust)).err).toContain(
        "does not hold Ed25519 public keys",
      );
    });
    await own.close();
  });

  it("reads no more than a file may have, and says what a wrong file is", () =>
    withLab(async (lab) => {
      expect((await lab.enroll(lab.file("x".repeat(1_000_000)))).err).toContain("larger than 16384 bytes");
      expect((await lab.enroll(lab.file("hello"))).err).toContain("This is not an onboarding file.");
      expect((await lab.enroll(lab.file(Buffer.from([0xff, 0xfe, 0x00])))).err).toContain("not UTF-8 text");
      expect((await lab.enroll("missing.json")).err).toContain("There is no such file: missing.json.");
      expect((await lab.enroll(lab.folder)).code).toBe(9);
      expect((await runAgent(["enroll"])).code).toBe(2);
    }));

  it("keeps nothing of an answer that is for somebody else", async () => {
    const own = await startFakeGateway();
    const other = await startFakeGateway();
    const genuine = own.handlerOf("POST /v1/enrol");
    own.on("POST /v1/enrol", async (call) => {
      const reply = await genuine(call);
      return { status: 200, body: { ...(reply?.body as object), caPem: other.issuing.certPem } };
    });
    await withLab(async (lab) => {
      const run = await lab.enroll(lab.file(own.onboarding()));
      expect(run.err).toContain("its CA is not the one of the file. Nothing was kept of it.");
      expect(lab.identity).toBeNull();
    });
    await own.close();
    await other.close();
  });

  it("leaves nothing of secrets in the messages it prints", async () => {
    const own = await startFakeGateway();
    await withLab(async (lab) => {
      const text = own.onboarding();
      const { secret } = JSON.parse(text).payload.token;
      const run = await lab.enroll(lab.file(text));
      expect(run.err + run.out).not.toContain(secret);
      expect(readFileSync(path.join(lab.state, "identity.json"), "utf8")).not.toContain(secret);
    });
    await own.close();
  });
});
