import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOG_FIELDS } from "./fields.ts";
import { createLogger, type LogLevel, silentLogger } from "./logger.ts";
import { createErrorReporter } from "./report-error.ts";

function capture(level: LogLevel = "trace") {
  const lines: string[] = [];
  const log = createLogger({ name: "test", level, destination: { write: (line) => lines.push(line) } });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("createLogger", () => {
  it("writes one JSON object a line with name, level, time, sentence and known fields", () => {
    const { log, parsed } = capture();
    log.info({ sourceId: "s1", count: 3 }, "source answered");
    expect(parsed()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        name: "test",
        sourceId: "s1",
        count: 3,
        msg: "source answered",
      },
    ]);
  });

  it("withholds every field that is not on the allow-list, whatever it is called", () => {
    const secret = "s3cr3t-value";
    fc.assert(
      fc.property(
        fc
          .string({ minLength: 1 })
          .filter((name) => !Object.hasOwn(LOG_FIELDS, name) && name !== "__proto__"),
        fc.constantFrom(secret, { nested: secret }, [secret], new Error(secret)),
        (name, value) => {
          const { log, lines } = capture();
          log.debug({ [name]: value }, "something happened");
          expect(lines.join("")).not.toContain(secret);
        },
      ),
    );
  });

  it("withholds objects and buffers even below an allowed name", () => {
    const { log, parsed } = capture();
    log.info({ reason: { password: "x" }, file: Buffer.from("x") }, "s");
    expect(parsed()[0]).toMatchObject({ reason: "[withheld]", file: "[withheld]" });
  });

  it("shows people's names at debug and hides them from info upwards, also when bound to a child", () => {
    const { log, parsed } = capture();
    const child = log.child({ user: "ana" });
    child.debug({ ip: "10.0.0.1" }, "seen");
    child.info({ ip: "10.0.0.1" }, "seen");
    expect(parsed().map((line) => [line.user, line.ip])).toEqual([
      ["ana", "10.0.0.1"],
      ["[personal]", "[personal]"],
    ]);
  });

  it("takes credentials out of URLs in fields and in error messages", () => {
    const { log, lines } = capture();
    log.warn(
      { url: "postgres://app:hunter2@db/x", err: new Error("connect redis://:hunter2@r:6379") },
      "fault",
    );
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines.join("")).toContain("@db/x");
  });

  it("keeps the chain of causes of an error and its code", () => {
    const { log, parsed } = capture();
    const cause = Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" });
    log.warn(
      { err: Object.assign(new Error("read dc1", { cause }), { code: "source-unavailable" }) },
      "fault",
    );
    expect(parsed()[0]?.err).toEqual({
      name: "Error",
      message: "read dc1",
      code: "source-unavailable",
      causes: ["connect ETIMEDOUT"],
    });
  });

  it("writes nothing below its level, and says so when asked", () => {
    const { log, lines } = capture("warn");
    log.info("quiet");
    expect(lines).toEqual([]);
    expect([log.isEnabled("info"), log.isEnabled("error"), silentLogger.isEnabled("fatal")]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("keeps one record one line when a field holds line breaks and control characters", () => {
    const { log, lines } = capture();
    log.debug({ line: 'a\r\n{"level":"fatal"}\u0000\u202e' }, "received");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd().includes("\n")).toBe(false);
  });

  it("refuses a level that does not exist", () => {
    expect(() => createLogger({ name: "x", level: "loud" as LogLevel })).toThrow(/not one of trace, debug/);
  });
});

describe("createErrorReporter", () => {
  it("tells a fault of the world from a bug of ours", () => {
    const { log, parsed } = capture();
    const report = createErrorReporter({ log });
    const fault = report(Object.assign(new Error("gone"), { code: "ECONNRESET" }), {
      attempted: "ask the gateway",
    });
    const bug = report(new TypeError("x is undefined"), { attempted: "compose an entry" });
    expect([fault.class, fault.code, bug.class]).toEqual(["fault", "ECONNRESET", "bug"]);
    expect(parsed().map((line) => line.level)).toEqual(["warn", "error"]);
  });

  it("survives an error tracker that fails", () => {
    const { log, parsed } = capture();
    const report = createErrorReporter({
      log,
      forward: () => {
        throw new Error("tracker down");
      },
    });
    expect(report("a plain string", { attempted: "x" }).class).toBe("bug");
    expect(parsed()).toHaveLength(2);
  });
});
