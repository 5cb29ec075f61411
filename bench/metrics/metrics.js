/**
 * One round of one subject: what the load program counted, CPU seconds and memory of the subject's process tree.
 * @typedef {{ requests: number, perSecond?: number, latency?: { p50: number }, eventsPerSecond?: number, firstToken?: { p50: number }, cpuSeconds: number, pssMb?: number }} Round
 *
 * A ratio of two subjects' rounds. `value` is called once a round, with that round of each needed subject.
 * @typedef {object} Metric
 * @property {string} id
 * @property {string} title
 * @property {string} scenario
 * @property {string[]} peers needed beside the product
 * @property {'least' | 'most'} bound whether the goal is the least or the most that is good enough
 * @property {number} goal
 * @property {number} moonshot
 * @property {(rounds: Record<string, Round>) => number} value
 */

const cpuPerRequest = (round) => round.cpuSeconds / round.requests
const addedP50 = (round, rounds) => round.latency.p50 - rounds.direct.latency.p50

/** @type {Metric[]} */
export const METRICS = [
  {
    id: 'P1',
    title: 'requests/s ÷ Portkey',
    scenario: 'small',
    peers: ['portkey'],
    bound: 'least',
    goal: 12,
    moonshot: 20,
    value: ({ product, portkey }) => product.perSecond / portkey.perSecond,
  },
  {
    id: 'P2',
    title: 'CPU a request ÷ nginx',
    scenario: 'small',
    peers: ['nginx'],
    bound: 'most',
    goal: 4,
    moonshot: 2.5,
    value: ({ product, nginx }) => cpuPerRequest(product) / cpuPerRequest(nginx),
  },
  {
    id: 'P3',
    title: "added p50 ÷ nginx's, 300/s",
    scenario: 'steady',
    peers: ['direct', 'nginx'],
    bound: 'most',
    goal: 2.5,
    moonshot: 1.5,
    value: (rounds) => addedP50(rounds.product, rounds) / addedP50(rounds.nginx, rounds),
  },
  {
    id: 'P4',
    title: "Portkey's added p50 ÷ ours, 300/s",
    scenario: 'steady',
    peers: ['direct', 'portkey'],
    bound: 'least',
    goal: 2.5,
    moonshot: 5,
    value: (rounds) => addedP50(rounds.portkey, rounds) / addedP50(rounds.product, rounds),
  },
  {
    id: 'P5',
    title: 'events/s at 1 000 streams ÷ nginx',
    scenario: 'streams',
    peers: ['nginx'],
    bound: 'least',
    goal: 0.9,
    moonshot: 0.98,
    value: ({ product, nginx }) => product.eventsPerSecond / nginx.eventsPerSecond,
  },
  {
    id: 'P6',
    title: "Portkey's time to first token ÷ ours, 1 000 streams",
    scenario: 'streams',
    peers: ['portkey'],
    bound: 'least',
    goal: 8,
    moonshot: 15,
    value: ({ product, portkey }) => portkey.firstToken.p50 / product.firstToken.p50,
  },
  {
    id: 'P7',
    title: "Portkey's memory (PSS) ÷ ours, 1 000 streams",
    scenario: 'streams',
    peers: ['portkey'],
    bound: 'least',
    goal: 3,
    moonshot: 5,
    value: ({ product, portkey }) => portkey.pssMb / product.pssMb,
  },
  {
    id: 'P8',
    title: 'requests/s at 100 KB ÷ Portkey',
    scenario: 'large',
    peers: ['portkey'],
    bound: 'least',
    goal: 8,
    moonshot: 15,
    value: ({ product, portkey }) => product.perSecond / portkey.perSecond,
  },
  {
    id: 'P9',
    title: 'requests/s ÷ bare FastAPI + aiohttp',
    scenario: 'small',
    peers: ['fastapi'],
    bound: 'least',
    goal: 2,
    moonshot: 3,
    value: ({ product, fastapi }) => product.perSecond / fastapi.perSecond,
  },
  {
    id: 'P11',
    title: 'CPU a request ÷ bare pass-through of the same transport',
    scenario: 'small',
    peers: ['bare'],
    bound: 'most',
    goal: 1.5,
    moonshot: 1.25,
    value: ({ product, bare }) => cpuPerRequest(product) / cpuPerRequest(bare),
  },
]
