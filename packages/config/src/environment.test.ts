import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { formatListen, parseListen, readEnvironment } from "./environment.ts";
import { nearest } from "./nearest.ts";
import { Secret } from "./secret.ts";

const folder = mkdtempSync(path.join(tmpdir(), "rollcall-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("readEnvironment", () => {
  it("reads what is set and takes the fallback for what is not, or is set to nothing", () => {
    const config = readEnvironment({ A: "x", REDIS_URL: "", PORT: "8443" }, (env) => ({
      a: env.text("A", { what: "a" }),
      redis: env.optionalText("REDIS_URL"),
      port: env.integer("PORT", { what: "port", min: 0, max: 65_535 }),
      listen: env.listen("LISTEN", { what: "listen", fallback: "[::1]:0" }),
      dev: env.flag("DEV", { what: "dev", fallback: false }),
    }));
    expect(config).toEqual({ a: "x", redis: null, port: 8443, listen: { host: "::1", port: 0 }, dev: false });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("tells every fault at once and never the value", () => {
    const attempt = () =>
      readEnvironment(
        { URL: "ftp://u:hunter2@x", N: "1e3", FLAG: "yes", L: "8443", LEVEL: "loud" },
        (env) => ({
          key: env.secret("KEY", { what: "the key" }),
          url: env.url("URL", ["https:"], { what: "where" }),
          n: env.integer("N", { what: "n", min: 1, max: 9 }),
          flag: env.flag("FLAG", { what: "flag" }),
          listen: env.listen("L", { what: "listen" }),
          level: env.oneOf("LEVEL", ["info", "debug"], { what: "level" }),
        }),
      );
    const error = (() => {
      try {
        attempt();
      } catch (thrown) {
        return thrown;
      }
      return null;
    })();
    if (!(error instanceof ConfigError)) throw new Error("it should have been refused");
    expect(error.issues.map((issue) => issue.path)).toEqual(["KEY", "URL", "N", "FLAG", "L", "LEVEL"]);
    expect(error.message).not.toContain("hunter2");
  });

  it("takes a secret from a file, without the line break at its end", () => {
    const file = path.join(folder, "secret");
    writeFileSync(file, "s3cr3t\n");
    const read = (environment: Record<string, string>) =>
      readEnvironment(environment, (env) => ({ it: env.secret("S", { what: "s" }) })).it.reveal();
    expect(read({ S_FILE: file })).toBe("s3cr3t");
    expect(read({ S: "direct" })).toBe("direct");
    expect(() => read({ S: "direct", S_FILE: file })).toThrow(/together with S_FILE/);
    expect(() => read({ S_FILE: path.join(folder, "none") })).toThrow(/S_FILE: cannot be read/);
  });
});

describe("Secret", () => {
  it("says [secret] however it is printed", () => {
    const secret = new Secret("hunter2");
    const printed = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true }),
    ];
    for (const text of printed) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain("hunter2");
    }
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("parseListen", () => {
  it("reads host and port in both families and gives them back", () => {
    for (const text of ["127.0.0.2:8444", "[::1]:0", "agent.example:443"]) {
      const parsed = parseListen(text);
      expect(parsed === null ? null : formatListen(parsed)).toBe(text);
    }
  });

  it("refuses what is no address with a port", () => {
    for (const text of [
      "",
      "8443",
      ":8443",
      "host",
      "h:70000",
      "h:-1",
      "::1:80",
      "[zz]:1",
      "a b:1",
      "h:1:2",
    ]) {
      expect(parseListen(text)).toBeNull();
    }
  });
});

describe("nearest", () => {
  it("finds a slip of the fingers and nothing far away", () => {
    expect(nearest("enrol1", ["run", "enroll", "status"])).toBe("enroll");
    expect(nearest("stauts", ["run", "enroll", "status"])).toBe("status");
    expect(nearest("frobnicate", ["run", "enroll", "status"])).toBeNull();
  });
});
