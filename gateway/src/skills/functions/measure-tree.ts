import { readFileSync } from 'node:fs'

export interface TreeMeasure {
  readonly residentBytes: number
  readonly processes: number
}

const pageBytes = 4096
/** More than any limit allows: a bomb need not be counted to its end. */
const mostCounted = 256

/** Memory and number of a process and all it started, as `/proc` tells; zeros where there is none. */
export function measureTree(root: number): TreeMeasure {
  let residentBytes = 0
  let processes = 0
  const pids = [root]
  for (let pid = pids.pop(); pid !== undefined && processes < mostCounted; pid = pids.pop()) {
    const resident = readNumbers(`/proc/${pid}/statm`)[1]
    if (resident === undefined) continue
    residentBytes += resident * pageBytes
    processes += 1
    pids.push(...readNumbers(`/proc/${pid}/task/${pid}/children`))
  }
  return { residentBytes, processes }
}

function readNumbers(path: string): number[] {
  try {
    return readFileSync(path, 'latin1').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
