import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { readIdentity } from "./enrolment/identity.ts";
import { startFakeGateway } from "./testing/fake-gateway.ts";

const MAIN = path.resolve(import.meta.dirname, "main.ts");
const ROUNDS = 6;

describe("an enrolment that is killed", () => {
  it("can be run again with the same file until it is done, at whatever step the kill came, and asks with one key only", () =>
    withTempDir(async (folder) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        // It refuses a second key, as the real gateway does.
        const gateway = await startFakeGateway();
        const state = path.join(folder, `state-${round}`);
        const file = path.join(folder, `onboarding-${round}.json`);
        writeFileSync(file, gateway.onboarding());
        const steps = ["GET /v1/enrol/nonce", "POST /v1/enrol"] as const;
        const enroll = async (
          killAt: (typeof steps)[number] | null,
          isAnswered: boolean,
        ): Promise<number | null> => {
          const child = spawn(process.execPath, [MAIN, "--state-dir", state, "--no-input", "enroll", file], {
            stdio: "ignore",
          });
          if (killAt !== null) {
            const genuine = gateway.handlerOf(killAt);
            gateway.on(killAt, async (call) => {
              gateway.on(killAt, genuine);
              const reply = isAnswered ? await genuine(call) : null;
              // With an answer the kill races with the writing of the identity and the end of the file.
              setTimeout(() => child.kill("SIGKILL"), isAnswered ? round * 4 : 0);
              return reply;
            });
          }
          const [code] = await once(child, "exit");
          return code as number | null;
        };
        await enroll("GET /v1/enrol/nonce", false);
        await enroll("POST /v1/enrol", round % 2 === 1);
        if (existsSync(file)) expect(await enroll(null, true)).toBe(0);
        expect([readIdentity(path.join(state, "identity.json"))?.tenant.id, existsSync(file)]).toEqual([
          gateway.tenantId,
          false,
        ]);
        expect(readdirSync(state).filter((name) => name !== "identity.json")).toEqual([]);
        expect(
          new Set(gateway.callsTo("POST /v1/enrol").map((call) => call.body.sealingPublicKey)).size,
        ).toBe(1);
        await gateway.close();
      }
    }));
});
