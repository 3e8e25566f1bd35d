import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { recordIdOf } from "@rollcall/event-rules";
import { inMemory, readEvtx } from "@rollcall/windows-rpc/evtx";
import { describe, expect, it } from "vitest";
import { readEvent } from "./event-reader.ts";
import { BOOKMARK_EVENT, eventXml } from "./testing/messages.ts";

const DATA = path.resolve(import.meta.dirname, "../../../../../shared/data/evtx");
const isHere = existsSync(DATA);
if (!isHere) console.info(`event-reader.test.ts leaves out Windows' own exports: there is no ${DATA}`);
const TIME = Date.UTC(2026, 0, 5, 9, 0, 0, 123);

describe("an event as Windows renders it", () => {
  it.skipIf(!isHere)("is the same record, field by field, as the one in its log", () => {
    const exported = gunzipSync(
      readFileSync(path.join(DATA, "oracle", "mit-ts-evtx__Security.evtx.windows-export.xml.gz")),
    ).toString("utf8");
    const written = new Map(
      (exported.match(/<Event[ >].*?<\/Event>/gs) ?? []).flatMap((xml) => {
        const read = readEvent(xml);
        return read.kind === "event" ? [[recordIdOf(read.event), read.event] as const] : [];
      }),
    );
    let compared = 0;
    for (const one of readEvtx(inMemory(readFileSync(path.join(DATA, "mit-ts-evtx", "Security.evtx"))))) {
      if (one.kind !== "record") continue;
      const same = written.get(recordIdOf(one.event));
      expect(same, `record ${one.event.recordId}`).toBeDefined();
      expect([same?.provider, same?.eventId, same?.version]).toEqual([
        one.event.provider,
        one.event.eventId,
        one.event.version,
      ]);
      // Of a line's end XML keeps the line feed alone.
      for (const name of one.event.names())
        expect([name, same?.data(name)]).toEqual([
          name,
          one.event.data(name)?.replaceAll("\r\n", "\n") ?? null,
        ]);
      compared += 1;
    }
    expect(compared).toBe(written.size);
    expect(compared).toBeGreaterThan(1000);
  });

  it("may hold its text in the computer's language, which is not read", () => {
    const xml = eventXml({ eventId: 4624, time: TIME, data: { LogonType: "2" } }).replace(
      "</Event>",
      "<RenderingInfo Culture='de-DE'><Message>Ein Konto wurde angemeldet.</Message><Keywords><Keyword>x</Keyword></Keywords></RenderingInfo></Event>",
    );
    const read = readEvent(xml);
    expect(
      read.kind === "event" && [read.event.time, read.event.data("LogonType"), read.event.data("Message")],
    ).toEqual([TIME, "2", null]);
  });

  it("counts the first of two fields with one name", () => {
    const read = readEvent(eventXml({ eventId: 4624, time: TIME, data: { A: "1</Data><Data Name='A'>2" } }));
    expect(read.kind === "event" && read.event.data("A")).toBe("1");
  });

  it("that says only how far was read is told from the others", () => {
    expect(readEvent(BOOKMARK_EVENT).kind).toBe("bookmark");
  });

  it("is damaged where it ends in the middle of a character", () => {
    expect(readEvent("<!D\ud800")).toEqual({
      kind: "damaged",
      reason: "not-xml",
      sanitised: expect.any(Number),
    });
  });

  it("is damaged without a time, a number, an origin, or as no event", () => {
    const good = eventXml({ eventId: 4624, time: TIME });
    const reasons = [
      good.replace(/SystemTime='[^']*'/, "SystemTime='2026-01-05 09:00:00'"),
      good.replace("<EventID>4624", "<EventID>99999"),
      good.replace("<EventRecordID>7", "<EventRecordID>-7"),
      good.replace("<Computer>pc7.corp.example", "<Computer>"),
      "<System/>",
      good.slice(0, -1),
    ].map((xml) => {
      const read = readEvent(xml);
      return read.kind === "damaged" ? read.reason : read.kind;
    });
    expect(reasons).toEqual(["no-time", "no-event-id", "no-record-id", "no-origin", "no-event", "not-xml"]);
  });
});
