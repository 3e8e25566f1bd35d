/** Bytes that are no binary XML, or more of it than is taken. */
export class BinXmlFault extends Error {
  override readonly name = "BinXmlFault";
}
