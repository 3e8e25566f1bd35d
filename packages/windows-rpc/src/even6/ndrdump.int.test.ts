import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  encodeChannelList,
  encodeLogInfo,
  encodeNext,
  encodeOpenLog,
  encodeQuery,
  encodeSubscribe,
} from "./requests.ts";
import {
  encodeChannelListAnswer,
  encodeLogInfoAnswer,
  encodeNextAnswer,
  encodeOpenedLog,
  encodeRegistered,
  resultElement,
} from "./testing/server-stubs.ts";

const hasNdrdump = spawnSync("ndrdump", ["--version"], { stdio: "ignore" }).status === 0;
if (!hasNdrdump) console.warn("skipped: ndrdump is not here (apt-get install samba-testsuite)");

const HANDLE = Buffer.from("000000000102030405060708090a0b0c0d0e0f10", "hex");

const folder = mkdtempSync(path.join(tmpdir(), "ndrdump-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What Samba reads out of a stub; it must use up every byte. */
function dump(call: string, direction: "in" | "out", stub: Buffer, more: readonly string[] = []): string {
  const { stdout, stderr } = spawnSync("ndrdump", [...more, "eventlog6", `eventlog6_${call}`, direction], {
    encoding: "utf8",
    input: stub,
  });
  const text = `${stdout}${stderr}`;
  expect(text).toContain("pull returned Success");
  expect(text).not.toContain("unread bytes");
  return text;
}

/**
 * All calls that are used but one: Samba describes the handle of `EvtRpcClose` as a pointer to a pointer, where the
 * specification, impacket and every other call have a plain handle.
 */
describe.skipIf(!hasNdrdump)("stubs, read by Samba's ndrdump", () => {
  it("requests say what was asked", () => {
    const subscribe = dump(
      "EvtRpcRegisterRemoteSubscription",
      "in",
      encodeSubscribe({
        channel: "Security",
        query: "*[x]",
        bookmarkXml: "<BookmarkList/>",
        flags: 0x10010003,
      }),
    );
    for (const text of ["'Security'", "'*[x]'", "'<BookmarkList/>'", "0x10010003"])
      expect(subscribe).toContain(text);
    const query = dump(
      "EvtRpcRegisterLogQuery",
      "in",
      encodeQuery({ channel: "Logs", query: "*", flags: 0x201 }),
    );
    expect(query).toContain("'Logs'");
    expect(query).toContain("0x00000201");
    const next = dump("EvtRpcQueryNext", "in", encodeNext(HANDLE, 77, 4321));
    expect(next).toContain("0x0000004d (77)");
    expect(next).toContain("0x000010e1 (4321)");
    expect(dump("EvtRpcGetChannelList", "in", encodeChannelList())).toContain("0x00000000");
    expect(dump("EvtRpcOpenLogHandle", "in", encodeOpenLog("Security"))).toContain("'Security'");
    expect(dump("EvtRpcGetLogFileInfo", "in", encodeLogInfo(HANDLE, 6))).toContain("0x00000006 (6)");
  });

  it("answers of the test server hold what it meant", () => {
    const registered = dump(
      "EvtRpcRegisterLogQuery",
      "out",
      encodeRegistered({ handle: HANDLE, control: HANDLE, channels: ["Security", "System"], status: 0 }),
    );
    expect(registered).toContain("'Security'");
    expect(registered).toContain("'System'");
    const refused = encodeRegistered({
      handle: null,
      control: null,
      channels: [],
      error: 15001,
      status: 15001,
    });
    expect(dump("EvtRpcRegisterRemoteSubscription", "out", refused)).toContain("15001");
    const records = [resultElement(Buffer.from([1, 2, 3]), 9n), resultElement(Buffer.from([4]), 10n)];
    expect(dump("EvtRpcQueryNext", "out", encodeNextAnswer(records, 0))).toContain("numActualRecords");
    expect(dump("EvtRpcRemoteSubscriptionNext", "out", encodeNextAnswer([], 1460))).toContain(
      "numActualRecords",
    );
    expect(dump("EvtRpcGetChannelList", "out", encodeChannelListAnswer(["A", "Bc"]))).toContain("'Bc'");
    dump("EvtRpcOpenLogHandle", "out", encodeOpenedLog(HANDLE, 0));
    const context = path.join(folder, "in");
    writeFileSync(context, encodeLogInfo(HANDLE, 6));
    const info = dump("EvtRpcGetLogFileInfo", "out", encodeLogInfoAnswer(99n, 16), [
      "--context-file",
      context,
    ]);
    expect(info).toContain("WERR_OK");
  });
});
