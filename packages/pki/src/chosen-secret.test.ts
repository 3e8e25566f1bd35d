import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeChosenSecret } from "./chosen-secret.ts";
import { createSecretChecks, TooManySecretChecksError } from "./secret-checks.ts";
import {
  isSecretVerifier,
  makeChosenSecretVerifier,
  makeSecretVerifier,
  newClientSecret,
  verifierId,
  verifySecret,
} from "./secret-verifier.ts";

const CHOSEN = "correct-Horse7!battery";

describe("a secret that a person chose", () => {
  it("is kept as an argon2id PHC string, accepted by it, and no other text is", async () => {
    const verifier = await makeChosenSecretVerifier(CHOSEN);
    expect(verifier).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(verifier).not.toContain(CHOSEN);
    expect(await verifySecret(CHOSEN, verifier)).toBe(true);
    for (const wrong of [`${CHOSEN} `, CHOSEN.toUpperCase(), "", CHOSEN.slice(1)])
      expect([wrong, await verifySecret(wrong, verifier)]).toEqual([wrong, false]);
    expect(await makeChosenSecretVerifier(CHOSEN)).not.toBe(verifier);
  });

  it("takes a verifier made elsewhere by the same standard", async () => {
    // Made with another implementation (the argon2 crate): salt "somesaltsomesalt", 12 MiB, three passes, one lane.
    const elsewhere =
      "$argon2id$v=19$m=12288,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$9GnI89IVgk/S2+TSkBzqKz3jAr6PyJqquwPKeh2xSBw";
    expect(await verifySecret(CHOSEN, elsewhere)).toBe(true);
  });

  it("lets no verifier ask for more work than is reasonable, and takes none that is malformed", async () => {
    const good = await makeChosenSecretVerifier(CHOSEN);
    for (const bad of [
      good.replace("m=19456", "m=9999999"),
      good.replace("t=2", "t=99"),
      good.replace("p=1", "p=0"),
      good.replace("argon2id", "argon2i"),
      good.replace("v=19", "v=16"),
      `${good}$x`,
      good.slice(0, -30),
      "$argon2id$v=19$m=19456,t=2,p=1$$",
    ])
      expect([bad, await verifySecret(CHOSEN, bad), isSecretVerifier(bad)]).toEqual([bad, false, false]);
    for (const verifier of [good, makeSecretVerifier("a")]) expect(isSecretVerifier(verifier)).toBe(true);
    for (const text of ["", "plain-password", "s1$a$b"]) expect(isSecretVerifier(text)).toBe(false);
  });

  it("is told apart from another by its salt, so that a token ends with the secret it was given for", async () => {
    const verifiers = [
      await makeChosenSecretVerifier(CHOSEN),
      await makeChosenSecretVerifier(CHOSEN),
      makeSecretVerifier("a"),
      makeSecretVerifier("a"),
    ];
    const ids = verifiers.map(verifierId);
    expect(new Set(ids).size).toBe(4);
    for (const [n, id] of ids.entries()) expect(verifiers[n]).toContain(`$${id}$`);
  });
});

describe("the judgement of a chosen secret", () => {
  it.each([
    ["short", "Ab3$efgh1jK", /at least 16/],
    ["longer than Junos takes", "aB3$".repeat(40), /no more than 128/],
    ["not to be typed into a Junos line", 'aB3"efgh1jKlmnOpq', /no quotation mark/],
    ["of too few characters", "abababcdabcdabcdcd", /8 different/],
    ["the same again and again", "Xk4!pQ9zXk4!pQ9z", /again and again/],
    ["a walk along the keyboard", "qwertyuiopasdfghjkl!", /keyboard/],
    ["the alphabet", "abcdefghijklmnop-7", /alphabet/],
    ["the firewall's client id", "castell-hq-fw1-2026Xy", /client id/],
    ["the firewall's name", "my-HQ-FW1-Secret-77", /name/],
  ])("refuses one that is %s, with a sentence that does not repeat it", (_what, secret, sentence) => {
    const judged = judgeChosenSecret(secret, { clientId: "castell-hq-fw1", name: "HQ-FW1" });
    expect(judged).toMatchObject({ kind: "refused", sentence: expect.stringMatching(sentence) });
    expect(JSON.stringify(judged)).not.toContain(secret);
  });

  it("takes phrases and noise of sixteen characters and more, and everything that we make", () => {
    for (const secret of [CHOSEN, "T9#vLq2!mXw8@rBz", "the-lamp-sings-at-noon", "xq8Z-m!q8ZTr0ut+Salt"])
      expect([secret, judgeChosenSecret(secret).kind]).toEqual([secret, "good"]);
    for (let n = 0; n < 1000; n += 1) expect(judgeChosenSecret(newClientSecret()).kind).toBe("good");
  });

  it("looks at 128 characters in no time, whatever they are", () => {
    const startedAt = performance.now();
    fc.assert(
      fc.property(fc.string({ minLength: 0, maxLength: 4000 }), (text) => {
        judgeChosenSecret(text);
      }),
      { numRuns: 2000 },
    );
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe("the checks of secrets for strangers", () => {
  it("costs a firewall that asks again nothing: what was right is remembered, what was wrong is not", async () => {
    const check = createSecretChecks();
    const verifier = await makeChosenSecretVerifier(CHOSEN);
    expect(await check(CHOSEN, verifier)).toBe(true);
    // At once, without a promise: nothing slow was done.
    expect(check(CHOSEN, verifier)).toBe(true);
    const wrong = check("wrong", verifier);
    expect(await wrong).toBe(false);
    expect(check("wrong", verifier)).toBeInstanceOf(Promise);
  });

  it("remembers nothing of one verifier for another: a secret that was revoked is not right by having been so", async () => {
    const check = createSecretChecks();
    const [first, second] = [
      await makeChosenSecretVerifier(CHOSEN),
      await makeChosenSecretVerifier("another-Secret42"),
    ];
    expect(await check(CHOSEN, first)).toBe(true);
    expect(await check(CHOSEN, second)).toBe(false);
  });

  it("checks a secret that we made at once, however many strangers wait", async () => {
    const check = createSecretChecks({ atOnce: 1, waitingMax: 2 });
    const slow = await makeChosenSecretVerifier(CHOSEN);
    const [made, verifier] = ["made", makeSecretVerifier("made")];
    const guesses = Array.from({ length: 10 }, (_, n) => Promise.resolve(check(`guess ${n}`, slow)));
    expect([check(made, verifier), check("other", verifier)]).toEqual([true, false]);
    const outcomes = await Promise.allSettled(guesses);
    // One runs, two wait; the rest is turned away without work.
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(TooManySecretChecksError);
    expect(await check("afterwards", slow)).toBe(false);
  });

  it("does one check for many firewalls that come back with the same secret in the same moment", async () => {
    const check = createSecretChecks({ atOnce: 1, waitingMax: 0 });
    const verifier = await makeChosenSecretVerifier(CHOSEN);
    const all = await Promise.all(Array.from({ length: 200 }, () => check(CHOSEN, verifier)));
    expect(all.every(Boolean)).toBe(true);
  });

  it("forgets the one not used for longest when it remembers too many", async () => {
    const check = createSecretChecks({ rememberedMax: 2 });
    const verifiers = await Promise.all([1, 2, 3].map((n) => makeChosenSecretVerifier(`${CHOSEN}${n}`)));
    const ask = (n: number) => check(`${CHOSEN}${n}`, verifiers[n - 1] ?? "");
    await ask(1);
    await ask(2);
    expect(ask(1)).toBe(true);
    await ask(3);
    expect(ask(1)).toBe(true);
    expect(ask(2)).toBeInstanceOf(Promise);
  });
});
