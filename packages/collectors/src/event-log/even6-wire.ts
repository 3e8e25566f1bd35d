import { createEventReader } from "@rollcall/windows-rpc/binxml";
import type { LoginPort } from "../login-port.ts";
import { askClockOffset } from "./clock-offset.ts";
import { addressesOf, createEven6Port, findEventLogPort, reachPort } from "./even6-port.ts";
import type { EventLogReaderOptions } from "./event-log-reader.ts";
import { testEventLog } from "./event-log-test.ts";
import type { EventSourceConfig } from "./event-source-config.ts";
import { createServerLogin } from "./server-login.ts";

/** How the event log of a Windows server is reached, read and tested: over EVEN6, with records in BinXml. */
export function createEven6Wire(
  config: EventSourceConfig,
  login: LoginPort,
): Pick<EventLogReaderOptions, "port" | "decode" | "test"> {
  const reader = createEventReader();
  // A copy: an event that waits for its computer must not keep the whole answer it came in, which is up to 2 MiB.
  const decode: EventLogReaderOptions["decode"] = (binXml) => reader.read(Buffer.from(binXml));
  const port = createEven6Port({ config, login, prepare: createServerLogin() });
  return {
    port,
    decode,
    test: (signal) =>
      testEventLog(
        {
          config,
          lookUp: addressesOf,
          findPort: (aborted) => findEventLogPort(config, aborted),
          reach: (at, aborted) => reachPort(config.host, at, aborted),
          port,
          decode,
          askClockOffset: (aborted) => askClockOffset(config, Date.now, aborted),
        },
        signal,
      ),
  };
}
