import { openConnection, openMany } from './connection.js'
import { EventCounter } from './event-counter.js'
import { formatRequest } from './request-bytes.js'
import { Samples } from './samples.js'

/** The role event is the first; the first content is in the second. */
const FIRST_TOKEN_EVENT = 2

/**
 * N connections, each reading one stream after the other for `seconds`; streams open at the end are read to
 * their end. Every stream must hold exactly `eventsPerStream` events and end in `[DONE]`.
 * @param {import('./request-bytes.js').Target & { shape: import('./request-bytes.js').RequestShape, streams: number, seconds: number, eventsPerStream: number }} job
 * @returns events a second of the window, whole streams read, and time to first token in milliseconds
 */
export async function runStreams(job) {
  const run = new StreamRun(job)
  await openMany(job.streams, () => run.open())
  const startMs = performance.now()
  run.deadlineMs = startMs + job.seconds * 1000
  for (const member of run.members) member.send()
  await run.finished
  for (const member of run.members) member.connection.close()
  return {
    requests: run.wholeStreams,
    events: run.wholeStreams * job.eventsPerStream,
    eventsPerSecond: run.eventsInWindow / job.seconds,
    drainMs: performance.now() - run.deadlineMs,
    firstToken: run.firstTokens.summarise(),
  }
}

class StreamRun {
  constructor(job) {
    this.job = job
    this.bytes = formatRequest(job.shape, job)
    this.firstTokens = new Samples()
    this.members = []
    this.eventsInWindow = 0
    this.wholeStreams = 0
    this.active = 0
    this.deadlineMs = 0
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  async open() {
    const member = new StreamMember(this)
    member.connection = await openConnection(this.job.port, member)
    this.members.push(member)
  }
}

class StreamMember {
  constructor(run) {
    this.run = run
    this.events = new EventCounter()
    this.sentMs = 0
    this.connection = undefined
  }

  send() {
    this.run.active += 1
    this.events.reset()
    this.sentMs = performance.now()
    this.connection.write(this.run.bytes)
  }

  onBody(bytes, start, end) {
    const before = this.events.count
    this.events.push(bytes, start, end)
    const nowMs = performance.now()
    if (nowMs < this.run.deadlineMs) this.run.eventsInWindow += this.events.count - before
    if (before < FIRST_TOKEN_EVENT && this.events.count >= FIRST_TOKEN_EVENT) {
      this.run.firstTokens.add(nowMs - this.sentMs)
    }
  }

  onEnd(status) {
    const { run, events } = this
    if (status !== 200) return run.reject(new Error(`status ${status} instead of 200`))
    if (!events.done || events.count !== run.job.eventsPerStream) {
      return run.reject(
        new Error(`${events.count} events of ${run.job.eventsPerStream}, [DONE] ${events.done}`),
      )
    }
    run.wholeStreams += 1
    run.active -= 1
    if (performance.now() < run.deadlineMs) return this.send()
    if (run.active === 0) run.resolve()
  }

  onGone(error) {
    this.run.reject(error)
  }
}
