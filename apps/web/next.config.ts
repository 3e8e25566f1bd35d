import path from "node:path";
import type { NextConfig } from "next";

const root = path.join(import.meta.dirname, "../..");

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: root,
  turbopack: { root },
  transpilePackages: [
    "@rollcall/agent-protocol",
    "@rollcall/api",
    "@rollcall/auth",
    "@rollcall/config",
    "@rollcall/db",
    "@rollcall/event-rules",
    "@rollcall/handover",
    "@rollcall/health",
    "@rollcall/identity-core",
    "@rollcall/junos",
    "@rollcall/observability",
    "@rollcall/pki",
    "@rollcall/queue",
    "@rollcall/srx-protocol",
    "@rollcall/syslog-rules",
    "@rollcall/ui",
  ],
  serverExternalPackages: ["pino", "bullmq", "ioredis", "pg", "@node-rs/argon2", "@prisma/client"],
  poweredByHeader: false,
  experimental: { authInterrupts: true },
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "Referrer-Policy", value: "same-origin" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
          { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=()" },
        ],
      },
      {
        source: "/api/:path*",
        headers: [{ key: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" }],
      },
    ];
  },
};

export default config;
