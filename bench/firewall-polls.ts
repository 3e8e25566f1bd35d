import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BenchOptions, type Figure, figureLine, type Measured, median, say } from "./figure.ts";
import { hasProgram, onCore, startLineProcess } from "./parts/child.ts";
import { FirewallClient } from "./parts/firewall-client.ts";
import { startNginx } from "./parts/nginx.ts";
import { type WrkResult, wrk } from "./parts/wrk.ts";

const SESSIONS = 50_000;
const FIREWALLS = 100;
const CONNECTIONS = 100;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** How many idle firewalls one agent can serve, beside what nginx can with the same bytes. */
export const firewallPolls: Figure = {
  name: "firewall-polls",
  what: `empty batch polls/s at the agent's listener with ${SESSIONS} sessions, ${FIREWALLS} firewalls with a current cookie over keep-alive TLS; limit: nginx, one worker, serving the same bytes`,
  async measure(options) {
    const missing = ["nginx", "wrk"].filter((name) => !hasProgram(name));
    if (missing.length > 0) {
      const packages = missing.map((name) => (name === "nginx" ? "nginx-light" : name)).join(" ");
      return {
        kind: "missing",
        sentence: `${missing.join(" and ")} not found; on Debian: apt-get install ${packages}`,
      };
    }
    const dir = await mkdtemp(path.join(tmpdir(), "rollcall-bench-"));
    try {
      return await compare(dir, options);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

interface Started {
  readonly port: number;
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

async function compare(dir: string, { seconds, rounds }: BenchOptions): Promise<Measured> {
  const program = path.join(import.meta.dirname, "parts/listener-process.ts");
  const agent = startLineProcess(
    onCore(SERVER_CORE, [process.execPath, program, String(SESSIONS), String(FIREWALLS)]),
  );
  try {
    const started = JSON.parse(await agent.line()) as Started;
    const client = new FirewallClient(started.port, started.caPem);
    const requests: { path: string; authorization: string }[] = [];
    let answer = { body: "", cookie: "" };
    for (let at = 0; at < FIREWALLS; at++) {
      const token = await client.token(`srx-${at}`);
      const cookie = await client.currentCookie(token);
      requests.push({
        path: `/user_query/v2/users/endpoints?cookie=${cookie}&entry_count=200`,
        authorization: `Bearer ${token}`,
      });
      answer = { body: `{"cookie":"${cookie}","report_entries":[]}`, cookie };
    }
    client.close();
    const nginx = await startNginx({ ...started, ...answer, core: SERVER_CORE, dir });
    try {
      const load = { requests, connections: CONNECTIONS, core: LOAD_CORE, dir };
      await wrk({ ...load, port: started.port, seconds: 2 });
      const ours: WrkResult[] = [];
      const theirs: WrkResult[] = [];
      for (let round = 1; round <= rounds; round++) {
        ours.push(await wrk({ ...load, port: started.port, seconds }));
        theirs.push(await wrk({ ...load, port: nginx.port, seconds }));
        say(`  round ${round}: ours ${told(ours.at(-1))}, nginx ${told(theirs.at(-1))}`);
      }
      return figureLine("firewall-polls", "polls/s", middle(ours), middle(theirs));
    } finally {
      await nginx.stop();
    }
  } finally {
    await agent.stop();
  }
}

function middle(results: readonly WrkResult[]): number {
  return median(results.map(({ requestsPerSecond }) => requestsPerSecond));
}

function told(result: WrkResult | undefined): string {
  return result === undefined
    ? ""
    : `${Math.round(result.requestsPerSecond)}/s (p99 ${result.latencyMs99} ms)`;
}
