export type { DirectoryConfig, PasswordSource } from "./directory-config.ts";
export { DirectoryFault, type DirectoryFaultCode } from "./directory-fault.ts";
export {
  createDirectoryReader,
  type DirectoryReader,
  type DirectoryReaderOptions,
} from "./directory-reader.ts";
export { PrincipalBook } from "./principal-book.ts";
