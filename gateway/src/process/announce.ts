import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayConfig } from '../config/config.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import type { Logger } from '../telemetry/logger.ts'
import { version } from '../version.ts'
import type { Startup } from './startup.ts'

/**
 * Tells the operator where the gateway is, the key when it was made just now, and what to try. Goes to standard
 * error when standard output carries JSON log lines.
 */
export function announce(startup: Startup, routing: RoutingSnapshot, port: number, logger: Logger): void {
  const { config } = startup
  logger.log('info', 'started', {
    version,
    port,
    workers: config.server.workers,
    config_version_hash: config.versionHash,
  })
  const json = config.telemetry.jsonLogs ?? process.stdout.isTTY !== true
  const output = json ? process.stderr : process.stdout
  output.write(describeStart(startup, routing, port))
}

/** The embedded database is made on the first start, which takes seconds; silence would look like a hang. */
export function announcePreparation({ storage }: GatewayConfig): void {
  const { databaseUrl, dataDir } = storage
  if (databaseUrl !== null || existsSync(join(dataDir, 'database'))) return
  process.stderr.write(
    `Preparing the embedded database in ${dataDir}; only the first start takes this long.\n`,
  )
}

function describeStart({ config, masterKey }: Startup, routing: RoutingSnapshot, port: number): string {
  const { host, rootPath, tls } = config.server
  const shownHost = ['0.0.0.0', '::', '[::]'].includes(host) ? 'localhost' : host
  const url = `${tls === null ? 'http' : 'https'}://${shownHost}:${port}${rootPath}`
  const model =
    routing.groups.keys().next().value ?? routing.wildcards[0]?.pattern.replace('*', 'MODEL') ?? 'MODEL'
  const lines = [
    `RouteIQ ${version} is ready on ${url}`,
    '',
    ...describeKey(masterKey, config.identity.insecureNoAuth),
  ]
  const authorization = config.identity.insecureNoAuth ? '' : ` -H "Authorization: Bearer $ROUTEIQ_KEY"`
  lines.push(
    'Try:',
    `  curl ${url}/health`,
    `  curl ${url}/v1/models${authorization}`,
    `  curl ${url}/v1/chat/completions${authorization} -H "Content-Type: application/json" \\`,
    `    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    '',
  )
  return `${lines.join('\n')}\n`
}

function describeKey(masterKey: Startup['masterKey'], insecure: boolean): string[] {
  if (insecure)
    return ['No key is required (--insecure-no-auth): whoever reaches this address may call the models.', '']
  if (masterKey === null) return ['Use your master key: export ROUTEIQ_KEY=…', '']
  if (!masterKey.isNew)
    return [
      `Use the master key kept in ${masterKey.file}:`,
      `  export ROUTEIQ_KEY=$(cat ${masterKey.file})`,
      '',
    ]
  return [
    `A master key was made for you and kept in ${masterKey.file}. It is shown only this once:`,
    `  export ROUTEIQ_KEY=${masterKey.key}`,
    '',
  ]
}
