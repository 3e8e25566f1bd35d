/** The listener could not take its port. `code`: `port-taken`, `address-unknown`, `not-allowed` or `listen-failed`. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: "port-taken" | "address-unknown" | "not-allowed" | "listen-failed";
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const [code, sentence] = explain(cause.code, port);
    super(`listen for firewalls on ${host}:${port}: ${sentence ?? cause.message}`, { cause });
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

function explain(code: string | undefined, port: number): [ListenError["code"], string | null] {
  switch (code) {
    case "EADDRINUSE":
      return ["port-taken", "the port is taken by another process; stop it or choose another port"];
    case "EADDRNOTAVAIL":
      return ["address-unknown", "this machine has no such address"];
    case "EACCES":
      return ["not-allowed", `ports below 1024 need the right to bind them; ${port} is one`];
    default:
      return ["listen-failed", null];
  }
}
