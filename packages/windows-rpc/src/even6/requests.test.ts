import { describe, expect, it } from "vitest";
import { hasFixtures, impacketStub } from "../wmi/testing/wmio-dumps.ts";
import { bookmarkXml } from "./bookmark-xml.ts";
import { QUERY, SUBSCRIBE } from "./event-log-interface.ts";
import { encodeChannelList, encodeClose, encodeNext, encodeQuery, encodeSubscribe } from "./requests.ts";

/** Zeroes what every client chooses as it likes: referents, and the bytes between values. */
function free(stub: Uint8Array, places: readonly (readonly [number, number])[]): string {
  const copy = Buffer.from(stub);
  for (const [at, length] of places) copy.fill(0, at, at + length);
  return copy.toString("hex");
}

const HANDLE = Buffer.from("000000000102030405060708090a0b0c0d0e0f10", "hex");

describe.skipIf(!hasFixtures)("requests, against those of impacket", () => {
  it.each([
    {
      name: "EvtRpcRegisterLogQuery Security newest-first",
      ours: encodeQuery({
        channel: "Security",
        query: "*[System[(EventID=4624)]]",
        flags: QUERY.channel | QUERY.newestFirst,
      }),
      places: [
        [0, 4],
        [34, 2],
      ],
    },
    {
      name: "EvtRpcRegisterLogQuery path NULL",
      ours: encodeQuery({ channel: null, query: "<QueryList/>", flags: QUERY.channel | QUERY.oldestFirst }),
      places: [[42, 2]],
    },
    {
      name: "EvtRpcRegisterRemoteSubscription pull future",
      ours: encodeSubscribe({
        channel: "Security",
        query: "*",
        bookmarkXml: null,
        flags: SUBSCRIBE.pull | SUBSCRIBE.future,
      }),
      places: [
        [0, 4],
        [34, 2],
      ],
    },
    {
      name: "EvtRpcRegisterRemoteSubscription pull after bookmark",
      ours: encodeSubscribe({
        channel: "ForwardedEvents",
        query: "*",
        bookmarkXml: bookmarkXml("ForwardedEvents", 42n),
        flags: SUBSCRIBE.pull | SUBSCRIBE.afterBookmark,
      }),
      places: [
        [0, 4],
        [64, 4],
      ],
    },
    { name: "EvtRpcRemoteSubscriptionNext", ours: encodeNext(HANDLE, 256, 5000), places: [] },
    { name: "EvtRpcQueryNext", ours: encodeNext(HANDLE, 256, 5000), places: [] },
    { name: "EvtRpcClose", ours: encodeClose(HANDLE), places: [] },
    { name: "EvtRpcGetChannelList", ours: encodeChannelList(), places: [] },
  ] as const)("are the same bytes: $name", ({ name, ours, places }) => {
    expect(free(ours, places)).toBe(free(impacketStub(name), places));
  });
});

describe("a bookmark", () => {
  it("writes a log's path so that it cannot leave its place", () => {
    expect(bookmarkXml("A'/><B&", 7n)).toBe(
      "<BookmarkList><Bookmark Channel='A&apos;/&gt;&lt;B&amp;' RecordId='7' IsCurrent='true'/></BookmarkList>",
    );
  });
});
