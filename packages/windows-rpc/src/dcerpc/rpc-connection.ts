import { type SecurityContext, SecurityFault } from "../auth/security-context.ts";
import { encodeCall, openFragment, type Sealing } from "./call-fragments.ts";
import { faultText, PROTOCOL_ERROR, SECURITY_PACKAGE_ERROR } from "./fault-status.ts";
import {
  type BindAnswerPdu,
  encodeAuth3,
  encodeBind,
  FLAG,
  FRAGMENT_BYTES,
  type Pdu,
  PduFault,
} from "./pdu.ts";
import { RpcConnectionError, RpcFault } from "./rpc-faults.ts";
import { isSameInterface, type RpcInterface } from "./rpc-interface.ts";
import { TcpLine } from "./tcp-line.ts";

/** The one login of a connection, as its bind names it. */
const AUTH_CONTEXT_ID = 1;
const SPNEGO = 9;
const NTLM = 10;
/** What the first call after a refused NTLM login is answered with: by Samba the first (captured), by others (documented). */
const LOGIN_STATUSES: readonly number[] = [PROTOCOL_ERROR, SECURITY_PACKAGE_ERROR];
/** A login by SPNEGO takes two answers; one that goes on for ever is none. */
const LOGIN_ROUNDS_MAX = 6;
/** [C706] 12.4: every implementation takes fragments of this size. */
const FRAGMENT_BYTES_MIN = 1432;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Interfaces on one connection; each is a number of sixteen bits, and nobody needs many. */
const INTERFACES_MAX = 32;

export interface RpcTarget {
  readonly host: string;
  readonly port: number;
  readonly interface: RpcInterface;
  /** The login, not begun yet; null for interfaces that are open to all. Used for this connection only. */
  readonly context: SecurityContext | null;
  /** Of connecting, of the whole login, and of each call that names no other. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Offers that headers are signed too. On unless an old server stumbles over it. */
  readonly headerSigning?: boolean;
  readonly localAddress?: string;
  /** An answer longer than this ends the connection. */
  readonly answerBytesMax?: number;
}

export interface CallOptions {
  readonly objectUuid?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects, logs in and agrees on an interface.
 *
 * Errors: `RpcConnectionError`; its `failure` says which. `login-refused` is what servers that check at once say; a login
 *         by NTLM alone is checked at the first call, which then fails with `RpcFault` 5 or a closed connection.
 * Source: [MS-RPCE] 3.3.1.5.2 (documented); all four ways of Kerberos and both of NTLM captured from Samba.
 */
export async function connectRpc(target: RpcTarget): Promise<RpcConnection> {
  const line = await TcpLine.open(target);
  try {
    return await RpcConnection.agree(line, target);
  } catch (error) {
    line.end(new RpcConnectionError("closed", `${line.peer}: the connection was not made`));
    throw error;
  }
}

/**
 * A connection to one interface of a server, or several in turn.
 *
 * Calls are made one after the other: who calls while another call waits stands in line. A call that reaches its deadline
 * or its signal ends the connection, since its answer would be taken for that of the next.
 */
export class RpcConnection {
  readonly #line: TcpLine;
  readonly #target: RpcTarget;
  readonly #interfaces: RpcInterface[] = [];
  #current = 0;
  #sealing: Sealing | null = null;
  #fragmentBytes = FRAGMENT_BYTES_MIN;
  #group = 0;
  #isLoginProved = false;
  #callId = 1;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(line: TcpLine, target: RpcTarget) {
    this.#line = line;
    this.#target = target;
  }

  static async agree(line: TcpLine, target: RpcTarget): Promise<RpcConnection> {
    const connection = new RpcConnection(line, target);
    await connection.#bind();
    return connection;
  }

  get peer(): string {
    return this.#line.peer;
  }

  get isOpen(): boolean {
    return this.#line.isOpen;
  }

  get localAddress(): string | undefined {
    return this.#line.localAddress;
  }

  /** True where both sides sign headers. */
  get isHeaderSigned(): boolean {
    return this.#sealing?.isHeaderSigned ?? false;
  }

  /** Tells once, when the connection ended, and why. */
  onEnd(tell: (why: RpcConnectionError) => void): void {
    this.#line.onEnd(tell);
  }

  /**
   * Makes one call; gives the stub of its answer.
   * Errors: `RpcFault` with the server's status; `RpcConnectionError` where the connection is lost.
   */
  call(opnum: number, stub: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    return this.#inTurn(() => this.#call(opnum, stub, options));
  }

  /**
   * Agrees on another interface and makes it the one that later calls go to; one that was agreed on before costs nothing.
   * Errors: `RpcConnectionError` `no-interface`; the connection then goes on with the interface it had.
   */
  alterContext(to: RpcInterface): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#interfaces.findIndex((one) => isSameInterface(one, to));
      if (known >= 0) {
        this.#current = known;
        return;
      }
      const contextId = this.#interfaces.length;
      if (contextId >= INTERFACES_MAX) throw new RangeError(`${INTERFACES_MAX} interfaces on one connection`);
      this.#callId += 1;
      const pdu = encodeBind({
        kind: "alter-context",
        callId: this.#callId,
        interface: to,
        contextId,
        group: this.#group,
        isHeaderSigned: false,
        auth: null,
      });
      const answer = await this.#exchangeBind(pdu, "alter-context-response", to);
      // A refused interface leaves no number behind: the next one may have it.
      this.#checkResult(answer, to);
      this.#interfaces.push(to);
      this.#current = contextId;
    });
  }

  /** Closes without a word, which is how Windows does it. Calls that wait fail. */
  close(): void {
    this.#line.end(new RpcConnectionError("closed", `${this.peer}: closed by us`));
  }

  async #bind(): Promise<void> {
    const { context, interface: wanted } = this.#target;
    const isSigningOffered = context !== null && (this.#target.headerSigning ?? true);
    const first = context === null ? null : await context.start();
    const answer = await this.#exchangeBind(
      encodeBind({
        kind: "bind",
        callId: this.#callId,
        interface: wanted,
        contextId: 0,
        isHeaderSigned: isSigningOffered,
        auth: first === null || context === null ? null : authOf(context, first),
      }),
      "bind-ack",
      wanted,
    );
    this.#checkResult(answer, wanted);
    this.#interfaces.push(wanted);
    this.#group = answer.group;
    // What the server receives is what we may send; some announce nonsense below what all must take.
    this.#fragmentBytes = Math.min(FRAGMENT_BYTES, Math.max(FRAGMENT_BYTES_MIN, answer.maxReceive));
    if (context === null) return;
    const isHeaderSigned = isSigningOffered && (answer.flags & FLAG.headerSigning) !== 0;
    await this.#finishLogin(context, answer, isHeaderSigned);
    this.#sealing = { context, isHeaderSigned, authContextId: AUTH_CONTEXT_ID };
    // Kerberos has heard from the server by now; NTLM alone ends with a message that nobody answers.
    this.#isLoginProved = context.authType !== NTLM;
  }

  async #finishLogin(
    context: SecurityContext,
    answer: BindAnswerPdu,
    isHeaderSigned: boolean,
  ): Promise<void> {
    let theirs = answer.auth?.token ?? null;
    for (let round = 0; theirs !== null; round += 1) {
      if (round >= LOGIN_ROUNDS_MAX) throw new PduFault("a login that does not end");
      const ours = await this.#nextToken(context, theirs);
      if (ours === null) break;
      if (context.authType !== SPNEGO) {
        this.#line.send(encodeAuth3(this.#callId, authOf(context, ours)));
        break;
      }
      this.#callId += 1;
      const next = await this.#exchangeBind(
        encodeBind({
          kind: "alter-context",
          callId: this.#callId,
          interface: this.#target.interface,
          contextId: 0,
          group: this.#group,
          isHeaderSigned,
          auth: authOf(context, ours),
        }),
        "alter-context-response",
        this.#target.interface,
      );
      theirs = next.auth?.token ?? null;
    }
    if (!context.isEstablished) {
      throw new RpcConnectionError(
        "login-refused",
        `log in at ${this.peer}: the server ended the login half way`,
      );
    }
  }

  async #nextToken(context: SecurityContext, token: Buffer): Promise<Uint8Array | null> {
    try {
      return await context.next(token);
    } catch (error) {
      if (!(error instanceof SecurityFault)) throw error;
      throw new RpcConnectionError("login-refused", `log in at ${this.peer}: ${error.message}`, {
        cause: error,
      });
    }
  }

  #exchangeBind(pdu: Buffer, kind: BindAnswerPdu["kind"], wanted: RpcInterface): Promise<BindAnswerPdu> {
    const callId = this.#callId;
    const attempted = `agree on interface ${wanted.uuid}`;
    return this.#line.exchange(
      [pdu],
      (answer) => {
        refuse(answer, this.peer);
        if (answer.kind !== kind || !("results" in answer)) throw unexpected(answer);
        if (answer.callId !== callId) throw new PduFault("an answer to another call");
        return answer;
      },
      { attempted, timeoutMs: this.#target.timeoutMs, signal: this.#target.signal },
    );
  }

  #checkResult(answer: BindAnswerPdu, wanted: RpcInterface): void {
    const [first] = answer.results;
    if (first?.result === 0) return;
    throw new RpcConnectionError(
      "no-interface",
      `${this.peer} does not offer interface ${wanted.uuid} version ${wanted.version}` +
        ` (result ${first?.result ?? "none"}, reason ${first?.reason ?? "none"})`,
    );
  }

  #call(opnum: number, stub: Uint8Array, options: CallOptions): Promise<Buffer> {
    this.#line.assertOpen();
    this.#callId += 1;
    const callId = this.#callId;
    const fragments = encodeCall(
      {
        type: "request",
        callId,
        contextId: this.#current,
        opnum,
        objectUuid: options.objectUuid ?? null,
        stub,
      },
      this.#fragmentBytes,
      this.#sealing,
    );
    const parts: Buffer[] = [];
    const most = this.#target.answerBytesMax ?? ANSWER_BYTES_MAX;
    let bytes = 0;
    return this.#line.exchange(
      fragments,
      (pdu) => {
        if (pdu.callId !== callId) throw new PduFault("an answer to another call");
        if (pdu.kind === "fault") {
          // Whether a server seals its faults is told nowhere, so the key stream may be out of step afterwards.
          if (pdu.auth !== null) this.#endAfterFault();
          throw this.#faultOf(opnum, pdu.status);
        }
        if (pdu.kind !== "response") throw unexpected(pdu);
        if (((pdu.flags & FLAG.first) !== 0) !== (parts.length === 0)) {
          throw new PduFault("fragments of an answer out of order");
        }
        const part = openFragment(pdu, this.#sealing);
        this.#isLoginProved = true;
        if (part.length === 0 && (pdu.flags & FLAG.last) === 0)
          throw new PduFault("a fragment of an answer that holds nothing");
        bytes += part.length;
        if (bytes > most) throw new PduFault(`an answer of more than ${most} bytes`);
        parts.push(part);
        return (pdu.flags & FLAG.last) === 0 ? undefined : joined(parts, bytes);
      },
      this.#limits(opnum, options),
    );
  }

  #faultOf(opnum: number, status: number): Error {
    const attempted = `call ${opnum} at ${this.peer}`;
    const isUnproved = this.#target.context !== null && !this.#isLoginProved;
    const fault = new RpcFault(attempted, status, isUnproved);
    if (!isUnproved || !LOGIN_STATUSES.includes(fault.status)) return fault;
    return new RpcConnectionError("login-refused", fault.message, { cause: fault });
  }

  #limits(opnum: number, options: CallOptions) {
    return {
      attempted: `call ${opnum}`,
      timeoutMs: options.timeoutMs ?? this.#target.timeoutMs,
      signal: options.signal,
      keepsLine: (error: unknown) => error instanceof RpcFault,
    };
  }

  #endAfterFault(): void {
    queueMicrotask(() =>
      this.#line.end(new RpcConnectionError("closed", `${this.peer}: closed by us after a signed fault`)),
    );
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(act);
    // The next in line does not care how this one ends.
    this.#tail = turn.catch(() => {});
    return turn;
  }
}

function authOf(context: SecurityContext, token: Uint8Array) {
  return { type: context.authType, contextId: AUTH_CONTEXT_ID, token };
}

function joined(parts: readonly Buffer[], bytes: number): Buffer {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, bytes);
}

/** Source: [C706] 12.6.4.5, reasons of a bind_nak; 8 and 9 of [MS-RPCE] 2.2.2.5 (documented). */
const NAK_REASONS: Readonly<Record<number, string>> = {
  1: "temporary congestion",
  2: "local limit exceeded",
  4: "protocol version not supported",
  8: "authentication type not recognised",
  9: "invalid checksum",
};

function refuse(answer: Pdu, peer: string): void {
  if (answer.kind === "bind-nak") {
    const reason = NAK_REASONS[answer.reason] ?? "no reason given";
    throw new RpcConnectionError("login-refused", `${peer} refused the bind: ${reason} (${answer.reason})`);
  }
  if (answer.kind === "fault") {
    throw new RpcConnectionError("login-refused", `${peer} refused the bind: ${faultText(answer.status)}`);
  }
}

function unexpected(pdu: Pdu): PduFault {
  return new PduFault(`a ${pdu.kind} where an answer was due`);
}
