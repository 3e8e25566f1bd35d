export { decryptBody, ENCRYPTED_TYPE, EncryptedBodyFault, encryptBody } from "./encrypted-body.ts";
export {
  openWinrm,
  type WinrmConnection,
  type WinrmFailure,
  WinrmFault,
  type WinrmTarget,
} from "./winrm-connection.ts";
