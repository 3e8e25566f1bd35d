import path from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

describe("in a browser", () => {
  it("the rules run unchanged, with nothing but the language itself around them", async () => {
    const { outputFiles, warnings } = await build({
      entryPoints: [path.join(import.meta.dirname, "index.ts")],
      bundle: true,
      platform: "browser",
      format: "iife",
      globalName: "rules",
      write: false,
    });
    expect(warnings).toEqual([]);
    const context = createContext({});
    runInContext(outputFiles[0]?.text ?? "", context);
    const result: unknown = runInContext(
      `(() => {
        const base = rules.baseConfigurations.find(({ id }) => id === "key-value");
        const outcome = rules.compileSequences(base.sequences);
        const { user, ip } = outcome.rules.match("login user=CORP\\\\alice ip=::ffff:10.1.2.3", { senderIp: null });
        return [user, ip, rules.checkSamples(outcome.rules).length].join();
      })()`,
      context,
    );
    expect(result).toBe("alice,10.1.2.3,0");
  });
});
