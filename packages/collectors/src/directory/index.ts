export type { DirectoryConfig } from "./directory-config.ts";
export { DirectoryFault, type DirectoryFaultCode } from "./directory-fault.ts";
export {
  createDirectoryReader,
  type DirectoryReader,
  type DirectoryReaderOptions,
} from "./directory-reader.ts";
export { PrincipalBook } from "./principal-book.ts";
