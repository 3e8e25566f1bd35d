import { NotAllowed } from "~/features/shell/not-here.tsx";
import { Plain } from "~/features/shell/plain.tsx";

export default function Forbidden() {
  return (
    <Plain>
      <NotAllowed />
    </Plain>
  );
}
