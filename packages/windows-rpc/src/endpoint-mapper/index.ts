export { findEndpoint } from "./find-endpoint.ts";
export { ENDPOINT_MAPPER } from "./map-call.ts";
