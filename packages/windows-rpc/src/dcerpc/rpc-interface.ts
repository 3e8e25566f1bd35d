/** What an interface is known by: its UUID and `major.minor`. */
export interface RpcInterface {
  readonly uuid: string;
  readonly version: string;
}

/** The one encoding of stubs that is spoken here; NDR64 is not offered. */
export const NDR20: RpcInterface = { uuid: "8a885d04-1ceb-11c9-9fe8-08002b104860", version: "2.0" };

export function isSameInterface(left: RpcInterface, right: RpcInterface): boolean {
  return left.uuid.toLowerCase() === right.uuid.toLowerCase() && left.version === right.version;
}
