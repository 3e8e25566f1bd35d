import { expect, test } from "vitest";
import { redactRequest } from "./redact.ts";
import { aRequest } from "./testing/index.ts";

const SECRET = "EXAMPLE-s3cret";

test.each([
  aRequest(`GET /x?client_secret=${SECRET}&a=b`),
  aRequest(`GET /x?Client-Secret=${SECRET}&access_token=${SECRET}&password=${SECRET}&api_key=${SECRET}`),
  aRequest("GET /x", {
    authorization: `Bearer ${SECRET}`,
    cookie: `report=${SECRET}`,
    "x-auth-token": SECRET,
  }),
  aRequest("POST /x", {}, `a=b&client_secret=${SECRET}`),
  aRequest("POST /x", {}, JSON.stringify({ a: { secret: SECRET }, client_secret: SECRET })),
  aRequest("POST /x", {}, `<login><password>${SECRET}</password></login>`),
  aRequest("POST /x", {}, `{"client_secret":"${SECRET}`),
  aRequest(`GET /x?client%5Fsecret=${SECRET}`),
])("no secret is kept of %j", (request) => {
  expect(JSON.stringify(redactRequest(request))).not.toContain(SECRET);
});

test("what teaches something is kept, within bounds", () => {
  const kept = redactRequest(
    aRequest(`PUT /q/session?session-id=42&long=${"x".repeat(9999)}`, { "user-agent": "useridd" }),
  );
  expect(kept).toMatchObject({ method: "PUT", headers: [["user-agent", "useridd"]] });
  expect(kept.target).toMatch(/^\/q\/session\?session-id=42/);
  expect(kept.target.length).toBe(2048);
});
