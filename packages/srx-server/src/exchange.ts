import type { PreparedAnswer } from "./prepared-answer.ts";
import type { BodyReading } from "./read-body.ts";
import type { Awaitable } from "./served-point.ts";

/** One request and the way to answer it, whatever read it from the wire. */
export interface Exchange {
  readonly method: string;
  /** The request target, percent-encoded as it was sent. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly authorization: string | undefined;
  readonly cookieHeader: string | undefined;
  /** A GET without a body. */
  readonly isBare: boolean;
  /** The other side's address in its one spelling. */
  readonly sourceIp: string;
  /** What the other side speaks: kept in the log, because no firewall release publishes it. Worked out once a connection. */
  transport(): string;
  readBody(): Awaitable<BodyReading>;
  /** Sends the answer. `close`: it is the connection's last. Once; a later answer, or one to nobody, is passed over. */
  write(answer: PreparedAnswer, close: boolean): void;
  readonly isAnswered: boolean;
  /** Closes without an answer, or in the middle of one. */
  abandon(): void;
}
