import { openConnection, openMany } from './connection.js'
import { formatRequest } from './request-bytes.js'
import { Samples } from './samples.js'

/**
 * C connections, each with one request in flight: the next is written when the answer has ended. Ends after
 * `seconds`, or after `requests` when given; what is in flight then is awaited and must succeed too. Several shapes are sent in turn.
 * @param {import('./request-bytes.js').Target & { shapes: import('./request-bytes.js').RequestShape[], connections: number, seconds?: number, requests?: number, status?: number }} job
 */
export async function runClosedLoop(job) {
  const run = new ClosedRun(job)
  await openMany(job.connections, () => run.open())
  const startMs = performance.now()
  run.deadlineMs = startMs + (job.seconds ?? 600) * 1000
  for (const member of run.members) member.send()
  await run.finished
  for (const member of run.members) member.connection.close()
  const windowMs = Math.min(run.lastMs, run.deadlineMs) - startMs
  return {
    requests: run.completed,
    perSecond: (run.completedInWindow / windowMs) * 1000,
    latency: run.samples.summarise(),
  }
}

class ClosedRun {
  constructor(job) {
    this.port = job.port
    this.requests = job.shapes.map((shape) => formatRequest(shape, job))
    this.limit = job.requests ?? Number.POSITIVE_INFINITY
    this.status = job.status ?? 200
    this.samples = new Samples()
    this.members = []
    this.sent = 0
    this.completed = 0
    this.completedInWindow = 0
    this.active = 0
    this.deadlineMs = 0
    this.lastMs = 0
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  async open() {
    const member = new ClosedMember(this)
    member.connection = await openConnection(this.port, member)
    this.members.push(member)
  }
}

class ClosedMember {
  constructor(run) {
    this.run = run
    this.sentMs = 0
    this.connection = undefined
  }

  send() {
    const { run } = this
    const bytes = run.requests[run.sent % run.requests.length]
    run.sent += 1
    run.active += 1
    this.sentMs = performance.now()
    this.connection.write(bytes)
  }

  onBody() {}

  onEnd(status) {
    const { run } = this
    if (status !== run.status) return run.reject(new Error(`status ${status} instead of ${run.status}`))
    const nowMs = performance.now()
    run.samples.add(nowMs - this.sentMs)
    run.completed += 1
    run.active -= 1
    run.lastMs = nowMs
    const open = nowMs < run.deadlineMs
    if (open) run.completedInWindow += 1
    if (open && run.sent < run.limit) return this.send()
    if (run.active === 0) run.resolve()
  }

  onGone(error) {
    this.run.reject(error)
  }
}
