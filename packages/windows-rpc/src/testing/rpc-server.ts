import net from "node:net";
import type { SecurityContext } from "../auth/security-context.ts";
import { encodeCall, openFragment, type Sealing } from "../dcerpc/call-fragments.ts";
import {
  ACCESS_DENIED,
  BAD_STUB_DATA,
  OPNUM_OUT_OF_RANGE,
  UNKNOWN_INTERFACE,
} from "../dcerpc/fault-status.ts";
import {
  type BindPdu,
  decodePdu,
  encodeBindAnswer,
  encodeBindNak,
  encodeFault,
  FLAG,
  FRAGMENT_BYTES,
  LEVEL_PRIVACY,
  type Pdu,
  PduFault,
  type RequestPdu,
} from "../dcerpc/pdu.ts";
import { PduSplitter } from "../dcerpc/pdu-splitter.ts";
import { NDR20, type RpcInterface } from "../dcerpc/rpc-interface.ts";
import { NdrFault } from "../ndr/index.ts";
import { NTLM_AUTH_TYPE } from "../ntlm/ntlm-context.ts";
import { NTLM_SIGNATURE_BYTES } from "../ntlm/ntlm-seal.ts";
import { NtlmAcceptor, type NtlmLogin, type TestAccount } from "./ntlm-acceptor.ts";

/** Who calls; one object for the life of a connection, so that a server may hang its handles on it. */
export interface RpcCaller {
  readonly id: number;
  /** Null where the interface is open to all and nobody logged in. */
  readonly account: string | null;
  readonly remoteAddress: string;
  /** Aborted when the connection has ended: calls that wait give up. */
  readonly signal: AbortSignal;
}

export interface RpcServerInterface extends RpcInterface {
  /** Also for callers that did not log in; the endpoint mapper is so. */
  readonly isOpenToAll?: boolean;
  /** Gives the stub of the answer, or the fault. Null: there is no such call. An `NdrFault` becomes "bad stub data". */
  call(
    opnum: number,
    stub: Buffer,
    about: { readonly caller: RpcCaller; readonly objectUuid: string | null },
  ): Promise<Uint8Array | { readonly fault: number } | null> | Uint8Array | { readonly fault: number } | null;
}

export interface RpcServerSettings {
  readonly interfaces: readonly RpcServerInterface[];
  readonly accounts?: readonly TestAccount[];
  readonly host?: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly domain?: string;
  /** Of what is announced and sent; 1432 makes many fragments of little. */
  readonly fragmentBytes?: number;
  /** False: as a server that does not sign headers. */
  readonly headerSigning?: boolean;
  /** Told of each login, accepted or not. */
  readonly onLogin?: (login: NtlmLogin) => void;
  /** NTLM flags of the challenge, for clients that must refuse a weak server. */
  readonly ntlmFlags?: number;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  /** From the next login on. */
  setAccounts(accounts: readonly TestAccount[]): void;
  /** Connections that are open now. */
  readonly connections: number;
  /** Breaks every open connection, as a crash would, and goes on listening. */
  dropConnections(): void;
  close(): Promise<void>;
}

const REQUEST_BYTES_MAX = 16 * 1024 * 1024;
const REJECTED_BY_PROVIDER = 2;
const ABSTRACT_SYNTAX_NOT_SUPPORTED = 1;
const TRANSFER_SYNTAX_NOT_SUPPORTED = 2;
const AUTH_TYPE_NOT_RECOGNISED = 8;

/**
 * A server of RPC interfaces over TCP for tests: NTLM with privacy, fragments both ways, faults.
 *
 * Checked by peers that nobody here wrote: impacket and rpcclient (rpc-server.int.test.ts).
 */
export async function startRpcServer(settings: RpcServerSettings): Promise<RpcServer> {
  let accounts = settings.accounts ?? [];
  let lastId = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    lastId += 1;
    const served = new ServedConnection(socket, lastId, settings, () => accounts);
    socket.on("data", (piece) => served.read(piece));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      served.end();
    });
  });
  const host = settings.host ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port ?? 0, host, resolve);
  });
  const address = server.address();
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host,
    port: typeof address === "object" && address !== null ? address.port : 0,
    setAccounts: (changed) => {
      accounts = changed;
    },
    get connections() {
      return sockets.size;
    },
    dropConnections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        dropConnections();
      }),
  };
}

interface BoundContext {
  readonly id: number;
  readonly served: RpcServerInterface;
}

/** One connection: who is on it, what was agreed on, and its calls in their order. */
class ServedConnection {
  readonly #socket: net.Socket;
  readonly #id: number;
  readonly #settings: RpcServerSettings;
  readonly #accounts: () => readonly TestAccount[];
  readonly #splitter = new PduSplitter();
  readonly #ended = new AbortController();
  readonly #contexts: BoundContext[] = [];
  readonly #parts: Buffer[] = [];
  #partBytes = 0;
  #acceptor: NtlmAcceptor | null = null;
  #sealing: Sealing | null = null;
  #login: NtlmLogin | null = null;
  #authContextId = 0;
  #isHeaderSigned = false;
  #fragmentBytes: number;
  #caller: RpcCaller;
  #tail: Promise<void> = Promise.resolve();

  constructor(
    socket: net.Socket,
    id: number,
    settings: RpcServerSettings,
    accounts: () => readonly TestAccount[],
  ) {
    this.#socket = socket;
    this.#id = id;
    this.#settings = settings;
    this.#accounts = accounts;
    this.#fragmentBytes = settings.fragmentBytes ?? FRAGMENT_BYTES;
    this.#caller = this.#callerNamed(null);
  }

  read(piece: Buffer): void {
    try {
      for (const bytes of this.#splitter.push(piece)) {
        // Decoding and unsealing go in the order of the wire, answers in the order of the calls.
        const pdu = decodePdu(bytes);
        this.#tail = this.#tail.then(() => this.#take(pdu)).catch(() => this.#drop());
      }
    } catch {
      this.#drop();
    }
  }

  end(): void {
    this.#ended.abort();
  }

  #drop(): void {
    this.#socket.destroy();
  }

  #send(...pdus: Buffer[]): void {
    for (const pdu of pdus) if (!this.#socket.destroyed) this.#socket.write(pdu);
  }

  async #take(pdu: Pdu): Promise<void> {
    switch (pdu.kind) {
      case "bind":
      case "alter-context":
        return this.#bind(pdu);
      case "auth3":
        if (this.#acceptor === null || pdu.auth === null) throw new PduFault("a login from its end");
        return this.#finishLogin(this.#acceptor, pdu.auth.token);
      case "request":
        return this.#request(pdu);
      default:
        return;
    }
  }

  #bind(pdu: BindPdu): void {
    if (pdu.auth !== null && pdu.auth.type !== NTLM_AUTH_TYPE) {
      this.#send(encodeBindNak(pdu.callId, AUTH_TYPE_NOT_RECOGNISED));
      return;
    }
    const results = pdu.contexts.map((offered) => {
      const served = this.#settings.interfaces.find(
        ({ uuid, version }) =>
          uuid.toLowerCase() === offered.abstractSyntax.uuid && version === offered.abstractSyntax.version,
      );
      if (served === undefined)
        return { result: REJECTED_BY_PROVIDER, reason: ABSTRACT_SYNTAX_NOT_SUPPORTED };
      if (!offered.transferSyntaxes.some(({ uuid }) => uuid === NDR20.uuid))
        return { result: REJECTED_BY_PROVIDER, reason: TRANSFER_SYNTAX_NOT_SUPPORTED };
      this.#contexts.push({ id: offered.id, served });
      return { result: 0, reason: 0 };
    });
    let token: Buffer | null = null;
    if (pdu.auth !== null) {
      // impacket logs in once more with each further interface; the newest login is the one that seals.
      this.#acceptor = new NtlmAcceptor({
        accounts: this.#accounts,
        domain: this.#settings.domain,
        flags: this.#settings.ntlmFlags,
      });
      this.#authContextId = pdu.auth.contextId;
      token = this.#acceptor.challenge(pdu.auth.token);
    }
    if (pdu.kind === "bind") {
      const isOffered = (pdu.flags & FLAG.headerSigning) !== 0;
      this.#isHeaderSigned = isOffered && (this.#settings.headerSigning ?? true);
      this.#fragmentBytes = Math.min(this.#fragmentBytes, pdu.maxReceive);
    }
    this.#send(
      encodeBindAnswer({
        kind: pdu.kind === "bind" ? "bind-ack" : "alter-context-response",
        callId: pdu.callId,
        group: 0x1000 + this.#id,
        address: pdu.kind === "bind" ? `${this.#socket.localPort ?? 0}` : "",
        fragmentBytes: this.#fragmentBytes,
        results,
        isHeaderSigned: this.#isHeaderSigned,
        auth: token === null ? null : { type: NTLM_AUTH_TYPE, contextId: this.#authContextId, token },
      }),
    );
  }

  #finishLogin(acceptor: NtlmAcceptor, token: Buffer): void {
    this.#login = acceptor.authenticate(token);
    this.#settings.onLogin?.(this.#login);
    if (this.#login.kind === "refused") return;
    this.#caller = this.#callerNamed(this.#login.user);
    this.#sealing = {
      context: asContext(acceptor),
      isHeaderSigned: this.#isHeaderSigned,
      authContextId: this.#authContextId,
    };
  }

  async #request(pdu: RequestPdu): Promise<void> {
    // As Windows says it: the login was refused, and only now does the client hear.
    if (this.#login?.kind === "refused") return this.#fault(pdu, ACCESS_DENIED);
    if (this.#sealing !== null && pdu.auth?.level !== LEVEL_PRIVACY) return this.#fault(pdu, ACCESS_DENIED);
    const part = openFragment(pdu, this.#sealing);
    if ((pdu.flags & FLAG.first) !== 0) this.#parts.length = this.#partBytes = 0;
    this.#parts.push(part);
    this.#partBytes += part.length;
    if (this.#partBytes > REQUEST_BYTES_MAX) throw new PduFault("a call that does not end");
    if ((pdu.flags & FLAG.last) === 0) return;
    const stub = Buffer.concat(this.#parts.splice(0), this.#partBytes);
    const bound = this.#contexts.findLast(({ id }) => id === pdu.contextId);
    if (bound === undefined) return this.#fault(pdu, UNKNOWN_INTERFACE);
    if (this.#sealing === null && bound.served.isOpenToAll !== true) return this.#fault(pdu, ACCESS_DENIED);
    const answer = await this.#answerOf(bound.served, pdu, stub);
    if (answer === null) return this.#fault(pdu, OPNUM_OUT_OF_RANGE);
    if ("fault" in answer) return this.#fault(pdu, answer.fault);
    this.#send(
      ...encodeCall(
        {
          type: "response",
          callId: pdu.callId,
          contextId: pdu.contextId,
          opnum: 0,
          objectUuid: null,
          stub: answer,
        },
        this.#fragmentBytes,
        this.#sealing,
      ),
    );
  }

  async #answerOf(served: RpcServerInterface, pdu: RequestPdu, stub: Buffer) {
    try {
      return await served.call(pdu.opnum, stub, { caller: this.#caller, objectUuid: pdu.objectUuid });
    } catch (error) {
      if (error instanceof NdrFault) return { fault: BAD_STUB_DATA };
      throw error;
    }
  }

  #fault(pdu: RequestPdu, status: number): void {
    this.#send(encodeFault(pdu.callId, pdu.contextId, status));
  }

  #callerNamed(account: string | null): RpcCaller {
    return {
      id: this.#id,
      account,
      remoteAddress: this.#socket.remoteAddress ?? "",
      signal: this.#ended.signal,
    };
  }
}

/** Fragments are sealed by what looks like a client's context; its login is over. */
function asContext(acceptor: NtlmAcceptor): SecurityContext {
  return {
    authType: NTLM_AUTH_TYPE,
    signatureLength: NTLM_SIGNATURE_BYTES,
    isEstablished: true,
    start: () => Promise.reject(new Error("a server does not begin a login")),
    next: () => Promise.reject(new Error("a server does not begin a login")),
    seal: (message) => acceptor.seal(message),
    unseal: (message, token) => acceptor.unseal(message, token),
  };
}
