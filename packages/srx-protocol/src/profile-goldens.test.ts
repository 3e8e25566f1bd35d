import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Entry } from "@rollcall/identity-core";
import { describe, expect, test } from "vitest";
import { BUILT_IN_PROFILES, compileProfile, decodeRequest, renderResponse } from "./index.ts";
import { aliceAtDesk, anEntry, anEntryUser, bobLeft, kioskAlone } from "./testing/index.ts";
import { readable } from "./testing/readable.ts";

/** Stands in for the real cookie, whose MAC a reader could not check by eye. */
const FIRST = "AQAAAGjnfgAAAAAAAAAB9A";
const NEXT = "AQAAAGjnfgAAAAAAAAAB9Q";

const carolPushed: Entry = anEntry({
  ip: "192.0.2.90",
  user: anEntryUser({ name: "carol", groups: ["finance"], sourceLabel: "JIMS-SRX push" }),
});
const aliceOncall: Entry = anEntry({
  ...aliceAtDesk,
  changedAt: 1_760_000_420_000,
  user: aliceAtDesk.user && { ...aliceAtDesk.user, groups: ["engineering", "vpn-users", "oncall"] },
});
/** The ClearPass example of the table knows the device by its name alone. */
const aliceAtNamedDesk: Entry = {
  ...aliceAtDesk,
  device: aliceAtDesk.device && { ...aliceAtDesk.device, groups: [], os: "" },
};
const kioskInFull: Entry = {
  ...kioskAlone,
  device: kioskAlone.device && {
    ...kioskAlone.device,
    groups: ["kiosks", "lobby & hall"],
    category: "kiosk",
    vendor: "Example <Devices>",
    model: "K-200",
    os: "windows 11",
    osVersion: "10.0.26100",
  },
};

/** Where each profile's messages are, and the number of the table (srx-query.md) that its first batch and its known address have. */
const FOLDERS: Readonly<Record<string, { folder: string; batch: string; known: string }>> = {
  "json-superset": { folder: "goldens", batch: "2a-first-batch", known: "4a-known-address" },
  "userfw-xml": { folder: "goldens/userfw-xml", batch: "2b-first-batch", known: "4a-known-address" },
  "insight-v1": { folder: "goldens/insight-v1", batch: "2a-first-batch", known: "8a-known-address" },
};

describe.each(BUILT_IN_PROFILES)("$id answers, byte for byte,", ({ id, document }) => {
  const profile = compileProfile(document, { id, key: id, name: id, defaultSource: "JIMS-Active Directory" });
  const { folder, batch, known } = FOLDERS[id] ?? { folder: "", batch: "", known: "" };
  const asked = { ip: anEntry({ ip: "192.0.2.99" }).ip, at: 1_760_000_000_000 };
  const answers = {
    [batch]: profile.encodeBatch([aliceAtDesk, kioskAlone, bobLeft], FIRST),
    "3a-nothing-new": profile.encodeBatch([], FIRST),
    "3b-group-joined": profile.encodeBatch([aliceOncall], NEXT),
    "3c-logoff": profile.encodeBatch([bobLeft], NEXT),
    "3d-ipv6": profile.encodeBatch([anEntry({ ip: "2001:db8::50", user: anEntryUser() })], NEXT),
    [known]: profile.encodeIp(id === "insight-v1" ? aliceAtNamedDesk : aliceAtDesk),
    "4b-device-in-full": profile.encodeIp(kioskInFull),
    "5a-unknown-address": profile.encodeIp(null, undefined, asked),
    "6a-user-query": profile.encodeIp(carolPushed),
  };
  const fileOf = (name: string): URL => new URL(`./${folder}/${name}.response.http`, import.meta.url);

  test.each(Object.entries(answers))("%s", (name, answer) => {
    const rendered = renderResponse(answer);
    // A new golden is written once, by hand of whoever asks for it, and read before it is kept.
    if (process.env.WRITE_GOLDENS === "1" && !existsSync(fileOf(name))) writeFileSync(fileOf(name), rendered);
    expect(rendered).toBe(readFileSync(fileOf(name), "utf8"));
  });

  test("and a reviewer can read each of them", async () => {
    const page = Object.entries(answers)
      .map(([name, answer]) => `## ${name}\n\n\`\`\`http\n${readable(renderResponse(answer))}\n\`\`\``)
      .join("\n\n");
    await expect(
      `# ${id}\n\nThe golden files of this profile with their bodies in lines. Made by profile-goldens.test.ts.\n\n${page}\n`,
    ).toMatchFileSnapshot(`./goldens/${id}.md`);
  });

  test("with the length it announces", () => {
    for (const { headers, body } of Object.values(answers)) {
      expect(headers.find(([name]) => name === "Content-Length")?.[1]).toBe(String(Buffer.byteLength(body)));
    }
  });
});

test("the ClearPass stanza's query is an address query", () => {
  const text = readFileSync(
    new URL("./goldens/insight-v1/8-clearpass-query.request.http", import.meta.url),
    "utf8",
  );
  const [, target = ""] = (text.split("\r\n")[0] ?? "").split(" ");
  const raw = { method: "GET", path: target, query: "", headers: {}, body: "" };
  expect(decodeRequest(raw, () => false)).toMatchObject({ kind: "ip", ip: "192.0.2.50", refresh: false });
});
