import { randomUUID } from "node:crypto";
import { createDatabase, type Database } from "@rollcall/db";
import { createDatabaseForTest, type TestDatabase } from "@rollcall/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInOptions } from "./options.ts";
import { hashPassword } from "./password.ts";
import { checkPassword, findLiveSignIn, IDLE_MS, newSignInToken } from "./sign-in.ts";

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
    expect(await findLiveSignIn(database.signIns, token, clock)).not.toBeNull();
    clock += IDLE_MS + 60_000;
    expect(await findLiveSignIn(database.signIns, token, clock)).toBeNull();
    expect(await findLiveSignIn(database.signIns, token, clock)).toBeNull();
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
    });
    const token = await options.callbacks?.jwt?.({
      token: {},
      user: { id: person.id },
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
