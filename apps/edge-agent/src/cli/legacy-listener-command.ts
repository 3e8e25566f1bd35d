import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { runLegacyListener } from "../firewall/legacy/legacy-listener.ts";
import { legacyOrders } from "../firewall/legacy/legacy-orders.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";

/**
 * `legacy-listener`: started by the running agent and by nobody else. Its orders come on standard input, one line; it ends when
 * that ends, when it is told to, and when its time is over.
 */
export async function legacyListenerCommand(context: CommandContext, stdin: Readable): Promise<number> {
  const ending = new AbortController();
  const lines = createInterface({ input: stdin });
  const first = await new Promise<string | null>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => {
      ending.abort();
      resolve(null);
    });
  });
  const orders = legacyOrders.safeParse(first === null ? null : JSON.parse(first));
  if (!orders.success) {
    context.terminal.talk(
      "legacy-listener is started by the agent: see firewallListener.legacy in the configuration.",
    );
    return EXIT.usage;
  }
  await runLegacyListener(orders.data, {
    signal: AbortSignal.any([ending.signal, context.untilTerminated()]),
    say: (report) => context.terminal.data(JSON.stringify(report)),
    now: context.now,
  });
  lines.close();
  return EXIT.ok;
}
