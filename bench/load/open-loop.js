import { openConnection, openMany } from './connection.js'
import { formatRequest } from './request-bytes.js'
import { Samples } from './samples.js'

const MOST_CONNECTIONS = 256

/**
 * Sends at a fixed rate whatever the answers do: a slow answer never delays the next request, so there is no
 * coordinated omission. The clock of a request starts at its write. Timers of 1 ms make a write late by up to
 * about a millisecond against its plan; that lateness belongs to the load program, is the same for every
 * subject, and is reported as `late`.
 * @param {import('./request-bytes.js').Target & { shapes: import('./request-bytes.js').RequestShape[], rate: number, seconds: number, connections: number, status?: number }} job
 *   `connections` are opened first; more are opened only when all of them are busy
 */
export async function runOpenLoop(job) {
  const run = new OpenRun(job)
  await openMany(job.connections, async () => run.idle.push(await run.open()))
  await run.sendAll()
  await run.finished
  for (const member of run.members) member.connection.close()
  return { requests: run.completed, latency: run.samples.summarise(), late: run.late.summarise() }
}

class OpenRun {
  constructor(job) {
    this.job = job
    this.requests = job.shapes.map((shape) => formatRequest(shape, job))
    this.written = 0
    this.status = job.status ?? 200
    this.total = Math.round(job.rate * job.seconds)
    this.samples = new Samples()
    this.late = new Samples()
    this.members = []
    this.idle = []
    this.completed = 0
    this.failed = false
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = (error) => {
        this.failed = true
        reject(error)
      }
    })
    this.finished.catch(() => {})
  }

  async open() {
    if (this.members.length >= MOST_CONNECTIONS)
      throw new Error(`${MOST_CONNECTIONS} connections were not enough`)
    const member = new OpenMember(this)
    this.members.push(member)
    member.connection = await openConnection(this.job.port, member)
    return member
  }

  async sendAll() {
    const startMs = performance.now()
    for (let sent = 0; sent < this.total && !this.failed; ) {
      const dueMs = startMs + (sent * 1000) / this.job.rate
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        continue
      }
      sent += 1
      this.late.add(-waitMs)
      const member = this.idle.pop()
      if (member !== undefined) member.send()
      else this.open().then((opened) => opened.send(), this.reject)
    }
  }
}

class OpenMember {
  constructor(run) {
    this.run = run
    this.sentMs = 0
    this.busy = false
    this.connection = undefined
  }

  send() {
    this.busy = true
    this.sentMs = performance.now()
    const { run } = this
    this.connection.write(run.requests[run.written % run.requests.length])
    run.written += 1
  }

  onBody() {}

  onEnd(status) {
    const { run } = this
    if (status !== run.status) return run.reject(new Error(`status ${status} instead of ${run.status}`))
    run.samples.add(performance.now() - this.sentMs)
    run.completed += 1
    this.busy = false
    run.idle.push(this)
    if (run.completed === run.total) run.resolve()
  }

  /** A server may close a connection that idled; one with a request on it may not be lost. */
  onGone(error) {
    if (this.busy) return this.run.reject(error)
    this.run.idle = this.run.idle.filter((member) => member !== this)
  }
}
