import { SaxesParser } from "saxes";

/** Whether a text is one well-formed `QueryList`: an agent writes it into a larger document, and refuses what would break that. */
export function isQueryList(text: string): boolean {
  let depth = 0;
  let isOf = true;
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => {
    if (depth === 0 && name !== "QueryList") isOf = false;
    depth += 1;
  });
  parser.on("closetag", () => {
    depth -= 1;
  });
  parser.on("doctype", () => {
    isOf = false;
  });
  try {
    parser.write(text).close();
    return isOf;
  } catch {
    return false;
  }
}
