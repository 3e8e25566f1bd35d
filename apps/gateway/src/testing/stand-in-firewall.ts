import { type DeviceAnswer, DeviceClient } from "./device-client.ts";

/** A firewall that asks as documented: a token by form, batches with the cookie, addresses one by one. */
export class StandInFirewall {
  readonly client: DeviceClient;
  token = "";
  cookie: string | null = null;

  constructor(url: string, caPem: string, localAddress?: string) {
    this.client = new DeviceClient({ url, caPem, localAddress });
  }

  async askToken(clientId: string, clientSecret: string): Promise<DeviceAnswer> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    });
    const answer = await this.client.post("/oauth_token/oauth", null, {
      raw: form.toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    if (answer.status === 200) this.token = String(answer.body?.access_token);
    return answer;
  }

  /** One batch from where it left off; gives `ip user operation` of each entry. */
  async poll(): Promise<string[]> {
    const from = this.cookie === null ? "begintime=0" : `cookie=${this.cookie}`;
    const answer = await this.ask(`/user_query/v2/users/endpoints?${from}&entry_count=200`);
    if (answer.status !== 200) throw new Error(`poll: ${answer.status} ${answer.text}`);
    this.cookie = String(answer.body?.cookie);
    const entries = (answer.body?.report_entries ?? []) as Record<string, unknown>[];
    return entries.map((entry) => `${entry.ip} ${entry.user} ${entry.operation}`);
  }

  ask(path: string): Promise<DeviceAnswer> {
    return this.client.get(path, { headers: { authorization: `Bearer ${this.token}` } });
  }

  close(): void {
    this.client.close();
  }
}
