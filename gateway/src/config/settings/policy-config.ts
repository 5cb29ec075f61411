import type { PolicyConfig } from '../config.ts'
import { Report } from '../report.ts'
import type { ReadFile } from '../source/include-files.ts'
import { readYaml } from '../source/read-yaml.ts'
import { SourceMap } from '../source/source-map.ts'
import type { ConfigSections } from './config-sections.ts'

/** Where the rules of the policy engine are, and what the file says. What is wrong with it is found when it is compiled. */
export function readPolicyConfig({ settings }: ConfigSections, readFile: ReadFile): PolicyConfig {
  const path = settings.text('policy.config_path')
  const plain = {
    isEnabled: settings.boolean('policy.enabled'),
    failsClosed: settings.text('policy.fail_mode') === 'closed',
    path,
    document: null,
    problem: null,
  }
  if (!plain.isEnabled) return plain
  if (path === null) return { ...plain, problem: 'POLICY_ENGINE_ENABLED needs POLICY_CONFIG_PATH' }
  const text = readFile(path)
  if (text === null) return { ...plain, problem: 'the file cannot be read' }
  const report = new Report()
  const document = readYaml({ text, file: path, report, sourceMap: new SourceMap() })
  const [finding] = report.diagnostics
  if (!report.isFatal) return { ...plain, document }
  return { ...plain, problem: `line ${finding?.line ?? 1}: ${finding?.message ?? 'this is no YAML'}` }
}
