import { Ber, BerReader, type BerWriter, BindRequest, type Client } from "ldapts";

/** The server wants another token. Source: RFC 4511, 4.2.2 (documented). */
const IN_PROGRESS = 14;
const MECHANISM = "GSS-SPNEGO";
const SASL_CHOICE = 0xa3;
const BIND_RESPONSE = 0x61;
const SERVER_CREDENTIALS = 0x87;
/** Kerberos takes one round or two; a server that goes on is not followed. */
const ROUNDS_MAX = 6;
/** The answer to a bind is some hundred bytes. */
const ANSWER_BYTES_MAX = 65_536;

/** What is exchanged: `start` gives the first token, `next` takes the server's and gives ours. */
export interface SaslTokens {
  start(): Promise<Uint8Array>;
  next(token: Uint8Array): Promise<Uint8Array | null>;
  readonly isEstablished: boolean;
}

/**
 * Logs on by SASL inside of TLS. The library takes tokens for text, so the request is written and the answer read here.
 * Errors: what the library throws for a refusal (`code` 49 and others); `Error` where the server did not prove itself.
 * Source: RFC 4511, 4.2 (documented); MS-ADTS 5.1.1.1.2 (documented).
 */
export async function bindBySasl(client: Client, tokens: SaslTokens): Promise<void> {
  let token: Uint8Array | null = await tokens.start();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { code, credentials } = await exchange(client, token ?? new Uint8Array(0));
    if (code !== IN_PROGRESS) {
      if (credentials !== null) await tokens.next(credentials);
      if (!tokens.isEstablished) throw new Error("the controller did not prove that it is the one");
      return;
    }
    token = await tokens.next(credentials ?? new Uint8Array(0));
  }
  throw new Error("the log-on does not come to an end");
}

class SaslBindRequest extends BindRequest {
  readonly #token: Uint8Array;

  constructor(messageId: number, token: Uint8Array) {
    super({ messageId, mechanism: MECHANISM });
    this.#token = token;
  }

  override writeMessage(writer: BerWriter): void {
    writer.writeInt(3);
    writer.writeString("");
    writer.startSequence(SASL_CHOICE);
    writer.writeString(MECHANISM);
    writer.writeBuffer(Buffer.from(this.#token), Ber.OctetString);
    writer.endSequence();
  }
}

async function exchange(
  client: Client,
  token: Uint8Array,
): Promise<{ readonly code: number; readonly credentials: Buffer | null }> {
  // biome-ignore-start lint/complexity/useLiteralKeys: they are private, and only this form is checked against their types.
  const socket = client["socket"];
  const heard: Buffer[] = [];
  let bytes = 0;
  const listen = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= ANSWER_BYTES_MAX) heard.push(chunk);
  };
  socket?.on("data", listen);
  try {
    const request = new SaslBindRequest(client["_nextMessageId"](), token);
    const response = await client["_send"](request);
    const code = response?.status ?? -1;
    if (code !== 0 && code !== IN_PROGRESS)
      throw Object.assign(new Error(response?.errorMessage ?? ""), { code });
    return { code, credentials: credentialsOf(Buffer.concat(heard)) };
  } finally {
    socket?.removeListener("data", listen);
  }
  // biome-ignore-end lint/complexity/useLiteralKeys: see above.
}

/** What the server proves itself with; null where the answer holds none. */
export function credentialsOf(answer: Buffer): Buffer | null {
  const reader = new BerReader(answer);
  reader.readSequence();
  reader.readInt();
  if (reader.readSequence(BIND_RESPONSE) === null) return null;
  reader.readEnumeration();
  reader.readString();
  reader.readString();
  if (reader.remain <= 0 || reader.peek() !== SERVER_CREDENTIALS) return null;
  return reader.readString(SERVER_CREDENTIALS, true);
}
