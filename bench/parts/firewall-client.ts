import { Agent, request } from "node:https";

interface Page {
  readonly cookie: string;
  readonly report_entries: readonly unknown[];
}

/** Just enough of a firewall to get a token and to read the table to its end. */
export class FirewallClient {
  readonly #port: number;
  readonly #ca: string;
  readonly #secret: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number, ca: string, secret = "bench") {
    this.#port = port;
    this.#ca = ca;
    this.#secret = secret;
  }

  async token(clientId: string): Promise<string> {
    const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${this.#secret}`;
    const answer = await this.#ask("POST", "/oauth_token/oauth", {}, body);
    return (JSON.parse(answer) as { access_token: string }).access_token;
  }

  /** Reads everything; gives the number of entries and the cookie that says so. */
  async readAll(token: string): Promise<{ readonly entries: number; readonly cookie: string }> {
    let entries = 0;
    for (let where = "begintime=0"; ; ) {
      const path = `/user_query/v2/users/endpoints?${where}&entry_count=1000`;
      const page = JSON.parse(await this.#ask("GET", path, { authorization: `Bearer ${token}` })) as Page;
      entries += page.report_entries.length;
      where = `cookie=${page.cookie}`;
      if (page.report_entries.length < 1000) return { entries, cookie: page.cookie };
    }
  }

  /** Who is at the address, as the firewall is told; null: nobody. */
  async userAt(token: string, ip: string): Promise<string | null> {
    const path = `/user_query/v2/ip/${ip}`;
    const answer = JSON.parse(await this.#ask("GET", path, { authorization: `Bearer ${token}` })) as {
      readonly report_entries?: readonly { readonly user?: string }[];
      readonly user?: string;
    };
    return answer.user ?? answer.report_entries?.[0]?.user ?? null;
  }

  /** The cookie of a reader that has everything, without reading it: nothing has changed yet in ten seconds' time. */
  async currentCookie(token: string): Promise<string> {
    const path = `/user_query/v2/users/endpoints?begintime=${Date.now() + 10_000}&entry_count=1000`;
    return (JSON.parse(await this.#ask("GET", path, { authorization: `Bearer ${token}` })) as Page).cookie;
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(method: string, path: string, headers: Record<string, string>, body = ""): Promise<string> {
    const options = { host: "127.0.0.1", port: this.#port, ca: this.#ca, agent: this.#agent, method, path };
    return new Promise((resolve, reject) => {
      const req = request(
        { ...options, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
        (res) => {
          const chunks: Buffer[] = [];
          res.on("data", (chunk: Buffer) => chunks.push(chunk));
          res.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            if (res.statusCode === 200) resolve(text);
            else reject(new Error(`${method} ${path}: ${res.statusCode} ${text}`));
          });
        },
      );
      req.on("error", reject);
      req.end(body);
    });
  }
}
