import { anEntry, anEntryUser } from "@rollcall/srx-protocol/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, type Document, type Harness, startHarness } from "./testing/index.ts";

describe.each(["own", "node"] as const)("the %s engine", (engine) => {
  let harness: Harness;
  let token: string;
  beforeAll(async () => {
    harness = await startHarness({ engine });
    harness.source.tell(anEntry({ user: anEntryUser() }));
    token = await harness.token();
  });
  afterAll(() => harness.stop());

  const FORM = { "content-type": "application/x-www-form-urlencoded" };
  const ask = (method: string, path: string, headers = {}, body?: string) =>
    harness.ask({
      method,
      path,
      headers: { ...bearer(token), ...headers },
      ...(body === undefined ? {} : { body }),
    });

  describe("a question is known by its shape", () => {
    test.each([
      ["GET", "/user_query/v2/users/endpoints?begintime=0&entry_count=200"],
      ["POST", "/user_query/v2/users/endpoints?entry_count=200&begintime=0"],
      ["PUT", "/api/user_query/v2/users/endpoints?begintime=0&entry_count=200"],
      ["GET", "/user-query/v2/users/endpoints?begintime=0&entry-count=200"],
      ["GET", "/api/user-query/v2/batch"],
      ["GET", "/custom/path?begintime=0"],
      ["GET", "/user_query/v2/ip/192.0.2.50"],
      ["POST", "/api/user_query/v1/ip/192.0.2.50"],
      ["PUT", "/user-query/v2?ip=192.0.2.50"],
      ["GET", "/user_query/v2/ip/%31%39%32.0.2.50"],
    ])("%s %s finds Alice", async (method, path) => {
      const answer = await ask(method, path);
      expect(answer.status).toBe(200);
      expect((JSON.parse(answer.body) as Document).report_entries).toMatchObject([{ user: "alice" }]);
    });

    test("also when it stands in a body", async () => {
      const answer = await ask("POST", "/user_query/v2/users/endpoints", FORM, "begintime=0&entry_count=200");
      expect((JSON.parse(answer.body) as Document).report_entries).toHaveLength(1);
    });
  });

  describe("what is not a question of this release", () => {
    test("a user query is decoded, counted and answered with an empty document", async () => {
      const before = harness.server.health().counters.userQueries;
      const answer = await ask("GET", "/user_query/v2/user?ip=192.0.2.90&id=carol&domain=corp.example");
      expect([answer.status, answer.body]).toEqual([200, '{"report_entries":[]}']);
      expect(harness.server.health().counters.userQueries).toBe(before + 1);
    });

    test("an unknown shape is answered with an empty document and kept without its secrets", async () => {
      const answer = await ask("GET", "/user_query/v2/session/42?session-id=7&auth-token=EXAMPLE", {
        "x-secret": "EXAMPLE",
      });
      expect([answer.status, answer.body]).toEqual([200, '{"report_entries":[]}']);
      const [kept] = harness.server.unknownShapes();
      expect(kept).toMatchObject({
        tenantId: "tenant-1",
        pointId: "point-1",
        reason: "neither batch, address nor user",
        request: { method: "GET", target: "/user_query/v2/session/42?session-id=7&auth-token=[redacted]" },
      });
      expect(JSON.stringify(kept)).not.toContain("EXAMPLE");
      expect(JSON.stringify(kept)).not.toContain(token);
    });

    test("an unknown shape without a token is told nothing but that", async () => {
      expect((await harness.ask({ path: "/user_query/v2/session/42" })).status).toBe(401);
    });

    test("a bare probe is answered without a token and without data", async () => {
      for (const path of ["/", "/user_query/v2", "/api/user-query/v2/"]) {
        const answer = await harness.ask({ path });
        expect([answer.status, answer.body]).toEqual([200, '{"report_entries":[]}']);
      }
    });

    test.each(["DELETE", "PATCH", "OPTIONS"])(
      "method %s is refused with the methods that are served",
      async (method) => {
        const answer = await ask(method, "/user_query/v2/ip/192.0.2.50");
        expect([answer.status, answer.headers.allow]).toEqual([405, "GET, POST, PUT"]);
      },
    );

    test("every answer has its length, no date, no server name, no chunks", async () => {
      for (const path of [
        "/",
        "/user_query/v2/ip/192.0.2.50",
        "/user_query/v2/ip/x",
        "/q/endpoints?begintime=0",
      ]) {
        const { headers, body } = await ask("GET", path);
        expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
        expect(
          Object.keys(headers).filter((name) =>
            ["date", "server", "transfer-encoding", "keep-alive", "x-powered-by"].includes(name),
          ),
        ).toEqual([]);
      }
    });
  });
});
