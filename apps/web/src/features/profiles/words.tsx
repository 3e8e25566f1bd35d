/** A sentence in which something one may see on the wire stands between backticks. */
export function Words({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place
      <span key={index} className="font-mono text-ink">
        {part}
      </span>
    ) : (
      part
    ),
  );
}
