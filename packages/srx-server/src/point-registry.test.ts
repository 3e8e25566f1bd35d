import {
  createSecretChecks,
  makeChosenSecretVerifier,
  makeSecretVerifier,
  verifySecret,
} from "@rollcall/pki";
import { describe, expect, test } from "vitest";
import { createPointRegistry } from "./index.ts";
import { aPoint } from "./testing/index.ts";

const claim = (clientId: string, secret: string) => ({ clientId, secret, sourceIp: "10.0.0.1" });

describe("the registry of points, with real verifiers", () => {
  test("knows a point by either of its secrets, and says which", () => {
    const points = createPointRegistry({ verifySecret });
    const secrets = ["one", "two"].map((id) => ({ id, verifier: makeSecretVerifier(`secret ${id}`) }));
    points.setPoints([aPoint({ secrets })]);
    expect(points.authenticate(claim("srx-a", "secret two"))).toMatchObject({
      kind: "granted",
      secretId: "two",
      point: { id: "point-1", liveSecretIds: ["one", "two"] },
    });
    expect(points.authenticate(claim("srx-a", "secret three"))).toMatchObject({
      kind: "refused",
      reason: "wrong-secret",
      point: { id: "point-1" },
    });
    expect(points.authenticate(claim("srx-x", "secret one"))).toEqual({
      kind: "refused",
      reason: "unknown-client",
    });
  });

  test("tells customers apart that chose the same client id, by their secrets", () => {
    const points = createPointRegistry({ verifySecret });
    const of = (tenantId: string) =>
      aPoint({ tenantId, secrets: [{ id: tenantId, verifier: makeSecretVerifier(tenantId) }] });
    points.setPoints([of("tenant-1"), of("tenant-2")]);
    expect(points.authenticate(claim("srx-a", "tenant-2"))).toMatchObject({
      kind: "granted",
      secretId: "tenant-2",
    });
  });

  test("takes as long for a client that does not exist: the verifier is asked all the same", () => {
    let asked = 0;
    const points = createPointRegistry({
      verifySecret: () => {
        asked += 1;
        return false;
      },
    });
    void points.authenticate(claim("nobody", "x"));
    expect(asked).toBe(1);
  });

  test("finds nothing of a point that is gone, and never another customer's", () => {
    const points = createPointRegistry({ verifySecret });
    points.setPoints([aPoint()]);
    expect(points.find("point-1", "tenant-2")).toBeNull();
    expect(points.find("point-1", "tenant-1")).toMatchObject({ name: "HQ-FW1" });
    points.setPoints([]);
    expect(points.find("point-1", "tenant-1")).toBeNull();
  });

  test("answers at once where the secret is one that we made, and takes one that a person chose as well", async () => {
    const points = createPointRegistry({ verifySecret: createSecretChecks() });
    const chosen = "correct-Horse7!battery";
    const secrets = [
      { id: "made", verifier: makeSecretVerifier("made") },
      { id: "chosen", verifier: await makeChosenSecretVerifier(chosen) },
    ];
    points.setPoints([aPoint({ secrets })]);
    expect(points.authenticate(claim("srx-a", "made"))).toMatchObject({ kind: "granted", secretId: "made" });
    expect(await points.authenticate(claim("srx-a", chosen))).toMatchObject({ secretId: "chosen" });
    expect(await points.authenticate(claim("srx-a", "neither"))).toMatchObject({ reason: "wrong-secret" });
  });

  test("does no slow work for an address that may not ask", async () => {
    const asked: string[] = [];
    const points = createPointRegistry({
      verifySecret: async (_secret, verifier) => {
        asked.push(verifier);
        return false;
      },
    });
    const secrets = [
      { id: "made", verifier: "s1$quick" },
      { id: "chosen", verifier: "$argon2id$slow" },
    ];
    points.setPoints([aPoint({ secrets, sourceAddresses: ["10.0.0.0/30"] })]);
    expect(await points.authenticate({ ...claim("srx-a", "x"), sourceIp: "192.0.2.1" })).toMatchObject({
      reason: "source-address",
    });
    expect(asked).toEqual(["s1$quick"]);
    expect(await points.authenticate(claim("srx-a", "x"))).toMatchObject({ reason: "wrong-secret" });
    expect(asked).toEqual(["s1$quick", "s1$quick", "$argon2id$slow"]);
  });
});
