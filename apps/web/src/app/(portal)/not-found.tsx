import { NotHere } from "~/features/shell/not-here.tsx";
import { Plain } from "~/features/shell/plain.tsx";

export default function NotFound() {
  return (
    <Plain>
      <NotHere>
        <p>
          No customer of yours has this address. It may be mistyped, or the customer was removed, or you have
          no role there.
        </p>
      </NotHere>
    </Plain>
  );
}
