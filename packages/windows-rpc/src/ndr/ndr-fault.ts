/** The stub of a call is not shaped as its interface says. */
export class NdrFault extends Error {
  override readonly name = "NdrFault";
}
