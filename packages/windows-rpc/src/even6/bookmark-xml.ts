/**
 * The bookmark that a subscription begins behind.
 * Source: [MS-EVEN6] 2.2.16, bookmark (documented); [MS-EVEN6] 4.2, its example.
 */
export function bookmarkXml(channel: string, recordNumber: bigint): string {
  return `<BookmarkList><Bookmark Channel='${escaped(channel)}' RecordId='${recordNumber}' IsCurrent='true'/></BookmarkList>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};

function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character] ?? character);
}
