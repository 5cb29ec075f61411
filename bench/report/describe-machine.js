import { cpus, loadavg, release, totalmem } from 'node:os'

/** Load average of the last minute above which the whole run is called noisy. */
const QUIET_LOAD = 0.7

/** The machine, its load before the run, and the versions under test. */
export function describeMachine() {
  const load = loadavg()[0]
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    loadAverage: load,
    noisy: load > QUIET_LOAD || cpus().length < 2,
  }
}

/** @param {ReturnType<typeof describeMachine>} machine */
export function formatMachine(machine) {
  const { processor, cores, memoryGb, kernel, node, loadAverage, noisy } = machine
  const note = noisy ? '  NOISY: the machine was not idle, or has one core' : ''
  return `${processor}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, Node ${node}\nload average ${loadAverage.toFixed(2)}${note}`
}
