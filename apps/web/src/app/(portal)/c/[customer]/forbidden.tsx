import { NotAllowed } from "~/features/shell/not-here.tsx";

export default function Forbidden() {
  return <NotAllowed />;
}
