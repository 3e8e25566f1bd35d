import { execFile, spawnSync } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventServer, startEventServer } from "./event-server.ts";
import { readMoulds } from "./moulds.ts";
import { READER } from "./testing/reading-client.ts";
import { controllerFiles, hasRealRecords } from "./testing/real-records.ts";

const SCRIPT = path.join(import.meta.dirname, "testing/impacket-reader.py");
const hasImpacket =
  spawnSync("/usr/bin/python3", ["-c", "import impacket.dcerpc.v5.even6"], { stdio: "ignore" }).status === 0;
if (!hasImpacket) console.warn("skipped: impacket is not here (apt-get install python3-impacket)");

interface Told {
  readonly kind: string;
  readonly binding?: string;
  readonly code?: number;
  readonly number?: number;
  readonly bytes?: number;
  readonly binXml?: string;
}

async function readWith(server: EventServer, password: string): Promise<Told[]> {
  const { stdout } = await promisify(execFile)(
    "/usr/bin/python3",
    [
      SCRIPT,
      "127.0.0.1",
      String(server.mapperPort),
      String(server.servicePort),
      READER.user,
      password,
      "TEST",
      "Security",
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line): Told => JSON.parse(line));
}

describe.skipIf(!hasImpacket)("the test server, read by impacket", () => {
  let server: EventServer;
  beforeAll(async () => {
    server = await startEventServer({
      computer: "dc1.lab.example",
      channels: ["Security"],
      accounts: [READER],
      moulds: [],
    });
    const moulds = hasRealRecords ? readMoulds(controllerFiles()).moulds : [];
    for (const { binXml } of moulds) server.log("Security").add(binXml);
    for (let index = 0; index < 150; index += 1)
      server.addPlain("Security", { provider: "P", eventId: 4768, data: { TargetUserName: `user${index}` } });
  });
  afterAll(() => server.stop());

  it("is found through the endpoint mapper and gives every record, newest first, whole", async () => {
    const told = await readWith(server, READER.password);
    expect(told[0]).toEqual({ kind: "mapped", binding: `ncacn_ip_tcp:127.0.0.1[${server.servicePort}]` });
    const records = told.filter(({ kind }) => kind === "record");
    const served = [...server.log("Security").records].reverse();
    expect(records.map(({ number }) => number)).toEqual(
      served.map(({ recordNumber }) => Number(recordNumber)),
    );
    expect(records.map(({ binXml }) => binXml)).toEqual(served.map(({ binXml }) => binXml.toString("hex")));
    expect(told.slice(-2)).toEqual([{ kind: "end", code: 259 }, { kind: "closed" }]);
    const reader = createEventReader();
    for (const { binXml } of records)
      expect(reader.read(Buffer.from(binXml ?? "", "hex")).kind).toBe("event");
  });

  it("refuses a wrong password", async () => {
    await expect(readWith(server, "wrong")).rejects.toThrow(/rpc_s_access_denied|ACCESS_DENIED/);
  });
});
