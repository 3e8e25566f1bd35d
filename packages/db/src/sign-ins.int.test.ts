import { createDatabaseForTest, FakeClock, type TestDatabase } from "@rollcall/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "./database.ts";
import { asAdministrator, seedTenant } from "./testing/index.ts";

const clock = new FakeClock();
let store: TestDatabase;
let database: Database;
let practiceId: string;
let tenantId: string;
let serial = 0;

beforeAll(async () => {
  store = await createDatabaseForTest();
  database = createDatabase({ url: store.appUrl, now: clock.now });
  ({ practiceId, tenantId } = await seedTenant(store.superUrl));
});
afterAll(() => database.close());

async function aPerson() {
  serial += 1;
  return database.signIns.createPerson({
    practiceId,
    email: `Person${serial}@Example.Test `,
    name: `Person ${serial}`,
    passwordHash: "$argon2id$x",
  });
}

const hour = () => new Date(clock.now() + 3_600_000);

describe("the sign-in store", () => {
  it("finds a person by e-mail however it is written, and holds one account per address", async () => {
    const person = await aPerson();
    expect(person.email).toBe(`person${serial}@example.test`);
    expect(await database.signIns.findByEmail(` PERSON${serial}@example.TEST`)).toMatchObject({
      id: person.id,
      passwordHash: "$argon2id$x",
    });
    await expect(
      database.signIns.createPerson({
        practiceId,
        email: person.email.toUpperCase(),
        name: "Twin",
        passwordHash: null,
      }),
    ).rejects.toThrow();
    expect(await database.signIns.findByEmail("nobody@example.test")).toBeNull();
  });

  it("gives a sign-in with its person and grants in one look-up", async () => {
    const person = await aPerson();
    await database.signIns.grant({ practiceId, userId: person.id, role: "engineer", customerId: null });
    await database.signIns.grant({ practiceId, userId: person.id, role: "engineer", customerId: null });
    await database.signIns.grant({
      practiceId,
      userId: person.id,
      role: "customer-viewer",
      customerId: tenantId,
    });
    await database.signIns.createSignIn({ userId: person.id, token: "token-1", expiresAt: hour() });
    const found = await database.signIns.findSignIn("token-1");
    expect(found?.person.id).toBe(person.id);
    expect(found?.grants.map((grant) => [grant.role, grant.customerId])).toEqual([
      ["engineer", null],
      ["customer-viewer", tenantId],
    ]);
    expect(await database.signIns.findSignIn("token-2")).toBeNull();
  });

  it("keeps no token that could be used: only its hash is in the table", async () => {
    const person = await aPerson();
    await database.signIns.createSignIn({ userId: person.id, token: "very-secret-token", expiresAt: hour() });
    await asAdministrator(store.superUrl, async (client) => {
      const { rows } = await client.query("SELECT sign_in::text AS row FROM sign_in WHERE user_id = $1", [
        person.id,
      ]);
      expect(rows).toHaveLength(1);
      expect(rows[0].row).not.toContain("very-secret-token");
      expect(await database.signIns.findSignIn(/([\w-]{43})/.exec(rows[0].row)?.[1] ?? "")).toBeNull();
    });
  });

  it("does not know a sign-in that has expired, was ended, or whose person is disabled", async () => {
    const person = await aPerson();
    for (const token of ["a", "b", "c"])
      await database.signIns.createSignIn({ userId: person.id, token, expiresAt: hour() });
    await database.signIns.endSignIn("a");
    expect(await database.signIns.findSignIn("a")).toBeNull();
    await database.signIns.disablePerson(person.id);
    expect(await database.signIns.findSignIn("b")).toBeNull();
    // One that was being made at that moment.
    await database.signIns.createSignIn({ userId: person.id, token: "late", expiresAt: hour() });
    expect(await database.signIns.findSignIn("late")).toBeNull();
    const other = await aPerson();
    await database.signIns.createSignIn({ userId: other.id, token: "d", expiresAt: hour() });
    clock.set(clock.now() + 3_600_000);
    expect(await database.signIns.findSignIn("d")).toBeNull();
  });

  it("moves the expiry of a sign-in in use, and removes what has expired", async () => {
    const person = await aPerson();
    await database.signIns.createSignIn({ userId: person.id, token: "kept", expiresAt: hour() });
    await database.signIns.createSignIn({ userId: person.id, token: "left", expiresAt: hour() });
    await database.signIns.touchSignIn("kept", { expiresAt: new Date(clock.now() + 7_200_000) });
    clock.set(clock.now() + 3_600_000);
    await database.signIns.prune(new Date(clock.now()));
    expect(await database.signIns.findSignIn("kept")).not.toBeNull();
    expect(await database.signIns.endSignInsOf(person.id)).toBe(1);
  });

  it("counts failures under a key until they are cleared or grow old, also when they come at once", async () => {
    const { noteFailure, failuresOf, clearFailures, prune } = database.signIns;
    await Promise.all(Array.from({ length: 8 }, () => noteFailure("mail:x")));
    expect(await failuresOf("mail:x")).toEqual({ failures: 8, lastAt: new Date(clock.now()) });
    await clearFailures("mail:x");
    expect(await failuresOf("mail:x")).toBeNull();
    await noteFailure("mail:y");
    await prune(new Date(clock.now() + 1));
    expect(await failuresOf("mail:y")).toBeNull();
  });
});
