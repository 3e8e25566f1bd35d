import { NotHere } from "~/features/shell/not-here.tsx";
import { Plain } from "~/features/shell/plain.tsx";

export default function NotFound() {
  return (
    <Plain>
      <NotHere>
        <p>The address may be mistyped, or what stood here was removed.</p>
      </NotHere>
    </Plain>
  );
}
