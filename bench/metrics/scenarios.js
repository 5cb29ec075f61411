import { LARGE, SMALL, STREAM, STREAM_EVENTS } from '../subjects/requests.js'

const CONNECTIONS = 64
const STREAMS = 1000
const STEADY_RATE = 300

/**
 */

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    id: 'small',
    title: `small request, closed loop, ${CONNECTIONS} connections`,
    job: (seconds) => ({ mode: 'closed', connections: CONNECTIONS, seconds, shapes: [SMALL] }),
  },
  {
    id: 'steady',
    title: `small request, open loop, ${STEADY_RATE} a second`,
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
