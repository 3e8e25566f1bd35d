import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeComputer, startFakeComputer } from "./fake-computer.ts";

const run = promisify(execFile);
const PYTHON = "/usr/bin/python3";
const HOST = "127.0.9.1";
const hasImpacket = existsSync("/usr/lib/python3/dist-packages/impacket");
const hasWinrm = existsSync("/usr/lib/python3/dist-packages/winrm");
if (!hasImpacket) console.warn("skipped: python3-impacket is not installed");
if (!hasWinrm) console.warn("skipped: python3-winrm is not installed");

let computer: FakeComputer;

beforeAll(async () => {
  computer = await startFakeComputer({
    host: HOST,
    wmiPort: 0,
    winrmPort: 0,
    name: "PC-1",
    domain: "corp.example",
    seats: { console: "CORP\\zoë", remote: ["CORP\\ana"] },
    accounts: [
      { user: "reader", password: "right" },
      { user: "outsider", password: "right" },
    ],
    denied: ["outsider"],
  });
});
afterAll(() => computer.close());

async function python(script: string, args: readonly string[], input = ""): Promise<string[]> {
  const folder = path.join(import.meta.dirname, "testing");
  const child = run(PYTHON, [path.join(folder, script), ...args], {
    timeout: 30_000,
    env: { ...process.env, OPENSSL_CONF: path.join(folder, "legacy-openssl.cnf") },
  });
  child.child.stdin?.end(input);
  const { stdout } = await child;
  return stdout.trim().split("\n");
}

describe.skipIf(!hasImpacket)("impacket", () => {
  const query = (wql: string, user = "reader", password = "right") =>
    python("wmi_query.py", [HOST, String(computer.wmiPort), user, password, wql]);

  it("activates, logs in, asks and reads each class", async () => {
    const rows = async (wql: string) =>
      (await query(wql)).map((line): unknown => (line === "end" ? line : JSON.parse(line)));
    expect(await rows("SELECT UserName,Name,PartOfDomain FROM Win32_ComputerSystem")).toEqual([
      { Name: "PC-1", PartOfDomain: "True", UserName: "CORP\\zoë" },
      "end",
    ]);
    expect(await rows("SELECT * FROM Win32_LogonSession WHERE LogonType=10")).toEqual([
      { LogonId: "1000000", LogonType: 10 },
      "end",
    ]);
    expect(await rows("SELECT Antecedent,Dependent FROM Win32_LoggedOnUser")).toHaveLength(4);
  });

  it("is told by name what was wrong", async () => {
    expect(await query("SELECT x FROM Nothing")).toEqual([expect.stringContaining("WBEM_E_INVALID_CLASS")]);
    expect(await query("SELECT * FROM Win32_ComputerSystem", "outsider")).toEqual([
      expect.stringContaining("WBEM_E_ACCESS_DENIED"),
    ]);
    expect(await query("SELECT * FROM Win32_ComputerSystem", "reader", "wrong")).toEqual([
      expect.stringContaining("access_denied"),
    ]);
  });
});

describe.skipIf(!hasWinrm)("pywinrm", () => {
  const message =
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" ' +
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header/><s:Body><n:Enumerate>' +
    '<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT UserName FROM Win32_ComputerSystem</w:Filter>' +
    "</n:Enumerate></s:Body></s:Envelope>";
  const ask = (password: string) =>
    python("winrm_query.py", [`http://${HOST}:${computer.winrmPort}/wsman`, "reader", password], message);

  it("logs in, has its message decrypted, and reads the encrypted answer", async () => {
    expect((await ask("right")).join("")).toContain("<p:UserName>CORP\\zoë</p:UserName>");
  });

  it("is refused with a wrong password", async () => {
    expect((await ask("wrong")).join("")).toContain("InvalidCredentialsError");
  });
});
