// The library resolves its parts through decorators: the polyfill must be there before it is loaded.
import "reflect-metadata";

export * from "@peculiar/x509";
