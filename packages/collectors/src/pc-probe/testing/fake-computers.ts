import type { Login, LoginPort } from "../../login-port.ts";
import { ProbeFault, type ProbeLogin, type ProbeMethod, type ProbeSession } from "../ports.ts";
import type { ProbeRow } from "../seated-user.ts";

export interface FakeComputer {
  /** `DOMAIN\user` at the console; null: nobody. */
  readonly seated: string | null;
  readonly name?: string;
  readonly domain?: string | null;
  /** `DOMAIN\user` of sessions over the network. */
  readonly remote?: readonly string[];
  /** Users whose right password is "right"; others are refused. */
  readonly denies?: readonly string[];
  readonly listensFor?: readonly ("wmi" | "winrm")[];
}

export interface Knock {
  readonly method: string;
  readonly ip: string;
  readonly user: string;
}

/** Computers that answer as Windows does: by a way they listen for, to a right password, within the login's rights. */
export function fakeComputers(computers: Readonly<Record<string, FakeComputer>>): {
  readonly methods: readonly ProbeMethod[];
  readonly knocks: Knock[];
} {
  const knocks: Knock[] = [];
  const methodOf = (id: "wmi" | "winrm"): ProbeMethod => ({
    id,
    async reach({ ip }) {
      const computer = computers[ip];
      if (computer === undefined || !(computer.listensFor ?? ["wmi"]).includes(id))
        throw new ProbeFault("unreachable", "nobody listens");
      return {
        async logIn({ user, password }: Login) {
          knocks.push({ method: id, ip, user });
          if (password !== "right") return { kind: "refused", reason: `${user} is not taken` };
          return { kind: "accepted", value: sessionOf(computer, user) };
        },
        close: () => undefined,
      };
    },
  });
  return { methods: [methodOf("wmi"), methodOf("winrm")], knocks };
}

function sessionOf(computer: FakeComputer, user: string): ProbeSession {
  return {
    async query(wql) {
      if (computer.denies?.includes(user)) throw new ProbeFault("denied", "WBEM_E_ACCESS_DENIED");
      const { name = "PC-1", domain = "corp.example", seated, remote = [] } = computer;
      if (wql.includes("Win32_ComputerSystem"))
        return [
          row({
            UserName: seated,
            Name: name,
            Domain: domain ?? "WORKGROUP",
            PartOfDomain: domain === null ? "False" : "True",
          }),
        ];
      if (wql.includes("Win32_LogonSession"))
        return remote.map((_, index) => row({ LogonId: String(100 + index), LogonType: "10" }));
      return remote.map((one, index) => {
        const [of, who] = one.split("\\");
        return row({
          Antecedent: `\\\\.\\root\\cimv2:Win32_Account.Domain="${of}",Name="${who}"`,
          Dependent: `\\\\.\\root\\cimv2:Win32_LogonSession.LogonId="${100 + index}"`,
        });
      });
    },
    close: () => undefined,
  };
}

export function row(columns: Readonly<Record<string, string | null>>): ProbeRow {
  return new Map(Object.entries(columns));
}

/** A login that is paused after two refusals in a row, as the agent's desk does it. */
export function countedLogin(credentialId: string, password: string): ProbeLogin {
  let refusals = 0;
  const withheld = (): string | null => (refusals >= 2 ? `${credentialId} is paused` : null);
  const port: LoginPort = {
    withheld: async () => withheld(),
    async attempt(logIn, signal) {
      const sentence = withheld();
      if (sentence !== null) return { kind: "withheld", sentence };
      const login = { user: credentialId, password, realm: null, kdcs: [], allowNtlm: false };
      const outcome = await logIn(login, signal);
      refusals = outcome.kind === "refused" ? refusals + 1 : 0;
      return outcome;
    },
    untilUsable: async () => undefined,
  };
  return { credentialId, port };
}
