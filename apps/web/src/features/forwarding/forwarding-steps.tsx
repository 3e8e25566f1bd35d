import { Button } from "@rollcall/ui/button";
import { CodeBlock } from "@rollcall/ui/code-block";
import { Mono, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { downloadText } from "~/features/agents/download-text.ts";
import type { Receiver } from "./forwarding-values.ts";

/** What is to be done at the customer's side: certificates both ways, and the group policy. */
export function ForwardingSteps({ receiver, serverCaPem }: { receiver: Receiver; serverCaPem: string }) {
  const { agentsWithoutName } = receiver;
  return (
    <div className="flex flex-col gap-4">
      {agentsWithoutName.length === 0 ? null : (
        <Notice tone="warn" title={`${agentsWithoutName.join(", ")}: the certificate says another name`}>
          Add {receiver.host} to the names of {agentsWithoutName.length === 1 ? "this agent" : "these agents"}{" "}
          on the agent's page. Until then it shows a certificate of its own, which no computer trusts.
        </Notice>
      )}
      <Panel title="1 · Computers trust the agent">
        <div className="flex flex-col items-start gap-3 text-sm">
          <p>
            Put this CA among the trusted root authorities of the computers, by group policy: Computer
            Configuration, Windows Settings, Security Settings, Public Key Policies.
          </p>
          <Button onClick={() => downloadText("rollcall-ca.crt", serverCaPem, "application/x-x509-ca-cert")}>
            Download the CA certificate
          </Button>
        </div>
      </Panel>
      <Panel title="2 · Computers have certificates of their own">
        <div className="flex flex-col gap-2 text-sm">
          <p>
            From your CA, by automatic enrolment: for client authentication, with the computer's DNS name.
            NETWORK SERVICE must be able to read the private key. The CA's revocation list must be reachable
            from the computers.
          </p>
          <ul className="flex flex-col gap-1">
            {receiver.issuers.map(({ subject, sha1 }) => (
              <li key={sha1}>
                {subject}: <Mono>{sha1}</Mono>
              </li>
            ))}
          </ul>
        </div>
      </Panel>
      <CodeBlock
        title="3 · Group policy: Configure target Subscription Manager"
        label="Group policy value"
        testId="subscription-manager"
        unit={["value", "values"]}
        lines={receiver.subscriptionManagers.map((text) => ({ text, variables: [receiver.host] }))}
        footer="Computer Configuration, Administrative Templates, Windows Components, Event Forwarding."
      />
      <CodeBlock
        title="4 · At each computer, or by group policy"
        label="Rights and service"
        lines={[
          { text: "Set-Service -Name WinRM -StartupType Automatic -Status Running" },
          { text: "Add-LocalGroupMember -SID S-1-5-32-573 -Member 'NT AUTHORITY\\NETWORK SERVICE'" },
        ]}
        footer="NETWORK SERVICE forwards: to read the Security log it must be in Event Log Readers. The hand-over pack makes a policy of it."
      />
    </div>
  );
}
