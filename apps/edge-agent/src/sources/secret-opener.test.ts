import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { generateSealingKey, seal } from "@rollcall/pki";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import type { Identity } from "../enrolment/identity.ts";
import { openSecret } from "./secret-opener.ts";

async function anIdentity(): Promise<Identity> {
  const sealing = await generateSealingKey();
  return { agentId: randomUUID(), tenant: { id: randomUUID(), name: "T" }, sealing } as Identity;
}

const sealFor = async (identity: Identity, text: string) => ({
  agentId: identity.agentId,
  ciphertext: await seal(text, {
    publicKey: identity.sealing.publicKey,
    tenantId: identity.tenant.id,
    agentId: identity.agentId,
  }),
});

describe("openSecret", () => {
  it("opens what was sealed for this agent, among what was sealed for others", async () => {
    const [mine, other] = [await anIdentity(), await anIdentity()];
    const sealed = [await sealFor(other, "theirs"), await sealFor(mine, "hunter2")];
    const opened = await openSecret({ sealed }, { identity: mine, baseFolder: null });
    expect(opened.kind === "opened" ? opened.secret.reveal() : opened.sentence).toBe("hunter2");
  });

  it("says what to do when nothing was sealed for it, when it was changed, and when it is not enrolled", async () => {
    const [mine, other] = [await anIdentity(), await anIdentity()];
    const foreign = await sealFor(other, "theirs");
    const said = async (sealed: (typeof foreign)[], identity: Identity | null = mine) => {
      const outcome = await openSecret({ sealed }, { identity, baseFolder: null });
      return outcome.kind === "refused" ? outcome.sentence : "opened";
    };
    expect(await said([foreign])).toContain("was not sealed for this agent: type it again in the portal");
    expect(await said([{ ...foreign, agentId: mine.agentId }])).toContain("cannot be opened");
    expect(await said([foreign], null)).toContain("not enrolled");
  });

  it("never reads a file of this machine because the portal names it", () =>
    withTempDir(async (folder) => {
      const file = path.join(folder, "secret");
      writeFileSync(file, "hunter2\n", { mode: 0o600 });
      expect(await openSecret({ file }, { identity: null, baseFolder: null })).toMatchObject({
        kind: "refused",
        sentence: expect.stringContaining("only be named in the agent's own configuration file"),
      });
      const local = await openSecret({ file: "secret" }, { identity: null, baseFolder: folder });
      expect(local.kind === "opened" ? local.secret.reveal() : local.sentence).toBe("hunter2");
    }));

  it("refuses a file that others may read, an empty one and a missing one", () =>
    withTempDir(async (folder) => {
      writeFileSync(path.join(folder, "open"), "x", { mode: 0o644 });
      writeFileSync(path.join(folder, "empty"), "\n", { mode: 0o600 });
      const said = async (file: string) =>
        JSON.stringify(await openSecret({ file }, { identity: null, baseFolder: folder }));
      expect(await said("open")).toContain("Other users may read");
      expect(await said("empty")).toContain("is empty");
      expect(await said("missing")).toContain("cannot be read");
    }));
});
