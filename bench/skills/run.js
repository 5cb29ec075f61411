import { parseArgs } from 'node:util'
import { startHarness } from '../measure/harness.js'
import { runProgram } from '../measure/run-program.js'
import { measureFunctions } from './call-functions.js'
import { measureFiles } from './serve-files.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    calls: { type: 'string', default: '40' },
    only: { type: 'string', default: 'files,functions' },
  },
})

await runProgram(async () => {
  const harness = await startHarness()
  const only = values.only.split(',')
  if (only.includes('files'))
    await measureFiles(harness, { seconds: Number(values.seconds), rounds: Number(values.rounds) })
  if (only.includes('functions')) await measureFunctions({ calls: Number(values.calls) })
})
