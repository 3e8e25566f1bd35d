export {
  ACTIVATION,
  type Activation,
  decodeActivation,
  encodeActivation,
  REMOTE_ACTIVATION,
} from "./activation.ts";
export {
  type ObjectReference,
  readObjectReference,
  type StringBinding,
  tcpPortOf,
} from "./object-reference.ts";
