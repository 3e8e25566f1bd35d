import { createSocket } from "node:dgram";

/**
 * The demonstration's VPN concentrator: real syslog lines over UDP to the demonstration agent, at a calm pace.
 * It is a sender like any other; the agent knows nothing of it but its address.
 *
 * usage: node scripts/demo-sender.ts HOST PORT [secondsBetweenLines]
 */
const [host = "127.0.0.2", port = "5514", pace = "4"] = process.argv.slice(2);
const people = [
  "ana.lopez",
  "ben.okafor",
  "chiara.rossi",
  "dmitri.volkov",
  "elif.kaya",
  "farid.haddad",
  "greta.lind",
  "hugo.martin",
  "ines.costa",
  "jonas.weber",
];
const socket = createSocket("udp4");
const online = new Map<string, string>();

function send(user: string, ip: string, action: "logon" | "logoff"): void {
  const stamp = new Date().toISOString();
  socket.send(
    `<134>1 ${stamp} vpn1.meridian.example vpnd 4242 - - ${action} user=${user} domain=meridian.example ip=${ip}`,
    Number(port),
    host,
  );
}

/** First everybody comes in, then somebody changes the address or leaves now and then. */
let step = 0;
function tick(): void {
  const user = people[step % people.length] ?? "ana.lopez";
  const known = online.get(user);
  if (!known) {
    const ip = `10.20.${30 + (step % 3)}.${10 + ((step * 7) % 200)}`;
    send(user, ip, "logon");
    online.set(user, ip);
  } else if (step % 7 === 0) {
    send(user, known, "logoff");
    online.delete(user);
  } else send(user, known, "logon");
  step++;
}
for (let i = 0; i < people.length; i++) tick();
const timer = setInterval(tick, Number(pace) * 1000);
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    clearInterval(timer);
    socket.close();
  });
