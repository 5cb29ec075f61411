import { randomBytes } from 'node:crypto'
import { AnswerCache } from '../../answer-cache/answer-cache.ts'
import { silentTrail } from '../../audit/testing/silent-trail.ts'
import { DeploymentStates } from '../../balancing/deployment-states.ts'
import { HeldDeployments } from '../../balancing/held-deployments.ts'
import { loadText } from '../../config/load-for-test.ts'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import { DemoTransport } from '../../demo/demo-transport.ts'
import type { ModelGroup } from '../../deployments/deployment.ts'
import { builtInPriceTable, seededRandom } from '../../deployments/for-test.ts'
import { AddressGuard } from '../../http/address-guard.ts'
import { CallsBySource } from '../../http/calls-by-source.ts'
import { Roster } from '../../http/roster.ts'
import { Authenticator } from '../../identity/authenticator.ts'
import { MemorySkills, openInjectorBench } from '../../injection/for-test.ts'
import { ModelRouter } from '../../model-routing/model-router.ts'
import { Pins } from '../../model-routing/pins.ts'
import { Scorers } from '../../model-routing/scorers.ts'
import { PolicyGate } from '../../policy-engine/policy-gate.ts'
import { compileRuntime } from '../../process/load-runtime.ts'
import { ScriptedTransport } from '../../relay/testing/scripted-transport.ts'
import type { SpendRow } from '../../storage/ledger/spend-row.ts'
import { Gauge } from '../../telemetry/metrics/registry/gauge.ts'
import type { RequestRecord } from '../../telemetry/request-record.ts'
import { TokenCounter } from '../../tokens/token-counter.ts'
import type { Gateway } from '../gateway.ts'
import { ContainerHomes } from '../skills/container-homes.ts'

export const benchKey = 'sk-bench-0123456789'

export interface GatewayBench {
  readonly gateway: Gateway
  readonly transport: ScriptedTransport
  readonly records: RequestRecord[]
  readonly rows: SpendRow[]
  /** Requests in progress by model. */
  readonly active: ReadonlyMap<string, Gauge>
}

/** A pipeline over a configuration text, whose upstream the test plays. `benchKey` is its master key. */
export function openGatewayBench(config: string, patch: Partial<Gateway> = {}): GatewayBench {
  const loaded = loadText(config, { LITELLM_MASTER_KEY: benchKey }).config
  const states = new DeploymentStates()
  const { runtime, strategy } = compileRuntime(loaded, states, builtInPriceTable())
  const transport = new ScriptedTransport()
  const records: RequestRecord[] = []
  const rows: SpendRow[] = []
  const active = new Map<string, Gauge>()
  const enter = ({ name }: Pick<ModelGroup, 'name'>): Gauge => {
    const gauge = active.get(name) ?? new Gauge()
    active.set(name, gauge)
    gauge.add(1)
    return gauge
  }
  const keys = { findPrincipal: () => Promise.resolve(null) }
  const gateway: Gateway = {
    runtime: () => runtime,
    strategy: () => strategy,
    blobs: new BlobSealer(benchKey, randomBytes),
    conversations: new HeldDeployments({ limits: () => null, announce: null }),
    identity: {
      authenticator: new Authenticator({ config: loaded.identity, keys, now: Date.now, open: false }),
      failedAttempts: new CallsBySource(() => 1_000, Date.now),
      addresses: new AddressGuard([]),
      audit: silentTrail(),
      plugins: null,
      policies: new PolicyGate(
        () => null,
        () => {},
      ),
    },
    states,
    skills: openInjectorBench(new MemorySkills({})).injector,
    containerHomes: new ContainerHomes({ get: () => Promise.resolve(null), set: () => Promise.resolve() }),
    requestTools: { isOn: () => false, wants: () => false, answer: () => Promise.resolve(200) },
    sandbox: {
      refuse: () => Promise.resolve('not in tests'),
      run: () => Promise.reject(new Error('not in tests')),
    },
    recordRun: () => {},
    containers: {
      find: () => Promise.resolve(null),
      openAccount: () => null,
      pack: () => Promise.resolve(''),
      readInline: () => '',
    },
    models: new ModelRouter({
      scorers: new Scorers(null),
      pins: new Pins({ ttlMs: () => 1_800_000, announce: null }),
      outcomes: null,
      skills: null,
      experiments: null,
      isKilled: () => false,
      promises: null,
      shares: null,
      askRemote: async () => null,
      onScorerFailed: (_strategy, error) => {
        throw error
      },
      randomBytes,
    }),
    transport,
    agentTransport: () => transport,
    fetchMedia: () => Promise.reject(new Error('nothing is fetched here')),
    mockTransport: new DemoTransport(Date.now),
    openStreams: new Roster(),
    governor: { admit: () => null },
    answers: new AnswerCache({
      ...{ shared: null, maxEntries: () => 0, now: Date.now, countSimilar: () => {} },
      embedder: () => {
        throw new Error('nothing is embedded here')
      },
    }),
    tokens: new TokenCounter(),
    active: { enter, leave: (gauge) => gauge.add(-1) },
    recordRequest: (record) => records.push(record),
    appendSpend: (row) => rows.push(row),
    settleChoice: () => {},
    now: Date.now,
    random: seededRandom(1),
    ...patch,
  }
  return { gateway, transport, records, rows, active }
}
