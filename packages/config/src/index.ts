export { ConfigError, type ConfigIssue, formatIssue } from "./config-error.ts";
export {
  type Environment,
  type EnvironmentReader,
  formatListen,
  type ListenAddress,
  parseListen,
  readEnvironment,
} from "./environment.ts";
export { explainIssues, formatIssues, formatPath } from "./explain-issues.ts";
export { nearest } from "./nearest.ts";
export { Secret } from "./secret.ts";
export { formatYaml, MAX_CONFIG_BYTES, parseYamlConfig, readYamlConfig } from "./yaml-config.ts";
