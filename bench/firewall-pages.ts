import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BenchOptions, type Figure, figureLine, type Measured, median, say } from "./figure.ts";
import { hasProgram, onCore, startLineProcess } from "./parts/child.ts";
import { BATCH } from "./parts/fleet.ts";
import { startNginx } from "./parts/nginx.ts";
import { WireClient } from "./parts/wire-client.ts";
import { wrk } from "./parts/wrk.ts";

const SESSIONS = 50_000;
const FIREWALLS = 8;
const CONNECTIONS = 16;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** How fast full batches leave the listener, beside what nginx can with the same bytes. */
export const firewallPages: Figure = {
  name: "firewall-pages",
  what: `MB/s of batches of 1,000 entries over keep-alive TLS: ${FIREWALLS} firewalls read ${SESSIONS} sessions round and round; limit: nginx, one worker, serving the same bytes from files`,
  async measure(options) {
    const missing = ["nginx", "wrk"].filter((name) => !hasProgram(name));
    if (missing.length > 0) return { kind: "missing", sentence: `${missing.join(" and ")} not found` };
    const dir = await mkdtemp(path.join(tmpdir(), "rollcall-bench-"));
    try {
      return await compare(dir, options);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function compare(dir: string, { seconds, rounds }: BenchOptions): Promise<Measured> {
  const program = path.join(import.meta.dirname, "parts/listener-process.ts");
  const agent = startLineProcess(
    onCore(SERVER_CORE, [process.execPath, program, String(SESSIONS), String(FIREWALLS)]),
  );
  try {
    const started = JSON.parse(await agent.line()) as {
      port: number;
      caPem: string;
      certPem: string;
      keyPem: string;
    };
    const requests: { path: string; authorization: string }[] = [];
    const pages: Buffer[] = [];
    let cookie = "";
    for (let at = 0; at < FIREWALLS; at++) {
      const client = await WireClient.open(started.port, started.caPem);
      const token = await client.token(`srx-${at}`, "bench");
      for (let where = "begintime=0"; ; where = `cookie=${cookie}`) {
        const asked = `${BATCH}?${where}&entry_count=1000`;
        const answer = await client.ask(asked, token);
        if (answer.status !== 200) throw new Error(`a batch was answered ${answer.status}`);
        if (`cookie=${answer.cookie}` === where) break;
        cookie = answer.cookie;
        requests.push({ path: asked, authorization: `Bearer ${token}` });
        if (at === 0) pages.push(answer.body);
      }
      client.close();
    }
    const nginx = await startNginx({ ...started, body: "", cookie, pages, core: SERVER_CORE, dir });
    try {
      const ours: number[] = [];
      const theirs: number[] = [];
      const load = { connections: CONNECTIONS, core: LOAD_CORE, dir, seconds };
      const files = pages.map((_, at) => ({ path: `/page/${at}`, authorization: "none" }));
      await wrk({ ...load, port: started.port, requests, seconds: 2 });
      for (let round = 1; round <= rounds; round++) {
        ours.push((await wrk({ ...load, port: started.port, requests })).bytesPerSecond / 1e6);
        theirs.push((await wrk({ ...load, port: nginx.port, requests: files })).bytesPerSecond / 1e6);
        say(
          `  round ${round}: ours ${Math.round(ours.at(-1) ?? 0)} MB/s, nginx ${Math.round(theirs.at(-1) ?? 0)} MB/s`,
        );
      }
      say(`  ${pages.length} pages of ${Math.round((pages[0]?.length ?? 0) / 1000)} kB`);
      return figureLine("firewall-pages", "MB/s", median(ours), median(theirs));
    } finally {
      await nginx.stop();
    }
  } finally {
    await agent.stop();
  }
}
