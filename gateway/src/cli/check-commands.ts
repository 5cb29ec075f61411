import { DeploymentStates } from '../balancing/deployment-states.ts'
import { exitCodeFor, formatDiagnostics, formatDiagnosticsAsJson } from '../config/validate-config.ts'
import { compileRuntime, type Environment, readConfiguration } from '../process/load-runtime.ts'
import { createPriceTable } from '../process/prices.ts'
import { probeServices } from '../storage/probe-services.ts'
import type { Arguments } from './parse-arguments.ts'

export interface CommandResult {
  readonly exitCode: number
  readonly output: string
}

/** `validate-config`: everything that is wrong, with file and line; nothing is opened or called. */
export function validateConfig({ flags, strict, json }: Arguments, env: Environment): CommandResult {
  const { config, diagnostics } = readConfiguration(flags, env)
  const compiled =
    config === null ? [] : compileRuntime(config, new DeploymentStates(), createPriceTable(0)).diagnostics
  const all = [...diagnostics, ...compiled]
  return {
    exitCode: exitCodeFor(all, { strict }),
    output: json ? formatDiagnosticsAsJson(all) : formatDiagnostics(all),
  }
}

/** `probe-services`: a line for each configured service; exit code 1 when one does not answer. */
export async function probeConfiguredServices(
  { flags, json }: Arguments,
  env: Environment,
): Promise<CommandResult> {
  const { config, diagnostics } = readConfiguration(flags, env)
  if (config === null)
    return { exitCode: 2, output: (json ? formatDiagnosticsAsJson : formatDiagnostics)(diagnostics) }
  const probes = await probeServices(config.storage, Date.now)
  const rows = probes.map(({ name, status, latencyMs, message }) => {
    const latency = latencyMs === null ? '' : `${Math.round(latencyMs)} ms`
    return `${name.padEnd(10)}${status.padEnd(16)}${latency.padEnd(10)}${message}\n`
  })
  const failed = probes.some((probe) => probe.status === 'failed')
  return { exitCode: failed ? 1 : 0, output: json ? `${JSON.stringify(probes, null, 2)}\n` : rows.join('') }
}
