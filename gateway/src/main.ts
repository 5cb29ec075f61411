// What talks to a gateway that runs elsewhere, or to none, starts without loading one.
const [command, ...rest] = process.argv.slice(2)
if (command === 'skills') {
  const { runSkills } = await import('./cli/skills/run-skills.ts')
  process.exitCode = await runSkills(rest, process)
} else if (command === 'modules') {
  const { runModules } = await import('./cli/modules/run-modules.ts')
  process.exitCode = await runModules(rest, process)
} else if (['train', 'eval', 'bundle', 'import', 'export-decisions'].includes(command ?? '')) {
  const { runRouting } = await import('./cli/routing/run-routing.ts')
  process.exitCode = await runRouting(command ?? '', rest, process)
} else {
  const { runCommand } = await import('./cli/run-command.ts')
  await runCommand(process.argv.slice(2))
}
