import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

export interface WireAnswer {
  readonly status: number;
  /** Of the body, whether it was wanted or not. */
  readonly bytes: number;
  /** The cookie to go on with; empty where the answer has none. */
  readonly cookie: string;
  readonly body: Buffer;
}

/** One keep-alive connection that asks one question at a time, and costs the load's side as little as can be. */
export class WireClient {
  readonly #socket: TLSSocket;
  #chunks: Buffer[] = [];
  #held = 0;
  #needed = -1;
  #head = "";
  #bodyAt = 0;
  #wantsBody = true;
  #waiting: { resolve: (answer: WireAnswer) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    const failed = (why: string): void => {
      this.#waiting?.reject(new Error(why));
      this.#waiting = null;
    };
    socket.on("error", (error: Error) => failed(error.message));
    socket.on("close", () => failed("the connection was closed"));
  }

  static async open(port: number, ca: string, localAddress = "127.0.0.1"): Promise<WireClient> {
    const from: ConnectionOptions & { readonly localAddress: string } = {
      host: "127.0.0.1",
      port,
      ca,
      localAddress,
      servername: "",
    };
    const socket = connect(from);
    await once(socket, "secureConnect");
    return new WireClient(socket);
  }

  /**
   * Throws for a second question before the first is answered. Without `wantsBody` the body is counted and let go: the load's
   * side must cost less than what it measures.
   */
  ask(path: string, token: string, wantsBody = true): Promise<WireAnswer> {
    this.#wantsBody = wantsBody;
    return this.#send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  }

  async token(clientId: string, secret: string): Promise<string> {
    const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${secret}`;
    const head = `POST /oauth_token/oauth HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}`;
    this.#wantsBody = true;
    const answer = await this.#send(`${head}\r\n\r\n${body}`);
    if (answer.status !== 200) throw new Error(`token of ${clientId}: ${answer.status} ${answer.body}`);
    return (JSON.parse(answer.body.toString()) as { access_token: string }).access_token;
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(text: string): Promise<WireAnswer> {
    if (this.#waiting !== null) throw new Error("asked before the last question was answered");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text, "latin1");
    });
  }

  #take(chunk: Buffer): void {
    this.#held += chunk.length;
    if (this.#needed < 0) {
      this.#chunks.push(chunk);
      const start = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
      const end = start.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#head = start.toString("latin1", 0, end);
      this.#bodyAt = end + 4;
      this.#needed = this.#bodyAt + Number(/\r\nContent-Length: (\d+)/.exec(this.#head)?.[1] ?? 0);
      if (!this.#wantsBody) this.#chunks = [];
    } else if (this.#wantsBody) this.#chunks.push(chunk);
    if (this.#held < this.#needed) return;
    const body = this.#wantsBody ? Buffer.concat(this.#chunks).subarray(this.#bodyAt) : NOTHING;
    const head = this.#head;
    const bytes = this.#needed - this.#bodyAt;
    this.#chunks = [];
    this.#held = 0;
    this.#needed = -1;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({
      status: Number(head.slice(9, 12)),
      bytes,
      cookie: /\r\nSet-Cookie: report=([^;]*)/.exec(head)?.[1] ?? "",
      body,
    });
  }
}

const NOTHING = Buffer.alloc(0);
