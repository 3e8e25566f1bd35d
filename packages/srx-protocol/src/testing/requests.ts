import type { RawRequest } from "../request.ts";

/** A request from one line (`GET /a?b=c`), headers and a body. */
export function aRequest(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): RawRequest {
  const [method = "GET", target = "/"] = line.split(" ");
  const mark = target.indexOf("?");
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
    body,
  };
}
