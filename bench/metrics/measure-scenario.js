import { readBusySeconds, readCpuSeconds, readMemory } from '../measure/process-tree.js'
import { expectNoLeak } from '../measure/sockets.js'

const WARM_UP_SECONDS = 1.5
const MEMORY_EVERY_MS = 700

/** Share of the machine's CPU time that other programs may take in a round before it is called noisy. */
const QUIET_SHARE = 0.08

/**
 * Measures one scenario: a warm-up of every subject, then the rounds, in turn forwards and backwards, so that a
 * slow drift of the machine meets every subject alike. A failed round fails the run.
 * @param {{ scenario: object, subjects: Map<string, object>, harness: import('../measure/harness.js').Harness, seconds: number, rounds: number, report: (line: string) => void }} options
 * @returns {Promise<Record<string, object[]>>} rounds by subject
 */
export async function measureScenario(options) {
  const { scenario, subjects, rounds, seconds, report } = options
  const results = Object.fromEntries([...subjects.keys()].map((name) => [name, []]))
  const warmUp = scenario.warmUp ?? scenario.job
  for (const name of subjects.keys()) await measureRound(options, name, warmUp, WARM_UP_SECONDS)
  for (let round = 0; round < rounds; round += 1) {
    const names = round % 2 === 0 ? [...subjects.keys()] : [...subjects.keys()].reverse()
    for (const name of names) {
      const result = await measureRound(options, name, scenario.job, seconds)
      results[name][round] = result
      report(`${scenario.id} ${round + 1}/${rounds} ${name}${result.noisy ? '  NOISY' : ''}`)
    }
  }
  return results
}

async function measureRound({ scenario, subjects, harness }, name, plan, seconds) {
  const subject = subjects.get(name)
  const job = plan(seconds, subject)
  const sampler = sampleMemory(subject.pid, job.mode === 'streams')
  const before = readClocks(subject.pid, harness.helpers)
  try {
    const counted = await harness.runLoad({ ...job, headers: subject.headers, port: subject.port })
    const after = readClocks(subject.pid, harness.helpers)
    if (name !== 'direct') await expectNoLeak(subject.port, harness.readMockState)
    const wallSeconds = (after.wallMs - before.wallMs) / 1000
    const foreignSeconds = after.busy - before.busy - (after.ours - before.ours)
    const foreignShare = Math.max(0, foreignSeconds / wallSeconds / 2)
    const cpuSeconds = after.subject - before.subject
    const loadShare = (after.load - before.load) / wallSeconds
    const noisy = foreignShare > QUIET_SHARE
    return { ...counted, cpuSeconds, loadShare, foreignShare, noisy, ...sampler.stop() }
  } catch (error) {
    throw new Error(`${scenario.id}, ${name}: ${error.message}`)
  } finally {
    sampler.stop()
  }
}

function readClocks(subjectPid, helpers) {
  const { user, system } = process.cpuUsage()
  const subject = readCpuSeconds(subjectPid)
  const load = helpers.reduce((sum, pid) => sum + readCpuSeconds(pid), (user + system) / 1e6)
  const ours = helpers.includes(subjectPid) ? load : load + subject
  return { wallMs: performance.now(), busy: readBusySeconds(), subject, load, ours }
}

/** The largest memory seen in the round; off outside stream rounds, since reading it takes milliseconds of CPU. */
function sampleMemory(pid, on) {
  if (!on) return { stop: () => ({}) }
  let largest = 0
  const timer = setInterval(() => {
    largest = Math.max(largest, readMemory(pid).pssMb)
  }, MEMORY_EVERY_MS)
  return {
    stop: () => {
      clearInterval(timer)
      return { pssMb: largest }
    },
  }
}
