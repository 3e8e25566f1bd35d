import { describe, expect, it } from "vitest";
import { findRoute, type Route } from "./agent-server.ts";
import { nothing } from "./answer.ts";

const route = (method: "GET" | "POST", path: string): Route => ({
  method,
  path,
  door: "open",
  handle: async () => nothing,
});
const routes = [
  route("GET", "/v1/commands"),
  route("POST", "/v1/commands/{}"),
  route("POST", "/v1/streams/{}/batches"),
];
const find = (method: string, path: string) => {
  const found = findRoute(routes, method, path);
  return found.kind === "route" ? `${found.route.path} ${found.variable}` : found.kind;
};

describe("a path", () => {
  it("leads to its route, with its variable part", () => {
    expect(find("GET", "/v1/commands")).toBe("/v1/commands ");
    expect(find("POST", "/v1/commands/0f-1")).toBe("/v1/commands/{} 0f-1");
    expect(find("POST", "/v1/streams/live/batches")).toBe("/v1/streams/{}/batches live");
  });

  it("with another method says which one is meant, and a path of none says nothing", () => {
    expect(find("POST", "/v1/commands")).toBe("other-method");
    expect(find("GET", "/v1/streams/live/batches")).toBe("other-method");
    for (const path of [
      "/",
      "/v1",
      "/v1/commands/",
      "/v1/commands/a/b",
      "/v1/streams//batches",
      "/v1/streams/a%2fb/batches",
      "//v1/commands",
    ])
      expect(find("POST", path), path).toBe("no-path");
  });
});
