import { spawn } from "node:child_process";

/**
 * Stops `pid` with `signal` when this process is gone, however it went (also by SIGKILL), so that no server is
 * left behind; then removes `folder` if one is given. Released by `release()` once the server was stopped properly.
 * Works by a pipe: the watcher reads it, and the system closes it with us. Not available on Windows.
 */
export function guardProcess(
  pid: number,
  signal: "INT" | "QUIT" | "TERM",
  folder: string | null,
): { release(): void } {
  if (process.platform === "win32") return { release: () => {} };
  const script = `read line; [ "$line" = release ] && exit 0
kill -${signal} "$1" 2>/dev/null
if [ -n "$2" ]; then
  i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
  rm -rf "$2"
fi`;
  const watcher = spawn("/bin/sh", ["-c", script, "guard", String(pid), folder ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  watcher.on("error", () => {});
  watcher.stdin.on("error", () => {});
  watcher.unref();
  (watcher.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    release() {
      watcher.stdin.end("release\n");
    },
  };
}
