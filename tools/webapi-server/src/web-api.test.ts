import { describe, expect, it } from "vitest";
import { type Mode, POST_PATH, type ReceivedPost, WebApi } from "./web-api.ts";
import { checkWithXmllint, hasXmllint } from "./xmllint.ts";

const logon = (ip = "192.0.2.50", more = "") =>
  `<userfw-entry><source>Rollcall</source><timestamp>2025-10-09T08:53:20Z</timestamp><operation>logon</operation><IP>${ip}</IP><domain>Corp.Example</domain><user>Alice</user><role-list><role>Engineering</role></role-list>${more}</userfw-entry>`;
const logoff = (ip = "192.0.2.50") =>
  `<userfw-entry><source>Rollcall</source><timestamp>2025-10-09T08:53:21Z</timestamp><operation>logoff</operation><IP>${ip}</IP></userfw-entry>`;
const post = (...entries: string[]) => `<userfw-entries>${entries.join("")}</userfw-entries>`;

const api = () => new WebApi({ user: "rollcall", password: "p", clients: ["192.0.2.1"] });
const send = (to: WebApi, of: Partial<ReceivedPost> = {}) =>
  to.receive({
    clientAddress: "192.0.2.1",
    method: "POST",
    path: POST_PATH,
    authorization: `Basic ${Buffer.from("rollcall:p").toString("base64")}`,
    contentType: "application/xml",
    body: post(logon()),
    ...of,
  });

describe("a firewall's Web API", () => {
  it("keeps names in lower case by address, and the posture as a group", () => {
    const to = api();
    expect(send(to, { body: post(logon("192.0.2.50", "<posture>Healthy</posture>")) }).status).toBe(200);
    expect(to.table.rows()).toMatchObject([
      {
        ip: "192.0.2.50",
        domain: "corp.example",
        user: "alice",
        groups: ["engineering", "posture-healthy"],
        source: "Rollcall",
      },
    ]);
    send(to, { body: post(logoff()) });
    expect(to.table.rows()).toEqual([]);
  });

  it("refuses whoever may not post, by address, credentials, path, method, type and size", () => {
    const to = api();
    const statuses = [
      send(to, { clientAddress: "192.0.2.2" }),
      send(to, { authorization: undefined }),
      send(to, { authorization: "Basic cm9sbGNhbGw6cQ==" }),
      send(to, { path: "/api/userfw/v1/post-entries" }),
      send(to, { method: "PUT" }),
      send(to, { contentType: "application/json" }),
      send(to, { body: post(...Array.from({ length: 5000 }, () => logon())) }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 401, 401, 404, 405, 415, 413]);
    expect(to.table.rows()).toEqual([]);
  });

  const wrong: Record<string, string> = {
    "no entry": post(),
    "another root": `<entries>${logon()}</entries>`,
    "elements out of order": post(
      logon().replace("<user>Alice</user>", "").replace("<domain>", "<user>Alice</user><domain>"),
    ),
    "a repeated element": post(logon().replace("<user>", "<user>Bob</user><user>")),
    "an unknown element": post(logon("192.0.2.50", "<note>x</note>")),
    "an attribute": post(logon().replace("<user>", '<user id="1">')),
    "a name of 65 bytes": post(logon().replace("Alice", "a".repeat(65))),
    "no time zone": post(logon().replace("20Z", "20")),
    "another operation": post(logon().replace(">logon<", ">update<")),
    "an address with a prefix": post(logon("192.0.2.0/24")),
    "201 roles": post(
      logon().replace(
        "<role>Engineering</role>",
        Array.from({ length: 201 }, (_, n) => `<role>r${n}</role>`).join(""),
      ),
    ),
    "201 entries": post(...Array.from({ length: 201 }, (_, n) => logon(`192.0.2.${n}`))),
    "a posture of its own": post(logon("192.0.2.50", "<posture>Fine</posture>")),
    "an unknown entity": post(logon().replace("Alice", "Alice&nbsp;B")),
    "a document type": `<!DOCTYPE userfw-entries>${post(logon())}`,
    "a cut document": post(logon()).slice(0, -5),
  };
  it.each(Object.entries(wrong))(
    "calls %s malformed, and so does xmllint where it is installed",
    (_, body) => {
      const to = api();
      send(to);
      expect(send(to, { body: body.replace("192.0.2.50", "192.0.2.60") }).status).toBe(400);
      expect(to.table.rows()).toHaveLength(1);
      // XML Schema knows no DTD of ours to refuse.
      if (hasXmllint() && !body.startsWith("<!")) expect(checkWithXmllint(body)).toContain("xmllint");
    },
  );

  it("does not take a logon without a user, which a schema cannot say", () => {
    expect(send(api(), { body: post(logon().replace("<user>Alice</user>", "")) }).status).toBe(400);
  });

  it("misbehaves as it is told, and takes nothing unless it says so", () => {
    const modes: readonly (readonly [Mode, number, number])[] = [
      [{ kind: "malformed" }, 400, 0],
      [{ kind: "poisoned", addresses: ["192.0.2.50"] }, 400, 0],
      [{ kind: "poisoned", addresses: ["192.0.2.51"] }, 200, 1],
      [{ kind: "unauthorized" }, 401, 0],
      [{ kind: "busy", retryAfterSeconds: 3 }, 503, 0],
      [{ kind: "reset", stored: false }, 0, 0],
      [{ kind: "reset", stored: true }, 0, 1],
    ];
    for (const [mode, status, rows] of modes) {
      const to = api();
      to.mode = mode;
      expect([send(to).status, to.table.rows().length], mode.kind).toEqual([status, rows]);
    }
  });
});
