import superjson from "superjson";

/** A person at the portal, without a browser: the same sign-in and the same API that the pages use. */
export class Portal {
  readonly #base: string;
  #cookies = new Map<string, string>();

  constructor(base: string) {
    this.#base = base;
  }

  async signIn(email: string, password: string): Promise<void> {
    const csrf = (await (await this.#fetch("/api/auth/csrf")).json()) as { csrfToken: string };
    const answer = await this.#fetch("/api/auth/callback/credentials", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        csrfToken: csrf.csrfToken,
        email,
        password,
        json: "true",
        callbackUrl: this.#base,
      }),
      redirect: "manual",
    });
    await answer.text();
    if (![...this.#cookies.keys()].some((name) => name.includes("session-token")))
      throw new Error(`sign-in of ${email} was refused (${answer.status})`);
  }

  async query<T>(procedure: string, input: unknown): Promise<T> {
    const encoded = encodeURIComponent(JSON.stringify(superjson.serialize(input)));
    return this.#unwrap<T>(procedure, await this.#fetch(`/api/trpc/${procedure}?input=${encoded}`));
  }

  async mutate<T>(procedure: string, input: unknown): Promise<T> {
    return this.#unwrap<T>(
      procedure,
      await this.#fetch(`/api/trpc/${procedure}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(superjson.serialize(input)),
      }),
    );
  }

  async #unwrap<T>(procedure: string, answer: Response): Promise<T> {
    const body = (await answer.json()) as { result?: { data: never }; error?: unknown };
    if (!body.result) throw new Error(`${procedure}: ${answer.status} ${JSON.stringify(body.error)}`);
    return superjson.deserialize<T>(body.result.data);
  }

  async #fetch(where: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    headers.set("origin", this.#base);
    headers.set("x-rollcall-request", "portal");
    const answer = await fetch(this.#base + where, { ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }
}
