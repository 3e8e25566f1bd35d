import { describe, expect, it } from "vitest";
import { parseStartOptions } from "./start-options.ts";

const parse = (...args: string[]) => parseStartOptions(args, {}, "/data");

describe("the options of npm start", () => {
  it("uses the development table of addresses when nothing is said", () => {
    const parsed = parse();
    if (parsed.kind !== "options") throw new Error(parsed.kind);
    expect(parsed.options.web).toEqual({ host: "127.0.0.1", port: 3000 });
    expect(parsed.options.agentFirewalls).toEqual({ host: "127.0.0.2", port: 8444 });
    expect(parsed.options.redisUrl).toBeNull();
  });

  it("names the option that is not one, instead of starting with something else", () => {
    expect(parse("--jsno")).toMatchObject({ kind: "fault", sentence: expect.stringContaining("--jsno") });
  });

  it("refuses a port that cannot be, and says how one looks", () => {
    for (const bad of ["3000", "127.0.0.1:", "127.0.0.1:99999"])
      expect(parse("--web", bad)).toMatchObject({
        kind: "fault",
        sentence: expect.stringContaining("HOST:PORT"),
      });
  });

  it("treats an empty REDIS_URL as no Redis", () => {
    const parsed = parseStartOptions([], { REDIS_URL: "" }, "/data");
    expect(parsed).toMatchObject({ options: { redisUrl: null } });
  });

  it("takes a value after a space or an equals sign", () => {
    expect(parse("--data", "/x")).toMatchObject({ options: { dataDir: "/x" } });
    expect(parse("--data=/x")).toMatchObject({ options: { dataDir: "/x" } });
  });
});
