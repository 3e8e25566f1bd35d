import { spawn } from "node:child_process";
import path from "node:path";

/** `npm run lab -- start|stop|status|env|reset`: the lab's domain controller by hand. See README.md. */
const child = spawn(path.join(import.meta.dirname, "ad-lab"), process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => {
  console.error(`The lab could not be started: ${error.message}. It needs Linux with bash.`);
  process.exitCode = 1;
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
