import type { ConfigFlags } from './config-flags.ts'
import type { Report } from './report.ts'
import type { ReadFile } from './source/include-files.ts'
import type { Environment } from './source/interpolate.ts'

export interface LocatedFile {
  readonly path: string
  readonly text: string
}

const pathVariables = ['CONFIG_FILE_PATH', 'LITELLM_CONFIG_PATH', 'ROUTEIQ_CONFIG_PATH']
const usualPaths = ['config/config.yaml', 'config.yaml']

/** Finds the main file: flag, then variables, then the usual places; null when there is none. */
export function locateConfig(
  flags: ConfigFlags,
  env: Environment,
  readFile: ReadFile,
  report: Report,
): LocatedFile | null {
  if (flags.config !== undefined) return readNamed(flags.config, '--config', readFile, report)
  if (flags.model !== undefined) return null
  for (const name of pathVariables) {
    const path = env[name]
    if (path) return readNamed(path, name, readFile, report)
  }
  for (const path of usualPaths) {
    const text = readFile(path)
    if (text !== null) return { path, text }
  }
  return null
}

function readNamed(path: string, source: string, readFile: ReadFile, report: Report): LocatedFile | null {
  const text = readFile(path)
  if (text !== null) return { path, text }
  report.fatal(source, `the configuration file ${path} cannot be read`, 'check the path and its permissions')
  return null
}
