import { freePort } from "@rollcall/testkit";
import { createNtlmContext } from "@rollcall/windows-rpc/auth";
import { EVENT_LOG } from "@rollcall/windows-rpc/even6";
import { endpointMapper, type RpcServer, startRpcServer } from "@rollcall/windows-rpc/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type LoginPort, LoginUnanswered } from "../login-port.ts";
import { openLogin } from "../testing/open-login.ts";
import { createEven6Port, type PreparedLogin } from "./even6-port.ts";
import type { EventSourceConfig } from "./event-source-config.ts";

const CHANNEL_LIST = 19;
const SERVER_TOO_BUSY = 0x6bb;
/** No channels, and success: what is asked first of a server. */
const NO_CHANNELS = Buffer.alloc(12);

let servers: RpcServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** A server with an event log service that knows one call, and its endpoint mapper. */
async function aServer(answer: () => Uint8Array | { readonly fault: number } = () => NO_CHANNELS) {
  const logins: string[] = [];
  const events = await startRpcServer({
    interfaces: [{ ...EVENT_LOG, call: (opnum) => (opnum === CHANNEL_LIST ? answer() : null) }],
    accounts: [
      { user: "reader", password: "right" },
      { user: "gone", password: "right", isDisabled: true },
    ],
    onLogin: ({ kind, user }) => logins.push(`${kind} ${user}`),
  });
  let isRegistered = true;
  const mapper = await startRpcServer({
    interfaces: [endpointMapper(() => (isRegistered ? [{ ...EVENT_LOG, port: events.port }] : []))],
  });
  servers.push(events, mapper);
  return {
    mapperPort: mapper.port,
    logins,
    unregister: () => {
      isRegistered = false;
    },
  };
}

const config = (endpointMapperPort: number, parts: Partial<EventSourceConfig> = {}): EventSourceConfig => ({
  id: "dc1",
  name: "DC 1",
  kind: "domain-controller",
  host: "127.0.0.1",
  addressSpaceId: "space",
  catchUpMinutes: 60,
  lifetimeMinutes: 480,
  rulesOff: [],
  rulesOn: [],
  shares: [],
  endpointMapperPort,
  headerSigning: true,
  ...parts,
});
const byNtlm =
  (isProved = false) =>
  async ({ user, password }: { user: string; password: string }): Promise<PreparedLogin> => ({
    kind: "ready",
    context: createNtlmContext({ user, domain: "CORP", password }),
    by: "NTLM",
    isProved,
    isFresh: true,
  });
const signal = new AbortController().signal;

describe("the way to a server's event log", () => {
  it("goes by the endpoint mapper and a login to a session", async () => {
    const { mapperPort, logins } = await aServer();
    const port = createEven6Port({
      config: config(mapperPort),
      login: openLogin("reader", "right"),
      prepare: byNtlm(),
    });
    const session = await port.connect(signal);
    expect(session).toMatchObject({ login: "NTLM", serverAddresses: ["127.0.0.1"] });
    session.close();
    expect(logins).toEqual(["accepted reader"]);
  });

  it.each([
    ["reader", "wrong"],
    ["gone", "right"],
    ["nobody", "right"],
  ])(
    "a login that the server does not take is a refusal of it, shown once: %s with %s",
    async (user, password) => {
      const { mapperPort, logins } = await aServer();
      const outcomes: string[] = [];
      const login: LoginPort = {
        ...openLogin(user, password),
        async attempt(logIn, aborted) {
          const outcome = await openLogin(user, password).attempt(logIn, aborted);
          outcomes.push(outcome.kind);
          return outcome;
        },
      };
      const port = createEven6Port({ config: config(mapperPort), login, prepare: byNtlm() });
      await expect(port.connect(signal)).rejects.toMatchObject({ code: "login-refused" });
      expect(outcomes).toEqual(["refused"]);
      expect(logins).toEqual([`refused ${user}`]);
    },
  );

  it("a login that was shown and of which the server says nothing may have been refused", async () => {
    const { mapperPort, logins } = await aServer(() => ({ fault: SERVER_TOO_BUSY }));
    const thrown: unknown[] = [];
    const login: LoginPort = {
      ...openLogin("reader", "right"),
      async attempt(logIn, aborted) {
        const one = { user: "reader", password: "right", realm: null, kdcs: [], allowNtlm: true };
        return logIn(one, aborted).catch((error: unknown) => {
          thrown.push(error);
          throw error instanceof LoginUnanswered ? error.because : error;
        });
      },
    };
    const connect = (isProved: boolean) =>
      createEven6Port({ config: config(mapperPort), login, prepare: byNtlm(isProved) }).connect(signal);
    await expect(connect(false)).rejects.toBeDefined();
    // Where the domain has proved it, a server that is busy says nothing of it.
    await expect(connect(true)).rejects.toBeDefined();
    expect(thrown.map((error) => error instanceof LoginUnanswered)).toEqual([true, false]);
    expect(logins).toHaveLength(2);
  });

  it("a login that Kerberos has proved and that may do nothing here is no refusal: the account is not paused for it", async () => {
    const { mapperPort } = await aServer(() => ({ fault: 5 }));
    const port = createEven6Port({
      config: config(mapperPort),
      login: openLogin("reader", "right"),
      prepare: byNtlm(true),
    });
    await expect(port.connect(signal)).rejects.toMatchObject({ code: "no-rights" });
  });

  it("a refusal by whoever issues tickets reaches no server", async () => {
    const { mapperPort, logins } = await aServer();
    const port = createEven6Port({
      config: config(mapperPort),
      login: openLogin("reader", "wrong"),
      prepare: async () => ({ kind: "refused", reason: "the password is wrong" }),
    });
    await expect(port.connect(signal)).rejects.toMatchObject({
      code: "login-refused",
      message: expect.stringContaining("the password is wrong"),
    });
    expect(logins).toEqual([]);
  });

  it("a login that is withheld asks no server for anything", async () => {
    const { mapperPort, logins } = await aServer();
    const login: LoginPort = {
      ...openLogin("reader", "right"),
      withheld: async () => "It was refused twice.",
    };
    const port = createEven6Port({ config: config(mapperPort), login, prepare: byNtlm() });
    await expect(port.connect(signal)).rejects.toMatchObject({
      code: "login-paused",
      message: "It was refused twice.",
    });
    expect(logins).toEqual([]);
  });

  it("a server that does not offer its log, and one that is not there, are told apart", async () => {
    const { mapperPort, unregister } = await aServer();
    unregister();
    const to = (given: EventSourceConfig) =>
      createEven6Port({ config: given, login: openLogin("reader", "right"), prepare: byNtlm() }).connect(
        signal,
      );
    await expect(to(config(mapperPort))).rejects.toMatchObject({ code: "not-registered" });
    await expect(to(config(await freePort()))).rejects.toMatchObject({
      code: "unreachable",
      message: "127.0.0.1 refuses connections",
    });
    await expect(to(config(135, { host: "no-such-host.invalid" }))).rejects.toMatchObject({
      code: "name-not-known",
    });
  });
});
