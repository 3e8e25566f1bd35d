export type { TailLine, TailOptions } from "./line-tail.ts";
export { SyslogListenError } from "./listen-error.ts";
export type { SyslogSequenceConfig, SyslogSourceConfig, SyslogTransport } from "./source-config.ts";
export {
  createSyslogListener,
  defaultSyslogLimits,
  type ListenAddress,
  type SyslogLimits,
  type SyslogListener,
  type SyslogListenerOptions,
  type TailRequest,
} from "./syslog-listener.ts";
export type { UnknownSender } from "./unknown-senders.ts";
