import { randomUUID } from "node:crypto";
import { createDatabase, type Database } from "@rollcall/db";
import { createDatabaseForTest, type TestDatabase } from "@rollcall/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SIGN_IN_UNAVAILABLE, signInOptions } from "./options.ts";
import { hashPassword } from "./password.ts";
import { ABSOLUTE_MS, checkPassword, findLiveSignIn, IDLE_MS, newSignInToken } from "./sign-in.ts";

let test: TestDatabase;
let database: Database;
let clock = Date.now();

async function everySignIn(): Promise<string> {
  const client = new pg.Client(test.superUrl);
  await client.connect();
  const { rows } = await client.query("select * from sign_in");
  await client.end();
  return JSON.stringify(rows);
}

async function aPerson(password: string) {
  const practice = await database.signIns.createPractice({ slug: `p-${randomUUID()}`, name: "Practice" });
  const email = `${randomUUID()}@example.test`;
  const person = await database.signIns.createPerson({
    practiceId: practice.id,
    email,
    name: "Ana",
    passwordHash: await hashPassword(password),
  });
  return { email, person };
}

describe("signing in", () => {
  beforeAll(async () => {
    test = await createDatabaseForTest();
    database = createDatabase({ url: test.appUrl, maxConnections: 6, now: () => clock });
  });
  afterAll(async () => {
    await database?.close();
    await test?.drop();
  });

  it("takes the right password, and the e-mail in any case", async () => {
    const { email, person } = await aPerson("a long password");
    const outcome = await checkPassword(
      database.signIns,
      { email: email.toUpperCase(), password: "a long password", sourceIp: "192.0.2.1" },
      clock,
    );
    expect(outcome).toMatchObject({ kind: "signed-in", person: { id: person.id } });
  });

  it("answers an unknown e-mail and a wrong password alike", async () => {
    const { email } = await aPerson("a long password");
    const wrong = await checkPassword(database.signIns, { email, password: "x", sourceIp: null }, clock);
    const unknown = await checkPassword(
      database.signIns,
      { email: "nobody@example.test", password: "x", sourceIp: null },
      clock,
    );
    expect(wrong).toEqual({ kind: "refused" });
    expect(unknown).toEqual(wrong);
  });

  it("slows a guesser down without locking the person out elsewhere", async () => {
    const { email } = await aPerson("a long password");
    for (let i = 0; i < 6; i++)
      await checkPassword(database.signIns, { email, password: "guess", sourceIp: "198.51.100.7" }, clock);
    const guesser = await checkPassword(
      database.signIns,
      { email, password: "a long password", sourceIp: "198.51.100.9" },
      clock,
    );
    const owner = await checkPassword(
      database.signIns,
      { email, password: "a long password", sourceIp: "192.0.2.1" },
      clock,
    );
    expect(guesser.kind).toBe("wait");
    expect(owner.kind).toBe("signed-in");
  });

  it("does not let a disabled person in", async () => {
    const { email, person } = await aPerson("a long password");
    await database.signIns.disablePerson(person.id);
    expect(
      await checkPassword(database.signIns, { email, password: "a long password", sourceIp: null }, clock),
    ).toEqual({ kind: "refused" });
  });

  it("ends a sign-in that was not used for half an hour", async () => {
    const { person } = await aPerson("a long password");
    const token = newSignInToken();
    await database.signIns.createSignIn({
      userId: person.id,
      token,
      expiresAt: new Date(clock + 12 * 3_600_000),
    });
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).not.toBeNull();
    clock += IDLE_MS + 60_000;
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).toBeNull();
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).toBeNull();
  });

  it("is not kept alive by a page that asks by itself, only by what the person does", async () => {
    const { person } = await aPerson("a long password");
    const token = newSignInToken();
    await database.signIns.createSignIn({
      userId: person.id,
      token,
      expiresAt: new Date(clock + 12 * 3_600_000),
    });
    for (let minute = 0; minute < 20; minute += 5) {
      clock += 5 * 60_000;
      expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: false })).not.toBeNull();
    }
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).not.toBeNull();
    clock += 25 * 60_000;
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: false })).not.toBeNull();
    clock += 6 * 60_000;
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).toBeNull();
  });

  it("ends twelve hours after it was made, however busy the person is", async () => {
    const { person } = await aPerson("a long password");
    const token = newSignInToken();
    await database.signIns.createSignIn({
      userId: person.id,
      token,
      expiresAt: new Date(clock + ABSOLUTE_MS),
    });
    for (let minutes = 0; minutes < 12 * 60 - 20; minutes += 20) {
      clock += 20 * 60_000;
      expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).not.toBeNull();
    }
    clock += 20 * 60_000;
    expect(await findLiveSignIn(database.signIns, token, { now: clock, isUse: true })).toBeNull();
  });

  it("slows a network down that tries one password on everybody", async () => {
    const tries = Array.from({ length: 60 }, (_, index) => ({
      email: `person-${index}@example.test`,
      password: "Summer2026",
      sourceIp: `203.0.113.${index}`,
    }));
    const outcomes = [];
    for (const attempt of tries) outcomes.push((await checkPassword(database.signIns, attempt, clock)).kind);
    expect(outcomes.indexOf("wait")).toBe(50);
  });

  it("keeps no list of the e-mail addresses that were tried", async () => {
    await checkPassword(
      database.signIns,
      { email: "somebody.private@example.test", password: "x", sourceIp: null },
      clock,
    );
    const client = new pg.Client(test.superUrl);
    await client.connect();
    const { rows } = await client.query("select * from sign_in_failure");
    await client.end();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain("somebody.private");
  });

  it("says no word of a fault to the browser, and replaces what the browser held before", async () => {
    const { email, person } = await aPerson("a long password");
    const faults: string[] = [];
    const services = {
      signIns: database.signIns,
      secret: "test",
      isSecure: false,
      now: () => clock,
      sourceIpOf: () => null,
      onSignIn: () => {},
      onFault: (error: unknown) => void faults.push(String(error)),
    };
    const old = newSignInToken();
    await database.signIns.createSignIn({
      userId: person.id,
      token: old,
      expiresAt: new Date(clock + ABSOLUTE_MS),
    });
    const authorize = async (changes: object) => {
      const [provider] = signInOptions({ ...services, ...changes }).providers;
      if (provider?.type !== "credentials") throw new Error("no password provider");
      const given = { email, password: "a long password" };
      // next-auth puts what was handed to its provider under `options`.
      const { options } = provider as unknown as { options: typeof provider };
      return options.authorize(given, { headers: { cookie: `rollcall.session-token=${old}` } });
    };
    const failing = {
      ...database.signIns,
      findByEmail: () => Promise.reject(new Error("connect to 10.9.9.9 failed")),
    };
    await expect(authorize({ signIns: failing })).rejects.toThrow(SIGN_IN_UNAVAILABLE);
    expect(faults.join()).toContain("10.9.9.9");
    const user = await authorize({});
    await signInOptions(services).callbacks?.jwt?.({ token: {}, user, account: null } as never);
    expect(await findLiveSignIn(database.signIns, old, { now: clock, isUse: true })).toBeNull();
  });

  it("gives the browser an opaque token that the database holds only as a hash, and forgets it at sign-out", async () => {
    const { person } = await aPerson("a long password");
    const options = signInOptions({
      signIns: database.signIns,
      secret: "test",
      isSecure: false,
      now: () => clock,
      sourceIpOf: () => null,
      onSignIn: () => {},
      onFault: () => {},
    });
    const token = await options.callbacks?.jwt?.({
      token: {},
      user: { id: person.id, sourceIp: null, userAgent: null, replaces: null },
      account: null,
    } as never);
    const cookie = (await options.jwt?.encode?.({ token: token ?? {}, secret: "test" })) ?? "";
    expect(cookie.length).toBeGreaterThanOrEqual(43);
    expect(await everySignIn()).not.toContain(cookie);
    expect(await options.jwt?.decode?.({ token: cookie, secret: "test" })).toMatchObject({ sub: person.id });
    await options.events?.signOut?.({ token: { opaque: cookie } } as never);
    expect(await options.jwt?.decode?.({ token: cookie, secret: "test" })).toBeNull();
  });
});
