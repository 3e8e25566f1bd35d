import { type RpcServer, startRpcServer, type TestAccount } from "@rollcall/windows-rpc/testing";
import { INTERFACE, WmiObjects } from "./answer-call.ts";
import type { Computer, Seats } from "./computer.ts";
import { startWinrm, type WinrmListener } from "./winrm-listener.ts";

export interface FakeComputerSettings {
  readonly host: string;
  /** Of the endpoint mapper, where objects are asked for; 135 on Windows, 0: any. */
  readonly wmiPort: number;
  /** Null: WinRM does not listen, as on clients of Windows. */
  readonly winrmPort: number | null;
  readonly name: string;
  readonly domain: string | null;
  readonly seats: Seats;
  readonly accounts: readonly TestAccount[];
  /** Accounts that may log in and read nothing. */
  readonly denied?: readonly string[];
}

export interface FakeComputer {
  readonly wmiPort: number;
  readonly winrmPort: number | null;
  /** Who is there; may be changed while it is asked. */
  readonly seats: Seats;
  /** Logins that were tried, in order: `user accepted`, `user wrong-password`. */
  readonly logins: readonly string[];
  close(): Promise<void>;
}

/** A computer that answers the three questions of the probe. Transport and login are those of `windows-rpc/testing`. */
export async function startFakeComputer(settings: FakeComputerSettings): Promise<FakeComputer> {
  const { host, accounts, seats, denied = [] } = settings;
  const computer: Computer = { name: settings.name, domain: settings.domain, seats };
  const logins: string[] = [];
  let objectPort = 0;
  const objects = new WmiObjects({
    computer,
    binding: () => `${host}[${objectPort}]`,
    mayRead: (user) => !denied.includes(user),
  });
  const serve = (port: number, uuids: readonly string[]): Promise<RpcServer> =>
    startRpcServer({
      host,
      port,
      accounts,
      onLogin: (login) =>
        logins.push(`${login.user} ${login.kind === "accepted" ? "accepted" : login.reason}`),
      interfaces: uuids.map((uuid) => ({
        uuid,
        version: "0.0",
        call(opnum, stub, { caller, objectUuid }) {
          const answer = objects.answer({ interfaceId: uuid, opnum, objectUuid, stub }, caller.account ?? "");
          return answer.kind === "fault" ? { fault: answer.status } : answer.stub;
        },
      })),
    });
  const { activation, login, services, enumeration, unknown } = INTERFACE;
  const speaking = await serve(0, [login, services, enumeration, unknown]);
  objectPort = speaking.port;
  const mapper = await serve(settings.wmiPort, [activation]);
  const winrm: WinrmListener | null =
    settings.winrmPort === null
      ? null
      : await startWinrm({ host, port: settings.winrmPort, computer, accounts, denied, logins });
  return {
    wmiPort: mapper.port,
    winrmPort: winrm?.port ?? null,
    seats,
    logins,
    async close() {
      await Promise.all([mapper.close(), speaking.close(), winrm?.close()]);
    },
  };
}
