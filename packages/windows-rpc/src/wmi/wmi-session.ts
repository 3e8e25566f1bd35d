import { randomUUID } from "node:crypto";
import type { SecurityContext } from "../auth/security-context.ts";
import { connectRpc, type RpcConnection } from "../dcerpc/index.ts";
import { ACTIVATION, decodeActivation, encodeActivation, REMOTE_ACTIVATION } from "../dcom/activation.ts";
import { tcpPortOf } from "../dcom/object-reference.ts";
import { isDenied, statusName } from "./status-names.ts";
import {
  decodeNext,
  decodePointer,
  ENUMERATION,
  encodeExecQuery,
  encodeNext,
  encodeNtlmLogin,
  LEVEL1_LOGIN,
  LEVEL1_LOGIN_CLASS,
  OPNUM,
  SERVICES,
} from "./wmi-calls.ts";
import { readWmiObject, type WmiObject } from "./wmio-reader.ts";

export interface WmiTarget {
  /** The address that is asked. Whatever names and addresses the computer gives for itself are not followed. */
  readonly host: string;
  /** Where its endpoint mapper listens. */
  readonly port?: number;
  readonly namespace?: string;
  /** A login of its own for each connection: two are made. */
  readonly newContext: () => Promise<SecurityContext>;
  /** Of connecting, of each login, and of each call. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly headerSigning?: boolean;
}

/** The server answered, and not with what was asked. */
export class WmiFault extends Error {
  override readonly name = "WmiFault";
  readonly status: number;
  /** A right is missing. */
  readonly isDenied: boolean;

  constructor(attempted: string, status: number) {
    super(`${attempted}: ${statusName(status)}`);
    this.status = status;
    this.isDenied = isDenied(status);
  }
}

const ENDPOINT_MAPPER_PORT = 135;
/** Asked for at once, and in all: a question of this product has some dozens of rows. */
const ROWS_AT_ONCE = 50;
const ROWS_MAX = 1000;
/** `WBEM_INFINITE` is what Windows' own clients say; the time limit of the call holds anyway. */
const NEXT_TIMEOUT_MS = 0xffff_ffff;

/**
 * Activates the Windows management interface of a computer and logs in to a namespace of it.
 *
 * Shape:  two connections: the first asks for the object and is closed, the second speaks with it.
 * Errors: `WmiFault` with the server's status; `RpcFault` and `RpcConnectionError` of the connections; `NdrFault` for an
 *         answer that is none. A wrong password of NTLM shows as `RpcFault` 5 at the first call.
 * Source: [MS-DCOM] 3.1.2.5.2.3.1, [MS-WMI] 3.1.4.1 (documented); against impacket's client by the way of tools/wmi-server.
 */
export async function openWmi(target: WmiTarget): Promise<WmiSession> {
  const causality = randomUUID();
  const { port, objectId } = await activate(target, causality);
  const connection = await connectRpc({
    ...linkOf(target),
    port,
    interface: LEVEL1_LOGIN,
    context: await target.newContext(),
  });
  try {
    const login = encodeNtlmLogin(target.namespace ?? "//./root/cimv2", causality);
    const answer = decodePointer(await connection.call(OPNUM.ntlmLogin, login, { objectUuid: objectId }));
    if (answer.kind === "refused") throw new WmiFault(`log in to WMI of ${target.host}`, answer.status);
    return new WmiSession(connection, answer.interfacePointer, causality);
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function activate(
  target: WmiTarget,
  causality: string,
): Promise<{ readonly port: number; readonly objectId: string }> {
  const connection = await connectRpc({
    ...linkOf(target),
    port: target.port ?? ENDPOINT_MAPPER_PORT,
    interface: ACTIVATION,
    context: await target.newContext(),
  });
  try {
    const asked = { classId: LEVEL1_LOGIN_CLASS, interfaceId: LEVEL1_LOGIN.uuid, causality };
    const answer = decodeActivation(await connection.call(REMOTE_ACTIVATION, encodeActivation(asked)));
    if (answer.kind === "refused") throw new WmiFault(`activate WMI of ${target.host}`, answer.status);
    const port = tcpPortOf(answer.bindings);
    if (port === null) throw new WmiFault(`activate WMI of ${target.host}: no TCP port`, 0x8000_4005);
    return { port, objectId: answer.object.interfacePointer };
  } finally {
    connection.close();
  }
}

function linkOf({ host, timeoutMs, signal, headerSigning }: WmiTarget) {
  return {
    host,
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(headerSigning === undefined ? {} : { headerSigning }),
  };
}

/** A namespace that takes questions, one after the other. */
export class WmiSession {
  readonly #connection: RpcConnection;
  readonly #services: string;
  readonly #causality: string;

  constructor(connection: RpcConnection, services: string, causality: string) {
    this.#connection = connection;
    this.#services = services;
    this.#causality = causality;
  }

  /**
   * Gives the rows of a question, at most a thousand. Not to be called again before it has ended.
   * Errors: as of `openWmi`, and `WmioFault` for a row that cannot be read.
   */
  async query(wql: string): Promise<WmiObject[]> {
    await this.#connection.alterContext(SERVICES);
    const asked = encodeExecQuery(wql, this.#causality);
    const answer = decodePointer(
      await this.#connection.call(OPNUM.execQuery, asked, { objectUuid: this.#services }),
    );
    if (answer.kind === "refused") throw new WmiFault(`ask "${wql}"`, answer.status);
    await this.#connection.alterContext(ENUMERATION);
    const objects: WmiObject[] = [];
    const next = encodeNext(ROWS_AT_ONCE, NEXT_TIMEOUT_MS, this.#causality);
    for (;;) {
      const { rows, status } = decodeNext(
        await this.#connection.call(OPNUM.next, next, { objectUuid: answer.interfacePointer }),
      );
      // Errors of a question come with its rows: ExecQuery answers before it is carried out.
      if (status >= 0x8000_0000) throw new WmiFault(`read the rows of "${wql}"`, status);
      for (const row of rows) objects.push(readWmiObject(row));
      if (status !== 0 || rows.length === 0 || objects.length >= ROWS_MAX) return objects;
    }
  }

  /** The computer lets go of its objects when the connection ends. */
  close(): void {
    this.#connection.close();
  }
}
