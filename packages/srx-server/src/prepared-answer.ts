import type { ServerResponse } from "node:http";
import type { SrxResponse } from "@rollcall/srx-protocol";

/** An answer with its headers in the form that Node writes fastest: name, value, name, value. */
export interface PreparedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
  readonly body: string;
}

const prepared = new WeakMap<SrxResponse, PreparedAnswer>();

/** Prepares an answer; for the constant ones (refusals, the empty document) only once. */
export function prepare(response: SrxResponse): PreparedAnswer {
  let answer = prepared.get(response);
  if (answer === undefined) {
    answer = {
      status: response.status,
      reason: response.reason,
      headers: response.headers.flat(),
      body: response.body,
    };
    prepared.set(response, answer);
  }
  return answer;
}

/** Writes an answer: these headers, in this order, and no others. `close` says that it is the connection's last. */
export function writeAnswer(res: ServerResponse, answer: PreparedAnswer, close: boolean): void {
  res.sendDate = false;
  const headers = close || !res.shouldKeepAlive ? closing(answer.headers) : (answer.headers as string[]);
  res.writeHead(answer.status, answer.reason, headers);
  res.end(answer.body);
}

function closing(headers: readonly string[]): string[] {
  return headers.map((text, at) => (headers[at - 1] === "Connection" && at % 2 === 1 ? "close" : text));
}
