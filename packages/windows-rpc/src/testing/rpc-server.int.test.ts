import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../../../infra/lab/run-command.ts";
import { NdrReader, NdrWriter } from "../ndr/index.ts";
import { SAMR } from "../samr/index.ts";
import { endpointMapper, type NtlmLogin, type RpcServer, startRpcServer } from "./index.ts";

const CLIENT = path.resolve(import.meta.dirname, "peers/call_samr.py");
const HOST = "127.0.0.17";
const HANDLE = Buffer.alloc(20, 7);

const logins: NtlmLogin[] = [];
let server: RpcServer;
let mapper: RpcServer;

/** As much of an account database as a client needs to list its domains. */
function answerOf(opnum: number, stub: Buffer): Uint8Array | { readonly fault: number } | null {
  if (opnum === 57) return new NdrWriter().contextHandle(HANDLE).u32(0).done();
  // SamrConnect5 says first which of its forms was understood.
  if (opnum === 64) return new NdrWriter().u32(1).u32(1).u32(3).u32(0).contextHandle(HANDLE).u32(0).done();
  // rpcclient also asks for a domain's SID, and shows nothing without.
  const sid = Buffer.from("010400000000000515000000010000000200000003000000", "hex");
  if (opnum === 5) return new NdrWriter().pointer().u32(4).bytes(sid).u32(0).done();
  if (opnum === 1) return { fault: 0x1c00_001a };
  if (opnum !== 6 || !new NdrReader(stub).contextHandle().equals(HANDLE)) return null;
  const names = ["TEST", "Builtin"];
  const writer = new NdrWriter().u32(names.length).pointer().u32(names.length).pointer().u32(names.length);
  for (const [n, name] of names.entries())
    writer
      .u32(n)
      .u16(2 * name.length)
      .u16(2 * name.length)
      .pointer();
  for (const name of names)
    writer.align(4).u32(name.length).u32(0).u32(name.length).bytes(Buffer.from(name, "utf16le"));
  return writer.u32(names.length).u32(0).done();
}

beforeAll(async () => {
  server = await startRpcServer({
    host: HOST,
    domain: "TEST",
    interfaces: [{ ...SAMR, call: answerOf }],
    accounts: [{ user: "ana", password: "s3cret" }],
    onLogin: (login) => logins.push(login),
    // Little enough that every answer is made of several.
    fragmentBytes: 1432,
  });
  mapper = await startRpcServer({
    host: HOST,
    port: process.getuid?.() === 0 ? 135 : 0,
    interfaces: [endpointMapper(() => [{ ...SAMR, port: server.port }])],
  });
});
afterAll(async () => {
  await server?.close();
  await mapper?.close();
});

const hasImpacket = existsSync("/usr/lib/python3/dist-packages/impacket");
const hasRpcclient = existsSync("/usr/bin/rpcclient") && process.getuid?.() === 0;
if (!hasImpacket) console.info("skipped: python3-impacket is not installed");
if (!hasRpcclient) console.info("skipped: rpcclient is not installed, or port 135 needs root");

describe("the server for tests, called by clients that nobody here wrote", () => {
  it.skipIf(!hasImpacket)("answers impacket, and refuses it with a wrong password", async () => {
    const call = async (password: string) => {
      const args = [CLIENT, HOST, String(server.port), String(mapper.port), "ana", password];
      const { stdout, stderr } = await runCommand("/usr/bin/python3", args);
      expect(stdout, stderr).not.toBe("");
      return JSON.parse(stdout);
    };
    expect(await call("s3cret")).toEqual({
      binding: `ncacn_ip_tcp:${HOST}[${server.port}]`,
      domains: ["TEST", "Builtin"],
      fault: expect.stringMatching(/context_mismatch/),
    });
    expect(await call("wrong")).toMatchObject({ refused: expect.stringMatching(/access_denied/) });
  });

  it.skipIf(!hasRpcclient)(
    "answers rpcclient, found through the endpoint mapper, with a MIC that verifies",
    async () => {
      const call = (password: string) =>
        runCommand("/usr/bin/rpcclient", [
          "-U",
          `TEST/ana%${password}`,
          `ncacn_ip_tcp:${HOST}[seal,ntlm]`,
          "-c",
          "enumdomains",
        ]);
      logins.length = 0;
      const { stdout, stderr } = await call("s3cret");
      expect(stdout, stderr).toMatch(/name:\[TEST\][\s\S]*name:\[Builtin\]/);
      expect((await call("wrong")).stdout).not.toMatch(/name:/);
      expect(logins.map(({ kind }) => kind)).toEqual(["accepted", "refused"]);
    },
  );
});
