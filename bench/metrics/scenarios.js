import { LARGE, SMALL, STREAM, STREAM_EVENTS } from '../subjects/requests.js'

const CONNECTIONS = 64
const STREAMS = 1000
const STEADY_RATE = 300

/**
 */

const small = (seconds) => ({ mode: 'closed', connections: CONNECTIONS, seconds, shapes: [SMALL] })

/** @type {Scenario[]} */
export const SCENARIOS = [
  { id: 'small', title: `small request, closed loop, ${CONNECTIONS} connections`, job: small },
  {
    id: 'steady',
    title: `small request, open loop, ${STEADY_RATE} a second`,
    // At this rate a warm-up of seconds leaves whoever compiles at run time in its interpreter.
    warmUp: small,
    job: (seconds) => ({ mode: 'open', connections: 8, rate: STEADY_RATE, seconds, shapes: [SMALL] }),
  },
  {
    id: 'streams',
    title: `${STREAMS} streams, 50 events a second each`,
    job: (seconds) => ({
      mode: 'streams',
      streams: STREAMS,
      seconds,
      eventsPerStream: STREAM_EVENTS,
      shape: STREAM,
    }),
  },
  {
    id: 'large',
    title: `100 KB request, closed loop, ${CONNECTIONS} connections`,
    job: (seconds) => ({ mode: 'closed', connections: CONNECTIONS, seconds, shapes: [LARGE] }),
  },
]
