import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']))

function read(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Fields of /proc/PID/stat after the name: [0] is state, [1] the parent (proc(5)). */
function readStat(pid) {
  const text = read(`/proc/${pid}/stat`)
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/**
 * @param {number} root
 * @returns {number[]} the process and all that descend from it
 */
export function listTree(root) {
  const parents = new Map()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    const stat = readStat(pid)
    if (stat !== undefined) parents.set(pid, Number(stat[1]))
  }
  const tree = [root]
  for (const member of tree) {
    for (const [pid, parent] of parents) if (parent === member) tree.push(pid)
  }
  return tree
}

/**
 * CPU time of a process tree by the kernel's accounting, with children that have ended.
 * @param {number} root
 * @returns {number} seconds, user and system
 */
export function readCpuSeconds(root) {
  let ticks = 0
  for (const pid of listTree(root)) {
    const stat = readStat(pid)
    if (stat !== undefined) ticks += Number(stat[11]) + Number(stat[12]) + Number(stat[13]) + Number(stat[14])
  }
  return ticks / TICKS_PER_SECOND
}

/**
 * CPU time of one process by the kernel's accounting.
 * @param {number} pid
 * @returns {{ main: number, all: number }} milliseconds, user and system, of its first thread and of all that are running
 */
export function readThreadMs(pid) {
  const ms = (task) => {
    const text = read(`/proc/${pid}/task/${task}/stat`)
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return text === '' ? 0 : ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  }
  const all = readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + ms(task), 0)
  return { main: ms(pid), all }
}

/**
 * Memory of a process tree from smaps_rollup.
 * @param {number} root
 * @returns {{ pssMb: number, rssMb: number }} MB of 10^6 bytes; PSS shares out pages that several processes map
 */
export function readMemory(root) {
  let pss = 0
  let rss = 0
  for (const pid of listTree(root)) {
    const text = read(`/proc/${pid}/smaps_rollup`)
    pss += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
    rss += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
  }
  return { pssMb: (pss * 1024) / 1e6, rssMb: (rss * 1024) / 1e6 }
}

/**
 * @returns {number} seconds of CPU time taken from the idle loop on the whole machine so far, with time that
 *   the hypervisor gave to others
 */
export function readBusySeconds() {
  const [user, nice, system, , , irq, softIrq, steal] = read('/proc/stat')
    .slice(0, 200)
    .split('\n')[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND
}
