import { takeReloadSignals } from './process/reload-signal.ts'

// What talks to a gateway that runs elsewhere, or to none, starts without loading one.
const routingCommands = new Set([
  'train',
  'eval',
  'bundle',
  'import',
  'probe',
  'calibrate',
  'replay',
  'export-decisions',
])
const [command, ...rest] = process.argv.slice(2)
if (command === 'skills') {
  const { runSkills } = await import('./cli/skills/run-skills.ts')
  process.exitCode = await runSkills(rest, process)
} else if (command === 'modules') {
  const { runModules } = await import('./cli/modules/run-modules.ts')
  process.exitCode = await runModules(rest, process)
} else if (command === 'audit') {
  const { runAudit } = await import('./cli/audit/run-audit.ts')
  process.exitCode = await runAudit(rest, process)
} else if (command === 'secrets') {
  const { runSecrets } = await import('./cli/secrets/run-secrets.ts')
  process.exitCode = await runSecrets(rest, process)
} else if (command === 'import' && rest[0] === 'litellm') {
  const { runImport } = await import('./cli/import/run-import.ts')
  process.exitCode = await runImport(rest.slice(1), process)
} else if (routingCommands.has(command ?? '')) {
  const { runRouting } = await import('./cli/routing/run-routing.ts')
  process.exitCode = await runRouting(command ?? '', rest, process)
} else {
  if (command === undefined || command === 'start') takeReloadSignals()
  const { runCommand } = await import('./cli/run-command.ts')
  await runCommand(process.argv.slice(2))
}
