const EVENTS_BY_DEFAULT = 16

/**
 * What the mock does for one request. It is read from the model name, so that one process serves every
 * scenario through any gateway: `name--events-64--gap-20--first-10` streams 64 content events 20 ms apart,
 * the first of them after 10 ms. A part that is absent keeps its default: 16 events, no gap, no delay.
 * @typedef {{ events: number, gapMs: number, firstMs: number }} Scenario
 */

/** @type {Map<string, Scenario>} */
const known = new Map()

/**
 * @param {string} model
 * @returns {Scenario}
 */
export function parseScenario(model) {
  const found = known.get(model)
  if (found !== undefined) return found
  const scenario = { events: EVENTS_BY_DEFAULT, gapMs: 0, firstMs: 0 }
  for (const part of model.split('--').slice(1)) {
    const [name, value] = part.split('-')
    const amount = Number(value)
    if (!Number.isInteger(amount) || amount < 0) continue
    if (name === 'events') scenario.events = amount
    if (name === 'gap') scenario.gapMs = amount
    if (name === 'first') scenario.firstMs = amount
  }
  if (known.size < 1000) known.set(model, scenario)
  return scenario
}
