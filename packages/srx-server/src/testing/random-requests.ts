type Random = () => number;

export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

const times = (random: Random, max: number): number => Math.floor(random() * (max + 1));
const TARGETS = [
  "/",
  "/a?b=c",
  "/user_query/v2/users/endpoints?begintime=0&entry_count=200",
  "/%41?x=%00",
  "https://h/p?q",
  "*",
] as const;
const VALUE_CHARACTERS = 'abcXYZ019-._~ \t:;,=/"(){}\xe4\xff';

function aValue(random: Random): string {
  return Array.from(
    { length: times(random, 12) },
    () => VALUE_CHARACTERS[Math.floor(random() * VALUE_CHARACTERS.length)],
  )
    .join("")
    .trim();
}

function bodyOf(random: Random): string {
  return Array.from({ length: times(random, 30) }, () =>
    String.fromCharCode(Math.floor(random() * 256)),
  ).join("");
}

function chunksOf(random: Random, body: string): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const length = 1 + times(random, 9);
    const chunk = body.slice(at, at + length);
    const size = chunk.length.toString(16);
    text += `${random() < 0.2 ? "0" : ""}${random() < 0.5 ? size.toUpperCase() : size}\r\n${chunk}\r\n`;
    at += length;
  }
  return `${text}0\r\n\r\n`;
}

/** One request as a careful client would write it, with what the standard leaves to it at random. */
export function wellFormedRequest(random: Random): Buffer {
  const isHttp10 = random() < 0.1;
  const lines = [
    `${oneOf(random, ["Host", "host", "HOST"])}:${oneOf(random, ["", " ", "\t "])}x${oneOf(random, ["", " "])}`,
  ];
  for (let at = times(random, 4); at > 0; at--)
    lines.push(
      `${oneOf(random, ["X-A", "x-a", "Accept", "User-Agent", "Cookie", "cookie", "Etag", "X!#$%&'*+-.^_`|~"])}: ${aValue(random)}`,
    );
  if (random() < 0.4) lines.push(`Authorization: Bearer ${aValue(random)}`);
  if (random() < 0.1) lines.push(`Connection: ${oneOf(random, ["keep-alive", "close", "Close , x", "x"])}`);
  let method: string = oneOf(random, ["GET", "GET", "HEAD", "OPTIONS", "DELETE", "M-SEARCH"]);
  let body = "";
  if (random() < 0.5) {
    method = oneOf(random, ["POST", "PUT", "GET", "PATCH"]);
    body = bodyOf(random);
    if (!isHttp10 && random() < 0.5) {
      lines.push(
        `${oneOf(random, ["Transfer-Encoding", "transfer-encoding"])}: ${oneOf(random, ["chunked", "Chunked"])}`,
      );
      body = chunksOf(random, body);
    } else lines.push(`Content-Length: ${random() < 0.1 ? "0" : ""}${body.length}`);
  }
  const head = `${method} ${oneOf(random, TARGETS)} HTTP/1.${isHttp10 ? 0 : 1}\r\n${lines.join("\r\n")}\r\n\r\n`;
  return Buffer.from(head + body, "latin1");
}

const SNIPPETS = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  " ",
  "\t",
  ":",
  "\0",
  ";",
  ",",
  "\x7f",
  "\xa0",
  "Content-Length: 3\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Host: y\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: h2c\r\nConnection: upgrade\r\n",
  "Connection: close\r\n",
  " folded\r\n",
  "0\r\n\r\n",
  "1;x=y\r\na\r\n",
  "HTTP/1.1",
  "GET / HTTP/1.1\r\nHost: z\r\n\r\n",
] as const;

/** One to three requests on one connection, with up to four things done to their bytes that a careful client would not do. */
export function mutatedRequests(random: Random): Buffer {
  let text = "";
  for (let at = 1 + times(random, 2); at > 0; at--) text += wellFormedRequest(random).toString("latin1");
  for (let at = times(random, 4); at > 0; at--) {
    const place = Math.floor(random() * (text.length + 1));
    // Most of what goes wrong goes wrong at a line's end or at a colon.
    const end = random() < 0.5 ? text.indexOf(oneOf(random, ["\r\n", ":", " "]), place) : place;
    const where = end < 0 ? place : end;
    const length = 1 + times(random, random() < 0.8 ? 2 : 20);
    const choice = random();
    if (choice < 0.5) text = text.slice(0, where) + oneOf(random, SNIPPETS) + text.slice(where);
    else if (choice < 0.7) text = text.slice(0, where) + text.slice(where + length);
    else if (choice < 0.9)
      text = text.slice(0, where) + String.fromCharCode(Math.floor(random() * 256)) + text.slice(where + 1);
    else text = text.slice(0, where) + text.slice(where, where + length) + text.slice(where);
  }
  return Buffer.from(text, "latin1");
}
