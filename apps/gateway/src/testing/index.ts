export { type DeviceAnswer, DeviceClient, gzipBomb } from "./device-client.ts";
export {
  type RunningGateway,
  startInstallation,
  type TestCustomer,
  type TestInstallation,
} from "./gateway-under-test.ts";
export { askNonce, type Enrolled, enrolmentOf, StandInAgent } from "./stand-in-agent.ts";
export { StandInFirewall } from "./stand-in-firewall.ts";
