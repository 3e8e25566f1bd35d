/** What `npm start` was asked for. */
export interface StartOptions {
  readonly json: boolean;
  readonly empty: boolean;
  readonly dataDir: string;
  readonly web: Listen;
  readonly gatewayAgents: Listen;
  readonly gatewayFirewalls: Listen;
  readonly agentFirewalls: Listen;
  readonly agentSyslog: Listen;
  readonly agentStatus: Listen;
  /** Take free ports, but for what was named. */
  readonly freePorts: boolean;
  readonly named: ReadonlySet<string>;
  readonly redisUrl: string | null;
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export const HELP = `Runs the whole of Rollcall on this machine.

  npm start                     with its demonstration data
  npm start -- --empty          without it: one practice, one sign-in, nothing else
  npm start -- --json           when ready, one JSON line for scripts on standard output

Options
  --data DIR                    where everything is kept (default .data in the project)
  --free-ports                  take whatever ports are free instead of the usual ones
  --web HOST:PORT               portal                           (127.0.0.1:3000)
  --gateway-agents HOST:PORT    gateway, for agents              (127.0.0.1:8443)
  --gateway-firewalls HOST:PORT gateway, for firewalls           (127.0.0.1:8444)
  --agent-firewalls HOST:PORT   the agent, for firewalls         (127.0.0.2:8444)
  --agent-syslog HOST:PORT      the agent, syslog UDP and TCP    (127.0.0.2:5514)
  --agent-status HOST:PORT      the agent's local status         (127.0.0.1:9443)
  --help

Environment
  REDIS_URL                     use this Redis for the queue and the bell (else Postgres does both)

Ctrl-C stops everything that was started here, and nothing else. The data stays; delete the data folder to begin anew.
`;

/** Outcomes: `options`, `help`, or `fault` with the sentence to print. */
export function parseStartOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  defaultDataDir: string,
): { kind: "options"; options: StartOptions } | { kind: "help" } | { kind: "fault"; sentence: string } {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const takesValue = [
    "--data",
    "--web",
    "--gateway-agents",
    "--gateway-firewalls",
    "--agent-firewalls",
    "--agent-syslog",
    "--agent-status",
  ];
  for (let i = 0; i < args.length; i++) {
    const [name = "", inline] = (args[i] ?? "").split(/=(.*)/s);
    if (name === "--help" || name === "-h") return { kind: "help" };
    if (["--json", "--empty", "--free-ports"].includes(name)) flags.add(name);
    else if (takesValue.includes(name)) {
      const value = inline ?? args[++i];
      if (!value)
        return { kind: "fault", sentence: `${name} needs a value; npm start -- --help shows all options.` };
      values.set(name, value);
    } else
      return {
        kind: "fault",
        sentence: `"${args[i]}" is not an option; npm start -- --help shows all of them.`,
      };
  }
  const faults: string[] = [];
  const listen = (name: string, host: string, port: number): Listen => {
    const text = values.get(name);
    if (!text) return { host, port };
    const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
    if (!match || Number(match[2]) > 65_535) {
      faults.push(`${name} ${text} is not HOST:PORT, e.g. ${host}:${port}.`);
      return { host, port };
    }
    return { host: match[1] ?? host, port: Number(match[2]) };
  };
  const options: StartOptions = {
    json: flags.has("--json"),
    empty: flags.has("--empty"),
    freePorts: flags.has("--free-ports"),
    named: new Set(values.keys()),
    dataDir: values.get("--data") ?? env.ROLLCALL_DATA_DIR ?? defaultDataDir,
    web: listen("--web", "127.0.0.1", 3000),
    gatewayAgents: listen("--gateway-agents", "127.0.0.1", 8443),
    gatewayFirewalls: listen("--gateway-firewalls", "127.0.0.1", 8444),
    agentFirewalls: listen("--agent-firewalls", "127.0.0.2", 8444),
    agentSyslog: listen("--agent-syslog", "127.0.0.2", 5514),
    agentStatus: listen("--agent-status", "127.0.0.1", 9443),
    redisUrl: env.REDIS_URL || null,
  };
  if (faults.length) return { kind: "fault", sentence: faults.join(" ") };
  return { kind: "options", options };
}
