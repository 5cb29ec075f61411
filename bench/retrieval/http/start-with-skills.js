import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess, WORK_FOLDER, waitForPort } from '../../measure/process.js'
import { launchRouteiq, startRouteiq } from '../../subjects/routeiq.js'
import { fillDatabase } from './fill-database.js'

/** Starts RouteIQ with these skills in its embedded database; they are not in memory yet. */
export async function startWithSkills(options, skills) {
  const empty = await launchRouteiq(options)
  await waitForPort(empty, empty.port, 60)
  await sleep(1_000)
  await stopProcess(empty)
  await fillDatabase(findDatabase(options.name), skills)
  return startRouteiq({ ...options, keepData: true })
}

/** Where the gateway keeps its embedded database. */
function findDatabase(name) {
  const folder = `${WORK_FOLDER}data-${name}`
  const found = readdirSync(folder).find((entry) => existsSync(join(folder, entry, 'PG_VERSION')))
  return found === undefined ? folder : join(folder, found)
}
