import { readdirSync, readFileSync } from "node:fs";

/** Prints the processes whose command line or working folder names `argv[2]`, but not this one. Linux. */
const wanted = process.argv[2] ?? "";
for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
  if (Number(pid) === process.pid || Number(pid) === process.ppid) continue;
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    if (command.includes(wanted)) console.log(`${pid} ${command}`);
  } catch {
    // It ended meanwhile.
  }
}
