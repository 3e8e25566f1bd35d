export {
  type Answer,
  type Asking,
  aPoint,
  bearer,
  type Document,
  EVERYTHING,
  type Harness,
  readToEnd,
  startHarness,
  testIdentity,
} from "./server-harness.ts";
export { TestTable } from "./test-table.ts";
