import { createServer, type IncomingMessage, type Server } from "node:http";
import type { EventServer, RecordToAdd, ServedAccount } from "./event-server.ts";

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const RATE_TICK_MS = 50;

/**
 * Steers a server from outside: one POST with a JSON body for each thing that can happen to it.
 *
 * Shape:  answers JSON; 400 with a sentence for what cannot be done. For loopback only: there is no login.
 */
export function controlServer(server: EventServer): Server {
  let pouring: NodeJS.Timeout | null = null;
  const stopPouring = () => {
    if (pouring !== null) clearInterval(pouring);
    pouring = null;
  };
  const act = async (name: string, body: Record<string, unknown>): Promise<unknown> => {
    const channel = typeof body.channel === "string" ? body.channel : "Security";
    switch (name) {
      case "add":
        return { recordNumbers: recordsOf(body).map((record) => Number(server.add(channel, record))) };
      case "add-plain":
        return {
          recordNumber: Number(
            server.addPlain(channel, {
              provider: textOf(body, "provider"),
              eventId: numberOf(body, "eventId"),
              data: textsOf(body.data),
              ...(typeof body.at === "string" ? { at: body.at } : {}),
            }),
          ),
        };
      case "pour": {
        stopPouring();
        const records = recordsOf(body);
        const perSecond = numberOf(body, "perSecond");
        let due = 0;
        let next = 0;
        if (perSecond > 0 && records.length > 0)
          pouring = setInterval(() => {
            for (due += (perSecond * RATE_TICK_MS) / 1000; due >= 1; due -= 1) {
              const record = records[next % records.length];
              if (record !== undefined) server.add(channel, record);
              next += 1;
            }
          }, RATE_TICK_MS);
        return {};
      }
      case "clear":
        server.clear(channel, body.countsAnew === true);
        return {};
      case "roll-over":
        server.log(channel).rollOver(numberOf(body, "keep"));
        return {};
      case "stop":
        await server.stop();
        return {};
      case "start":
        await server.start();
        return {};
      case "drop":
        server.dropConnections();
        return {};
      case "slow":
        server.setSlowness(numberOf(body, "ms"));
        return {};
      case "accounts":
        server.setAccounts(accountsOf(body.accounts));
        return {};
      case "refuse-queries":
        server.refuseQueriesWith(typeof body.with === "string" ? body.with : null);
        return {};
      case "state":
        return {
          mapperPort: server.mapperPort,
          servicePort: server.servicePort,
          isRunning: server.isRunning,
          logins: server.logins,
          records: server.log(channel).records.length,
          nextNumber: Number(server.log(channel).nextNumber),
        };
      default:
        throw new RangeError(`nothing is called ${name}`);
    }
  };
  const control = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    bodyOf(request)
      .then((body) => act(name, body))
      .then(
        (answer) => response.end(`${JSON.stringify(answer)}\n`),
        (error: unknown) => {
          response.statusCode = 400;
          response.end(`${error instanceof Error ? error.message : String(error)}\n`);
        },
      );
  });
  control.on("close", stopPouring);
  return control;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new RangeError(`more than ${BODY_BYTES_MAX} bytes`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString("utf8");
  const parsed: unknown = text.trim() === "" ? {} : JSON.parse(text);
  if (!isRecord(parsed)) throw new RangeError("the body is no JSON object");
  return parsed;
}

function recordsOf(body: Record<string, unknown>): RecordToAdd[] {
  const records: unknown = body.records ?? [body];
  if (!Array.isArray(records)) throw new RangeError("records is no list");
  return records.map((record: unknown) => {
    if (!isRecord(record)) throw new RangeError("a record is no object");
    return {
      eventId: numberOf(record, "eventId"),
      like: textsOf(record.like),
      set: textsOf(record.set),
      ...(typeof record.at === "string" ? { at: record.at } : {}),
      ...(typeof record.computer === "string" ? { computer: record.computer } : {}),
    };
  });
}

export function accountsOf(value: unknown): ServedAccount[] {
  if (!Array.isArray(value)) throw new RangeError("accounts is no list");
  return value.map((account: unknown) => {
    if (!isRecord(account)) throw new RangeError("an account is no object");
    return {
      user: textOf(account, "user"),
      password: textOf(account, "password"),
      mayRead: account.mayRead !== false,
      isDisabled: account.isDisabled === true,
    };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(of: Record<string, unknown>, name: string): string {
  const value = of[name];
  if (typeof value !== "string") throw new RangeError(`${name} is no text`);
  return value;
}

function numberOf(of: Record<string, unknown>, name: string): number {
  const value = of[name];
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new RangeError(`${name} is no number`);
  return value;
}

function textsOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw new RangeError("values by name are no object");
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
