import { existsSync } from "node:fs";
import path from "node:path";
import { findMould, readMoulds } from "@rollcall/even6-server/moulds";
import { EVENT_LOG } from "@rollcall/windows-rpc/even6";
import {
  decodeNextRequest,
  decodeQuery,
  decodeSubscribe,
  encodeChannelListAnswer,
  encodeClosed,
  encodeNextAnswer,
  encodeRegistered,
  OPNUM,
  QUERY,
  resultElement,
  rewriteRecord,
  SUBSCRIBE,
} from "@rollcall/windows-rpc/even6/testing";
import { endpointMapper, type RpcServerInterface, startRpcServer } from "@rollcall/windows-rpc/testing";

/**
 * A domain controller's log of any length, in little memory: `node event-log-server.ts FOLDER RECORDS MINUTES`.
 * Two thousand records are written in the form of real ones (of ten: six service tickets, three network logons, one ticket for
 * a logon, of a thousand people at an address each) and handed out again and again, each time with another number and time,
 * spread evenly over the last so many minutes. Says in one JSON line where its endpoint mapper listens.
 */
const [folder = "", count = "0", minutes = "55"] = process.argv.slice(2);
const records = Number(count);
const spanMs = Number(minutes) * 60_000;
const POOL = 2000;
const PEOPLE = 1000;
const SUCCESS = 0;
const NO_MORE_ITEMS = 259;
const TIMEOUT = 1460;
const FILETIME_EPOCH_MS = 11_644_473_600_000n;
const file = path.join(
  folder,
  "cc0-evtx-to-mitre",
  "ID47x_4661-4662_5136_4688_4697-SAM_the_admin_CVE-2021-42287_.evtx",
);
if (!existsSync(file)) throw new Error(`there is no ${file}`);

const beganAt = Date.now() - spanMs;
/** Written into each record of the pool, and found again in its bytes. */
const MARK_MS = 1_700_000_000_000;
const MARK = fileTime(MARK_MS);

interface Pooled {
  readonly element: Buffer;
  readonly timeAt: number;
}

const pool = makePool();
const handles = new Map<string, { at: number; readonly isNewestFirst: boolean }>();
let lastHandle = 0;

const service: RpcServerInterface = {
  ...EVENT_LOG,
  call(opnum, stub) {
    switch (opnum) {
      case OPNUM.channelList:
        return encodeChannelListAnswer(["Security"]);
      case OPNUM.query:
        return opened((decodeQuery(stub).flags & QUERY.newestFirst) !== 0, records);
      case OPNUM.subscribe: {
        const { flags, bookmarkXml } = decodeSubscribe(stub);
        const after = Number(/RecordId='(\d+)'/.exec(bookmarkXml ?? "")?.[1] ?? "0");
        return opened(false, (flags & SUBSCRIBE.originMask) === SUBSCRIBE.future ? records : after);
      }
      case OPNUM.queryNext:
      case OPNUM.subscriptionNext:
        return next(stub);
      case OPNUM.close:
        return encodeClosed(SUCCESS);
      default:
        return null;
    }
  },
};

const events = await startRpcServer({
  interfaces: [service],
  accounts: [{ user: "reader", password: "right" }],
  domain: "CORP",
});
const mapper = await startRpcServer({
  interfaces: [endpointMapper(() => [{ ...EVENT_LOG, port: events.port }])],
});
process.stdout.write(`${JSON.stringify({ mapperPort: mapper.port, port: events.port })}\n`);
process.stdin.resume().on("end", () => process.exit(0));

function opened(isNewestFirst: boolean, at: number): Buffer {
  lastHandle += 1;
  const handle = Buffer.alloc(20);
  handle.writeUInt32LE(lastHandle, 4);
  handles.set(handle.toString("hex"), { at, isNewestFirst });
  return encodeRegistered({ handle, control: handle, channels: ["Security"], status: SUCCESS, error: 0 });
}

async function next(stub: Buffer): Promise<Buffer> {
  const { handle, max, timeoutMs } = decodeNextRequest(stub);
  const held = handles.get(handle.toString("hex"));
  if (held === undefined) throw new Error("an unknown handle");
  const elements: Buffer[] = [];
  while (elements.length < max && (held.isNewestFirst ? held.at > 0 : held.at < records)) {
    if (held.isNewestFirst) held.at -= 1;
    elements.push(recordAt(held.at));
    if (!held.isNewestFirst) held.at += 1;
  }
  if (elements.length > 0) return encodeNextAnswer(elements, SUCCESS);
  if (held.isNewestFirst) return encodeNextAnswer([], NO_MORE_ITEMS);
  await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  return encodeNextAnswer([], TIMEOUT);
}

/** Record `index`, whose number is one more. The pool's own bytes: what was handed out is copied before the next call. */
function recordAt(index: number): Buffer {
  const pooled = pool[index % POOL];
  if (pooled === undefined) throw new Error("an empty pool");
  const { element, timeAt } = pooled;
  fileTime(beganAt + Math.floor((index * spanMs) / records)).copy(element, timeAt);
  element.writeBigUInt64LE(BigInt(index + 1), element.length - 8);
  return element;
}

function makePool(): Pooled[] {
  const { moulds } = readMoulds([file]);
  const mouldOf = (eventId: number, like: Readonly<Record<string, string>>): Buffer => {
    const mould = findMould(moulds, eventId, like);
    if (mould === null) throw new Error(`no file holds an event ${eventId}`);
    return mould.binXml;
  };
  const ticket = mouldOf(4768, { Status: "0x0" });
  const service = mouldOf(4769, { Status: "0x0" });
  const logon = mouldOf(4624, { LogonType: "3" });
  return Array.from({ length: POOL }, (_, n) => {
    const person = (n * 7) % PEOPLE;
    const ip = `10.${person >> 8}.${person & 255}.7`;
    const sid = `S-1-5-21-1-2-3-${10_000 + person}`;
    const turn = n % 10;
    const [binXml, data] =
      turn === 0
        ? [ticket, { TargetUserName: `user${person}`, TargetSid: sid, IpAddress: `::ffff:${ip}` }]
        : turn <= 6
          ? [
              service,
              {
                TargetUserName: `user${person}@CORP.EXAMPLE`,
                ServiceName: turn === 1 ? "DC1$" : `FS${turn}$`,
                IpAddress: `::ffff:${ip}`,
              },
            ]
          : [logon, { TargetUserName: `user${person}`, TargetUserSid: sid, IpAddress: ip }];
    const system = {
      "TimeCreated.SystemTime": new Date(MARK_MS).toISOString(),
      Computer: "dc1.corp.example",
    };
    const element = resultElement(rewriteRecord(binXml, { system, data }), 0n);
    return { element, timeAt: element.indexOf(MARK) };
  });
}

function fileTime(ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(ms) + FILETIME_EPOCH_MS) * 10_000n);
  return bytes;
}
