const NAMES: ReadonlyMap<number, string> = new Map([
  [0x0000_0005, "ERROR_ACCESS_DENIED"],
  [0x8000_4002, "E_NOINTERFACE"],
  [0x8000_4005, "E_FAIL"],
  [0x8004_0154, "REGDB_E_CLASSNOTREG"],
  [0x8004_1001, "WBEM_E_FAILED"],
  [0x8004_1002, "WBEM_E_NOT_FOUND"],
  [0x8004_1003, "WBEM_E_ACCESS_DENIED"],
  [0x8004_1004, "WBEM_E_PROVIDER_FAILURE"],
  [0x8004_1006, "WBEM_E_OUT_OF_MEMORY"],
  [0x8004_1008, "WBEM_E_INVALID_PARAMETER"],
  [0x8004_100c, "WBEM_E_NOT_SUPPORTED"],
  [0x8004_100e, "WBEM_E_INVALID_NAMESPACE"],
  [0x8004_1010, "WBEM_E_INVALID_CLASS"],
  [0x8004_1013, "WBEM_E_PROVIDER_LOAD_FAILURE"],
  [0x8004_1014, "WBEM_E_INITIALIZATION_FAILURE"],
  [0x8004_1015, "WBEM_E_TRANSPORT_FAILURE"],
  [0x8004_1017, "WBEM_E_INVALID_QUERY"],
  [0x8004_1032, "WBEM_E_CALL_CANCELLED"],
  [0x8004_1033, "WBEM_E_SHUTTING_DOWN"],
  [0x8004_106c, "WBEM_E_QUOTA_VIOLATION"],
  [0x8007_0005, "E_ACCESSDENIED"],
  [0x8007_0721, "RPC_S_SEC_PKG_ERROR"],
  [0x8007_06ba, "RPC_S_SERVER_UNAVAILABLE"],
  [0x8001_0108, "RPC_E_DISCONNECTED"],
  [0x8008_0005, "CO_E_SERVER_EXEC_FAILURE"],
]);

const DENIED: ReadonlySet<number> = new Set([0x0000_0005, 0x8004_1003, 0x8007_0005]);

/** Its name in Windows' headers, and its number. Source: [MS-WMI] 2.2.11, [MS-ERREF] 2.1 (documented). */
export function statusName(status: number): string {
  const hex = `0x${status.toString(16).padStart(8, "0")}`;
  const name = NAMES.get(status);
  return name === undefined ? hex : `${name} (${hex})`;
}

/** Whether a right is missing: the name and password were taken before. */
export function isDenied(status: number): boolean {
  return DENIED.has(status);
}
