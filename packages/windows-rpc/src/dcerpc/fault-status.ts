/**
 * What a status of a fault is called, for people who search for it.
 * Source: [MS-RPCE] 2.2.2.8 and [MS-ERREF] 2.2 (documented); the `nca` names of [C706] appendix E.
 */
const NAMES: Readonly<Record<number, string>> = {
  5: "ERROR_ACCESS_DENIED",
  1702: "RPC_S_INVALID_BINDING",
  1717: "RPC_S_UNKNOWN_IF",
  1722: "RPC_S_SERVER_UNAVAILABLE",
  1723: "RPC_S_SERVER_TOO_BUSY",
  1726: "RPC_S_CALL_FAILED",
  1727: "RPC_S_CALL_FAILED_DNE",
  1728: "RPC_S_PROTOCOL_ERROR",
  1745: "RPC_S_PROCNUM_OUT_OF_RANGE",
  1783: "RPC_X_BAD_STUB_DATA",
  1825: "RPC_S_SEC_PKG_ERROR",
  1826: "RPC_S_THREAD_NOT_FOUND",
  469762049: "nca_s_fault_int_div_by_zero",
  469762050: "nca_s_fault_addr_error",
  469762054: "nca_s_fault_invalid_tag",
  469762055: "nca_s_fault_invalid_bound",
  469762061: "nca_s_fault_cancel",
  469762066: "nca_s_fault_unspec",
  469762074: "nca_s_fault_context_mismatch",
  469827585: "nca_s_comm_failure",
  469827586: "nca_s_op_rng_error",
  469827587: "nca_s_unk_if",
  469827590: "nca_s_wrong_boot_time",
  469827593: "nca_s_you_crashed",
  469827595: "nca_s_proto_error",
  469827603: "nca_s_out_args_too_big",
  469827604: "nca_s_server_too_busy",
  469827607: "nca_s_unsupported_type",
  2147549448: "RPC_E_DISCONNECTED",
  2147549467: "RPC_E_ACCESS_DENIED",
};

export const ACCESS_DENIED = 5;
export const OPNUM_OUT_OF_RANGE = 0x1c01_0002;
export const UNKNOWN_INTERFACE = 0x1c01_0003;
export const SECURITY_PACKAGE_ERROR = 1825;
export const CONTEXT_MISMATCH = 0x1c00_001a;
export const BAD_STUB_DATA = 1783;
export const PROTOCOL_ERROR = 0x1c01_000b;

export function faultName(status: number): string {
  return NAMES[status >>> 0] ?? "unnamed";
}

export function faultText(status: number): string {
  return `${faultName(status)} (0x${(status >>> 0).toString(16).padStart(8, "0")})`;
}
