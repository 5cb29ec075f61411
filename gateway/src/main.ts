// `skills` talks to a gateway that runs elsewhere: it starts without loading one.
const [command, ...rest] = process.argv.slice(2)
if (command === 'skills') {
  const { runSkills } = await import('./cli/skills/run-skills.ts')
  process.exitCode = await runSkills(rest, process)
} else {
  const { runCommand } = await import('./cli/run-command.ts')
  await runCommand(process.argv.slice(2))
}
