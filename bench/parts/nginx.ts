import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/services/free-port.ts";
import { onCore } from "./child.ts";

export interface RunningNginx {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts nginx with one worker that serves one answer over TLS: the same certificate, ciphers and headers as our listener.
 * It adds `Server` and `Date`, which its light build cannot leave out.
 */
export async function startNginx(options: {
  readonly certPem: string;
  readonly keyPem: string;
  readonly body: string;
  readonly cookie: string;
  /** Served as `/page/0`, `/page/1` and so on. */
  readonly pages?: readonly Uint8Array[];
  readonly core: number;
  readonly dir: string;
}): Promise<RunningNginx> {
  const { dir } = options;
  const port = await freePort();
  await writeFile(path.join(dir, "cert.pem"), options.certPem);
  await writeFile(path.join(dir, "key.pem"), options.keyPem, { mode: 0o600 });
  await mkdir(path.join(dir, "page"), { recursive: true });
  // Started by root, its worker is somebody else and reads the pages all the same; the key has a mode of its own.
  await chmod(dir, 0o755);
  for (const [at, page] of (options.pages ?? []).entries())
    await writeFile(path.join(dir, "page", String(at)), page);
  await writeFile(
    path.join(dir, "nginx.conf"),
    `worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  open_file_cache max=1000;
  server_tokens off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  keepalive_timeout 90s;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${dir}/cert.pem;
    ssl_certificate_key ${dir}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;
    location / {
      default_type application/json;
      add_header Cache-Control no-store;
      add_header Set-Cookie "report=${options.cookie}; Path=/user_query";
      return 200 '${options.body}';
    }
    location /page/ {
      root ${dir};
      default_type application/json;
      add_header Cache-Control no-store;
      add_header Set-Cookie "report=${options.cookie}; Path=/user_query";
    }
  }
}
`,
  );
  const [program = "", ...args] = onCore(options.core, [
    "nginx",
    "-p",
    dir,
    "-c",
    path.join(dir, "nginx.conf"),
  ]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = once(child, "exit");
  await listening(port);
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`nginx does not listen on port ${port}`);
}
