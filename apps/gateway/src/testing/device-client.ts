import { randomBytes } from "node:crypto";
import { Agent, type RequestOptions, request } from "node:https";
import { gzipSync } from "node:zlib";

export interface DeviceAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** Parsed JSON, or null for an empty answer. */
  readonly body: Record<string, unknown> | null;
}

export interface DeviceCall {
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: Buffer | string;
  readonly gzip?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An address of this machine that nobody else uses: limits per address then count this client alone. */
export function ownLoopback(): string {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  return `127.${1 + (a % 254)}.${b}.${1 + (c % 254)}`;
}

/** A TLS client as an agent or a firewall is one: trusts one CA, may show a certificate, keeps its connection. */
export class DeviceClient {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly localAddress: string;

  constructor(options: {
    readonly url: string;
    readonly caPem: string;
    readonly certificatePem?: string;
    readonly privateKeyPem?: string;
    readonly maxSockets?: number;
    readonly localAddress?: string;
  }) {
    this.#url = new URL(options.url);
    this.localAddress = options.localAddress ?? ownLoopback();
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: options.maxSockets ?? 10,
      ca: options.caPem,
      cert: options.certificatePem,
      key: options.privateKeyPem,
      // A session of one test's connection must not open another's door.
      maxCachedSessions: 0,
    });
  }

  get(path: string, call: DeviceCall = {}): Promise<DeviceAnswer> {
    return this.#send("GET", path, call);
  }

  post(path: string, body: unknown, call: DeviceCall = {}): Promise<DeviceAnswer> {
    return this.#send("POST", path, { body, ...call });
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, call: DeviceCall): Promise<DeviceAnswer> {
    const plain = call.raw ?? (call.body === undefined ? "" : JSON.stringify(call.body));
    const payload = call.gzip ? gzipSync(plain) : Buffer.from(plain);
    const options: RequestOptions = {
      agent: this.#agent,
      method,
      host: this.#url.hostname,
      port: this.#url.port,
      path,
      signal: call.signal,
      localAddress: this.localAddress,
      headers: {
        ...(method === "GET" ? {} : { "content-type": "application/json", "content-length": payload.length }),
        ...(call.gzip ? { "content-encoding": "gzip" } : {}),
        ...call.headers,
      },
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            body: text.startsWith("{") ? JSON.parse(text) : null,
          });
        });
      });
      sent.on("error", reject);
      sent.end(payload);
    });
  }
}

/** A gzip stream of a few kilobytes that unpacks to `bytes`. */
export function gzipBomb(bytes: number): Buffer {
  return gzipSync(Buffer.alloc(bytes, randomBytes(1)));
}
