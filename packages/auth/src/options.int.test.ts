import { randomUUID } from "node:crypto";
import { createDatabase, type Database } from "@rollcall/db";
import { createDatabaseForTest, type TestDatabase } from "@rollcall/testkit";
import NextAuth, { type NextAuthOptions } from "next-auth";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signInOptions } from "./options.ts";
import { hashPassword } from "./password.ts";

let test: TestDatabase;
let database: Database;
const PORTAL = "http://127.0.0.1:3000";

beforeAll(async () => {
  test = await createDatabaseForTest();
  database = createDatabase({ url: test.appUrl, maxConnections: 6 });
});
afterAll(async () => {
  await database?.close();
  await test?.drop();
});
beforeEach(() => {
  process.env.NEXTAUTH_URL = PORTAL;
});

/** A browser at next-auth's own door: keeps cookies, follows nothing. */
function aBrowser(options: NextAuthOptions) {
  const cookies = new Map<string, string>();
  const setLines: string[] = [];
  async function call(method: "GET" | "POST", action: string[], body: Record<string, string> = {}) {
    const headers = new Map<string, string | string[]>();
    const answer = { status: 200, body: undefined as unknown };
    const response = {
      status(code: number) {
        answer.status = code;
        return response;
      },
      getHeader: (name: string) => headers.get(name.toLowerCase()),
      setHeader(name: string, value: string | string[]) {
        headers.set(name.toLowerCase(), value);
        return response;
      },
      json: (value: unknown) => {
        answer.body = value;
      },
      send: (value: unknown) => {
        answer.body = value;
      },
      end: () => undefined,
    };
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = {
      method,
      query: { nextauth: action },
      body: { ...body, json: "true" },
      cookies: Object.fromEntries(cookies),
      headers: { host: "127.0.0.1:3000", cookie, "user-agent": "Firefox" },
    };
    await NextAuth(request as never, response as never, options);
    for (const line of [headers.get("set-cookie") ?? []].flat()) {
      setLines.push(line);
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (/max-age=0/i.test(line) || value === "") cookies.delete(name);
      else cookies.set(name, decodeURIComponent(value));
    }
    return answer;
  }
  return {
    cookies,
    setLines,
    call,
    async signIn(email: string, password: string) {
      const { body } = await call("GET", ["csrf"]);
      const { csrfToken } = body as { csrfToken: string };
      return call("POST", ["callback", "credentials"], { csrfToken, email, password, callbackUrl: PORTAL });
    },
    async signOut() {
      const { body } = await call("GET", ["csrf"]);
      return call("POST", ["signout"], { csrfToken: (body as { csrfToken: string }).csrfToken });
    },
  };
}

function options(changes: Partial<Parameters<typeof signInOptions>[0]> = {}) {
  return signInOptions({
    signIns: database.signIns,
    secret: "secret of the test",
    isSecure: false,
    now: Date.now,
    sourceIpOf: () => "192.0.2.1",
    onSignIn: () => {},
    onFault: () => {},
    ...changes,
  });
}

async function aPerson() {
  const practice = await database.signIns.createPractice({ slug: randomUUID(), name: "Practice" });
  const email = `${randomUUID()}@example.test`;
  const passwordHash = await hashPassword("a long enough password");
  return database.signIns.createPerson({ practiceId: practice.id, email, name: "Ana", passwordHash });
}

describe("the door", () => {
  it("gives a cookie that only the server reads, with an opaque token, and takes it back at sign-out", async () => {
    const person = await aPerson();
    const browser = aBrowser(options());
    const answer = await browser.signIn(person.email, "a long enough password");
    expect(answer).toMatchObject({ body: { url: PORTAL } });
    const token = browser.cookies.get("rollcall.session-token") ?? "";
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const line = browser.setLines.find((one) => one.startsWith("rollcall.session-token=")) ?? "";
    expect(line).toMatch(/HttpOnly/i);
    expect(line).toMatch(/SameSite=Lax/i);
    expect(await database.signIns.findSignIn(token)).toMatchObject({ person: { id: person.id } });
    expect((await browser.call("GET", ["session"])).body).toMatchObject({ user: { id: person.id } });

    await browser.signOut();
    expect(browser.cookies.has("rollcall.session-token")).toBe(false);
    expect(await database.signIns.findSignIn(token)).toBeNull();
    browser.cookies.set("rollcall.session-token", token);
    expect((await browser.call("GET", ["session"])).body).toEqual({});
  });

  it("binds the cookie to this host and to TLS over https", async () => {
    process.env.NEXTAUTH_URL = "https://portal.example";
    const person = await aPerson();
    const browser = aBrowser(options({ isSecure: true }));
    await browser.signIn(person.email, "a long enough password");
    const line = browser.setLines.find((one) => one.startsWith("__Host-rollcall.session-token=")) ?? "";
    expect(line).toMatch(/; Secure/i);
    expect(line).toMatch(/; Path=\//i);
    expect(line).not.toMatch(/Domain=/i);
  });

  it("answers a wrong password and an unknown e-mail with the same bytes", async () => {
    const person = await aPerson();
    const wrong = await aBrowser(options()).signIn(person.email, "not the password");
    const unknown = await aBrowser(options()).signIn("nobody@example.test", "not the password");
    expect(wrong.status).toBe(401);
    expect(unknown).toEqual(wrong);
  });

  it("lets nobody in by a form of another site: the anti-forgery token is missing", async () => {
    const person = await aPerson();
    const browser = aBrowser(options());
    await browser.call("POST", ["callback", "credentials"], {
      email: person.email,
      password: "a long enough password",
    });
    expect(browser.cookies.has("rollcall.session-token")).toBe(false);
  });

  it("tells how long to wait after many tries, to the one who tried", async () => {
    const person = await aPerson();
    const browser = aBrowser(options());
    for (let i = 0; i < 6; i += 1) await browser.signIn(person.email, "not the password");
    const answer = await browser.signIn(person.email, "a long enough password");
    expect(JSON.stringify(answer.body)).toMatch(/error=wait-\d+/);
    const elsewhere = aBrowser(options({ sourceIpOf: () => "198.51.100.9" }));
    await elsewhere.signIn(person.email, "a long enough password");
    expect(elsewhere.cookies.has("rollcall.session-token")).toBe(true);
  });

  it("never sends the browser to another site", async () => {
    const person = await aPerson();
    for (const callbackUrl of ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]) {
      const browser = aBrowser(options());
      const { body } = await browser.call("GET", ["csrf"]);
      const { csrfToken } = body as { csrfToken: string };
      const given = { csrfToken, email: person.email, password: "a long enough password", callbackUrl };
      const answer = await browser.call("POST", ["callback", "credentials"], given);
      expect(new URL((answer.body as { url: string }).url).origin).toBe(PORTAL);
    }
  });
});
