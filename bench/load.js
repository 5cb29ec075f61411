import { runAbortedStreams } from './load/aborted-streams.js'
import { runClosedLoop } from './load/closed-loop.js'
import { readOneAnswer } from './load/one-answer.js'
import { runOpenLoop } from './load/open-loop.js'
import { runStreams } from './load/streams.js'

const MODES = {
  'aborted-streams': runAbortedStreams,
  closed: runClosedLoop,
  one: readOneAnswer,
  open: runOpenLoop,
  streams: runStreams,
}

/**
 * Usage as a program: `node load.js '{"mode":"closed","port":4000,"headers":{…},"connections":64,"seconds":3,"shapes":[…]}'`.
 * As a child with a channel it takes jobs as messages and stays warm between them.
 * @param {{ mode: keyof typeof MODES }} job
 */
async function runJob(job) {
  const run = MODES[job.mode]
  if (run === undefined) throw new Error(`unknown mode ${job.mode}; known: ${Object.keys(MODES).join(', ')}`)
  return run(job)
}

if (process.send === undefined) {
  console.log(JSON.stringify(await runJob(JSON.parse(process.argv[2] ?? '{}')), null, 2))
  process.exit(0)
} else {
  process.on('message', ({ id, job }) => {
    runJob(job).then(
      (result) => process.send({ id, result }),
      (error) => process.send({ id, error: error.message }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
