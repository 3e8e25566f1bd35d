/** The product's name: "roll" in ink, "call" in the accent. */
export function Wordmark({ size = "header" }: { size?: "header" | "door" }) {
  return (
    <span className={`font-bold tracking-[-.02em] ${size === "door" ? "text-xl" : "text-base"}`}>
      roll<span className="text-accent">call</span>
    </span>
  );
}
