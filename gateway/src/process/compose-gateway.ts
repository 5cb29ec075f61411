import { randomBytes } from 'node:crypto'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { GatewayConfig } from '../config/config.ts'
import { DemoTransport } from '../demo/demo-transport.ts'
import { AddressGuard } from '../http/address-guard.ts'
import { CallsBySource } from '../http/calls-by-source.ts'
import { Roster } from '../http/roster.ts'
import { Authenticator } from '../identity/authenticator.ts'
import { createTokenAdmission } from '../identity/provided-holder.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import { ContainerHomes } from '../pipeline/skills/container-homes.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import { PolicyGate } from '../policy-engine/policy-gate.ts'
import type { SpendJournal } from '../storage/ledger/spend-journal.ts'
import type { SpendRow } from '../storage/ledger/spend-row.ts'
import { TokenCounter } from '../tokens/token-counter.ts'
import { describeJudgement } from './audit-policy.ts'
import type { Governance } from './governance.ts'
import type { ServeOptions } from './serve-options.ts'

const failuresPerMinute = 20

/** What a gateway is made of beside its configuration. */
export interface GatewayParts
  extends Pick<
    Gateway,
    | 'governor'
    | 'transport'
    | 'agentTransport'
    | 'fetchMedia'
    | 'blobs'
    | 'skills'
    | 'models'
    | 'conversations'
    | 'settleChoice'
    | 'containers'
    | 'sandbox'
    | 'recordRun'
    | 'requestTools'
    | 'answers'
  > {
  readonly journal: SpendJournal
  readonly audit: AuditTrail
  readonly plugins: PluginHost | null
  readonly upstream: Governance['upstream']
}

/** The gateway for models. */
export function composeGateway(
  options: ServeOptions,
  { journal, upstream, audit, plugins, ...parts }: GatewayParts,
): Gateway {
  const { configuration, hub, telemetry, now, random } = options
  const { identity, storage } = configuration.runtime.config
  return {
    runtime: () => configuration.runtime,
    strategy: () => configuration.strategy,
    identity: {
      authenticator: new Authenticator({
        config: identity,
        keys: hub.keys,
        now,
        open: isOpen(configuration.runtime.config),
        admitToken:
          plugins === null ? null : createTokenAdmission((token) => plugins.identify(token), hub.keys),
      }),
      failedAttempts: new CallsBySource(() => failuresPerMinute, now),
      addresses: new AddressGuard(identity.allowedIps),
      plugins,
      policies: new PolicyGate(
        () => configuration.runtime.policies,
        (judged) => {
          audit.admitCall()
          audit.record(describeJudgement(judged))
        },
      ),
      audit,
    },
    ...parts,
    containerHomes: new ContainerHomes(hub.state),
    states: configuration.states,
    mockTransport: new DemoTransport(now),
    active: telemetry.metrics.active,
    openStreams: new Roster(),
    tokens: new TokenCounter(),
    recordRequest: (record) => telemetry.queue.push(record),
    appendSpend: (row) => {
      upstream.add(row)
      if (!storage.disableSpendLogs) journal.append(countForWorkspace(row, configuration.runtime))
    },
    now,
    random,
  }
}

/** What keys for what travels are derived from. Without a configured one, what was sealed lasts as long as this process. */
export function secretOf(identity: GatewayConfig['identity']): string | Buffer {
  return configuredSecret(identity) ?? randomBytes(32)
}

/** As `secretOf`; null without a configured one. An encryption key comes last: it is there to be changed. */
export function configuredSecret({
  saltKey,
  masterKey,
  encryptionKeys,
}: GatewayConfig['identity']): string | null {
  return saltKey ?? masterKey ?? encryptionKeys.at(-1) ?? null
}

/** Whether requests without a key are served: only where the operator configured none and said so. */
export function isOpen({ identity }: GatewayConfig): boolean {
  return identity.masterKey === null && identity.adminKeys.length === 0 && !identity.requireAuth
}

/** Whose spend is not counted for workspaces has none in its ledger. */
function countForWorkspace(row: SpendRow, { config }: Runtime): SpendRow {
  return config.governance.countsWorkspaces ? row : { ...row, workspaceId: null }
}
