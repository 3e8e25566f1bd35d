import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type Lab, labForTests } from "../../../../infra/lab/lab.ts";
import { runCommand } from "../../../../infra/lab/run-command.ts";
import { connectRpc, RpcConnectionError } from "../dcerpc/index.ts";
import { findEndpoint } from "../endpoint-mapper/index.ts";
import { integer, octets, tagged } from "../kerberos/der.ts";
import * as samr from "../samr/index.ts";
import {
  createGssapiForLdap,
  createKerberosContext,
  createNegotiateContext,
  createNtlmContext,
  KerberosLogin,
  type LoginRequest,
  loginAt,
  type SecurityContext,
} from "./index.ts";

const STATE = path.join(tmpdir(), "rollcall-lab", "windows-rpc");
const AD_LAB = path.resolve(import.meta.dirname, "../../../../infra/lab/ad-lab");
const ACCEPTOR = path.resolve(import.meta.dirname, "../testing/peers/accept_gss.py");
const TIMEOUT_MS = 20_000;

let found: Lab | null = null;

beforeAll(async () => {
  found = await labForTests({ state: STATE, address: "127.0.0.16", isFresh: true });
}, 240_000);
afterAll(async () => found?.stop());

function labOf(test: TestContext): Lab {
  if (found === null) test.skip("no Samba lab here");
  if (found === null) throw new Error("skipped");
  return found;
}

function requestOf(lab: Lab, changes: Partial<LoginRequest> = {}): LoginRequest {
  return {
    host: lab.dcName,
    spnClass: "HOST",
    user: lab.readerUpn,
    password: lab.password,
    realm: lab.domain,
    kdcs: [lab.address],
    allowNtlm: false,
    timeoutMs: TIMEOUT_MS,
    ...changes,
  };
}

function ticketsOf(
  lab: Lab,
  changes: { readonly kdcs?: readonly string[]; readonly nowMs?: () => number } = {},
) {
  return new KerberosLogin(
    { user: lab.readerUpn, realm: lab.domain, password: lab.password },
    { kdcs: [lab.address], timeoutMs: TIMEOUT_MS, ...changes },
  );
}

async function connectSamr(lab: Lab, context: SecurityContext, headerSigning = true) {
  const port = await findEndpoint({ host: lab.address, interface: samr.SAMR, timeoutMs: TIMEOUT_MS });
  return connectRpc({
    host: lab.address,
    port,
    interface: samr.SAMR,
    context,
    headerSigning,
    timeoutMs: TIMEOUT_MS,
  });
}

/** Reads every account name through a sealed connection: a question of many fragments and answers of many. */
async function accountsThrough(lab: Lab, context: SecurityContext, headerSigning: boolean) {
  const connection = await connectSamr(lab, context, headerSigning);
  try {
    const call = ({ opnum, stub }: samr.SamrCall) => connection.call(opnum, stub);
    const server = samr.readHandle(await call(samr.connect2("x".repeat(20_000))));
    const domains = samr.readEnumerated(await call(samr.enumerateDomains(server, 0)));
    const sid = samr.readSid(await call(samr.lookupDomain(server, lab.netbios)));
    const domain = samr.readHandle(await call(samr.openDomain(server, sid)));
    const names: string[] = [];
    for (let resume = 0; ; ) {
      const page = samr.readEnumerated(await call(samr.enumerateUsers(domain, resume, 0x10_0000)));
      names.push(...page.entries.map(({ name }) => name));
      if (page.status !== samr.MORE_ENTRIES) break;
      resume = page.resume;
    }
    await call(samr.closeHandle(domain));
    return { domains: domains.entries.map(({ name }) => name), names, isSigned: connection.isHeaderSigned };
  } finally {
    connection.close();
  }
}

describe("sealed calls at a Samba domain controller", () => {
  const ways = ["NTLM", "NTLM in SPNEGO", "Kerberos", "Kerberos in SPNEGO"].flatMap((way) => [
    { way, headerSigning: true },
    { way, headerSigning: false },
  ]);

  it.each(ways)("are made by $way, header signing $headerSigning", async ({ way, headerSigning }) => {
    if (found === null) return;
    const lab = found;
    const inner = way.startsWith("NTLM")
      ? createNtlmContext({ user: "svc-collector", domain: lab.netbios, password: lab.password })
      : createKerberosContext(ticketsOf(lab), `HOST/${lab.dcName}`);
    const context = way.endsWith("SPNEGO") ? createNegotiateContext(inner) : inner;
    const { domains, names, isSigned } = await accountsThrough(lab, context, headerSigning);
    expect(domains).toEqual([lab.netbios, "BUILTIN"]);
    expect(names).toEqual(expect.arrayContaining(["svc-collector", "u000001", "jörg.weiß", "krbtgt"]));
    expect(names.length).toBeGreaterThan(250);
    expect(isSigned).toBe(headerSigning);
  });

  it("are not made by NTLM with a wrong password, and that is said as such", async (test) => {
    const lab = labOf(test);
    const ntlm = () => createNtlmContext({ user: "svc-limited", domain: lab.netbios, password: "wrong" });
    const connection = await connectSamr(lab, ntlm());
    const { opnum, stub } = samr.connect2("x");
    await expect(connection.call(opnum, stub)).rejects.toMatchObject({ failure: "login-refused" });
    const wrapped = connectSamr(lab, createNegotiateContext(ntlm()));
    await expect(wrapped).rejects.toThrow(RpcConnectionError);
    await expect(wrapped).rejects.toMatchObject({ failure: "login-refused" });
  });
});

describe("a login at a Samba domain", () => {
  it("is by Kerberos where the server has a name, and by NTLM only where that is allowed", async (test) => {
    const lab = labOf(test);
    expect(await loginAt(requestOf(lab))).toMatchObject({ kind: "ready", by: "kerberos" });
    expect(await loginAt(requestOf(lab, { host: lab.address }))).toMatchObject({
      reason: "ntlm-not-allowed",
    });
    const byAddress = await loginAt(
      requestOf(lab, { host: lab.address, allowNtlm: true, user: "svc-collector" }),
    );
    expect(byAddress).toMatchObject({ kind: "ready", by: "ntlm" });
    if (byAddress.kind === "ready") {
      const { names } = await accountsThrough(lab, byAddress.context, true);
      expect(names).toContain("u000001");
    }
  });

  it("has a reason and a remedy where there is none", async (test) => {
    const lab = labOf(test);
    const reasons = await Promise.all(
      [
        { user: "nobody" },
        { user: "x.disabled" },
        { spnClass: "nothing" },
        { kdcs: [`${lab.address}:1`] },
        { realm: "other.example" },
      ].map((changes) => loginAt(requestOf(lab, changes))),
    );
    expect(reasons.map((one) => (one.kind === "refused" ? one.reason : one.kind))).toEqual([
      "unknown-principal",
      "account-revoked",
      "unknown-service",
      "no-kdc",
      "unknown-principal",
    ]);
    for (const one of reasons) expect(one).toMatchObject({ remedy: expect.stringMatching(/\.$/) });
  });

  it("shows a wrong password to the domain once, also where NTLM would be allowed and however often it is asked", async (test) => {
    const lab = labOf(test);
    const tickets = new KerberosLogin(
      { user: "u000003", realm: lab.domain, password: "wrong" },
      { kdcs: [lab.address, lab.address], timeoutMs: TIMEOUT_MS },
    );
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const outcome = await loginAt(requestOf(lab, { user: "u000003", allowNtlm: true, tickets }));
      expect(outcome).toMatchObject({ reason: "wrong-password" });
    }
    const wrong = () =>
      readFileSync(lab.authLog, "utf8")
        .split("\n")
        .filter((line) => line.includes("u000003@") && line.includes("NT_STATUS_WRONG_PASSWORD"));
    await expect.poll(wrong, { timeout: 10_000 }).not.toEqual([]);
    expect(wrong()).toHaveLength(1);
  });

  it("corrects a clock that is an hour wrong, once, and remembers it", async (test) => {
    const lab = labOf(test);
    const tickets = ticketsOf(lab, { nowMs: () => Date.now() - 3_600_000 });
    const { names } = await accountsThrough(lab, createKerberosContext(tickets, `HOST/${lab.dcName}`), true);
    expect(names).toContain("u000001");
    expect(Math.abs(tickets.clockOffsetMs - 3_600_000)).toBeLessThan(60_000);
  });

  it("goes to the next key distribution centre when one does not answer, and keeps its tickets", async (test) => {
    const lab = labOf(test);
    const tickets = ticketsOf(lab, { kdcs: [`${lab.address}:1`, lab.address] });
    const first = await tickets.ticketFor(`HOST/${lab.dcName}`);
    expect(await tickets.ticketFor(`host/${lab.dcName.toUpperCase()}`)).toBe(first);
    tickets.forget(`HOST/${lab.dcName}`);
    expect(await tickets.ticketFor(`HOST/${lab.dcName}`)).not.toBe(first);
  });

  it("replaces a ticket before it ends", async (test) => {
    const lab = labOf(test);
    let ahead = 0;
    const tickets = ticketsOf(lab, { nowMs: () => Date.now() + ahead });
    const first = await tickets.ticketFor(`HOST/${lab.dcName}`);
    ahead = first.endsAtMs - Date.now() - 4 * 60_000;
    // The domain's clock stands where it stood, so the login finds that it differs, and goes by the domain's.
    const second = await tickets.ticketFor(`HOST/${lab.dcName}`);
    expect(second.ticket).not.toEqual(first.ticket);
  });

  it("takes a name of another suffix, one with marks, and an account without pre-authentication", async (test) => {
    const lab = labOf(test);
    for (const user of ["first.last@mail.corp.example", "jörg.weiß", "x.nopreauth", "x.comma"])
      expect(await loginAt(requestOf(lab, { user })), user).toMatchObject({ kind: "ready" });
  });

  it("is taken by the directory inside of TLS, and the directory proves itself", async (test) => {
    const lab = labOf(test);
    const context = createGssapiForLdap(ticketsOf(lab), lab.dcName);
    const { result, credentials } = await saslBind(lab, await context.start());
    expect(result).toBe(0);
    expect(await context.next(credentials)).toBeNull();
    expect(context.isEstablished).toBe(true);
  });

  it("seals bodies for HTTP as MIT's library does", async (test) => {
    const lab = labOf(test);
    if (!existsSync("/usr/lib/python3/dist-packages/gssapi")) test.skip("python3-gssapi is not installed");
    const keytab = path.join(STATE, "http.keytab");
    const service = "HTTP/product.corp.example";
    const exported = await runCommand(
      AD_LAB,
      ["exec", "samba-tool", "domain", "exportkeytab", keytab, "--principal", service],
      { env: { AD_LAB_STATE: STATE, AD_LAB_ADDR: "127.0.0.16" } },
    );
    expect(exported.code, exported.stderr).toBe(0);
    const peer = spawn("/usr/bin/python3", [ACCEPTOR], { env: { KRB5_KTNAME: keytab, PATH: "/usr/bin" } });
    const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
    const ask = async (kind: string, bytes: Uint8Array) => {
      peer.stdin.write(`${JSON.stringify([kind, Buffer.from(bytes).toString("hex")])}\n`);
      return JSON.parse((await lines.next()).value ?? "null");
    };
    try {
      const context = createNegotiateContext(createKerberosContext(ticketsOf(lab), service, "http"));
      const login = await ask("login", await context.start());
      expect(login.who).toMatch(/^svc-collector@/);
      expect(await context.next(Buffer.from(login.token, "hex"))).toBeNull();
      expect(context.isEstablished).toBe(true);
      for (const text of ["", "a", "question ".repeat(500)]) {
        const message = { header: NOTHING, body: Buffer.from(text), trailer: NOTHING };
        const token = context.seal(message);
        expect(token).toHaveLength(60);
        const read = await ask("unwrap", Buffer.concat([token, message.body]));
        expect(read).toEqual({ plain: Buffer.from(text).toString("hex"), encrypted: true });
        const { wrapped } = await ask("wrap", Buffer.from(text));
        const answer = Buffer.from(wrapped, "hex");
        const body = Buffer.from(answer.subarray(60));
        context.unseal({ header: NOTHING, body, trailer: NOTHING }, answer.subarray(0, 60));
        expect(body.toString()).toBe(text);
      }
    } finally {
      peer.kill();
    }
  });
});

const NOTHING = Buffer.alloc(0);

/** One bind request by hand, and what is said to it: our own LDAP library shows nobody a server's credentials. */
function saslBind(
  lab: Lab,
  token: Uint8Array,
): Promise<{ readonly result: number; readonly credentials: Buffer }> {
  const sasl = tagged(0xa3, octets(Buffer.from("GSS-SPNEGO")), octets(token));
  const request = tagged(0x30, integer(1), tagged(0x60, integer(3), octets(NOTHING), sasl));
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: lab.address, port: 636, ca: lab.caPem, servername: lab.dcName });
    socket.once("secureConnect", () => socket.write(request));
    socket.once("error", reject);
    socket.once("data", (answer) => {
      socket.destroy();
      const result = answer.indexOf(Buffer.from([0x0a, 0x01]));
      const credentials = answer.indexOf(0xa1, result);
      resolve({ result: answer[result + 2] ?? -1, credentials: answer.subarray(credentials) });
    });
  });
}
