import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { WORK_FOLDER } from '../measure/process.js'
import { readCpuSeconds } from '../measure/process-tree.js'
import { spreadOf } from '../measure/statistics.js'
import { formatTable } from '../report/format-table.js'
import { nginxFiles } from '../subjects/nginx-files.js'
import { startRouteiq } from '../subjects/routeiq.js'

const GOAL = 0.5
const SKILLS = 100
const CONNECTIONS = 64

/** A hundred skills of a `SKILL.md` of 4 KB, a script of 20 KB and a small configuration. */
function writeSkills(folder) {
  rmSync(folder, { recursive: true, force: true })
  for (let n = 0; n < SKILLS; n += 1) {
    const name = `skill-${String(n).padStart(3, '0')}`
    mkdirSync(`${folder}${name}/data`, { recursive: true })
    const head = `---\nname: ${name}\ndescription: Merges the quarterly reports of office ${n} and numbers the pages.\n---\n\n`
    writeFileSync(`${folder}${name}/SKILL.md`, head + 'Ask for the number of the report first.\n'.repeat(98))
    writeFileSync(`${folder}${name}/merge.py`, 'print("merged")\n'.repeat(1280))
    writeFileSync(`${folder}${name}/data/config.json`, '{"pages": true}\n')
  }
}

/** Requests a second and CPU of the plugin's answers beside nginx, which serves the same bytes from the same files. */
export async function measureFiles(harness, { seconds, rounds }) {
  const folder = `${WORK_FOLDER}published/.well-known/skills/`
  writeSkills(folder)
  process.env.LLMROUTER_PLUGINS = 'skills-discovery'
  process.env.ROUTEIQ_SKILLS_DIR = folder
  process.env.ROUTEIQ_SKILLS__WELL_KNOWN__REQUESTS_PER_MINUTE = '0'
  const routeiq = await startRouteiq({ name: 'skills', deployments: [] })
  const index = await (await fetch(`http://127.0.0.1:${routeiq.port}/.well-known/skills/index.json`)).text()
  writeFileSync(`${folder}index.json`, index)
  const nginx = await nginxFiles.start(`${WORK_FOLDER}published`)
  const subjects = { routeiq, nginx }
  const rows = []
  for (const [title, path] of [
    [`index of ${SKILLS} skills`, 'index.json'],
    ['SKILL.md, 4 KB', 'skill-007/SKILL.md'],
    ['script, 20 KB', 'skill-007/merge.py'],
  ]) {
    const target = `/.well-known/skills/${path}`
    await requireSameBytes(subjects, target)
    rows.push([title, ...(await compare(harness, subjects, target, { seconds, rounds }))])
  }
  console.log(
    formatTable([['answer', 'requests/s', 'nginx', 'ratio', 'CPU µs', 'nginx', `goal ≥ ${GOAL}`], ...rows]),
  )
}

async function requireSameBytes({ routeiq, nginx }, path) {
  const [ours, theirs] = await Promise.all(
    [routeiq, nginx].map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()),
  )
  if (ours !== theirs) throw new Error(`${path} differs: ${ours.length} and ${theirs.length} bytes`)
}

async function compare(harness, subjects, path, { seconds, rounds }) {
  const rates = { routeiq: [], nginx: [] }
  const costs = { routeiq: [], nginx: [] }
  const job = { mode: 'closed', connections: CONNECTIONS, shapes: [{ method: 'GET', path }], headers: {} }
  for (const name of ['routeiq', 'nginx'])
    await harness.runLoad({ ...job, port: subjects[name].port, seconds: 1 })
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? ['routeiq', 'nginx'] : ['nginx', 'routeiq']) {
      const { pid, port } = subjects[name]
      const before = readCpuSeconds(pid)
      const { perSecond, requests } = await harness.runLoad({ ...job, port, seconds })
      rates[name].push(perSecond)
      costs[name].push(((readCpuSeconds(pid) - before) / requests) * 1e6)
    }
  }
  const ratio = spreadOf(rates.routeiq.map((rate, round) => rate / rates.nginx[round]))
  const medians = [rates.routeiq, rates.nginx, costs.routeiq, costs.nginx].map(
    (values) => spreadOf(values).median,
  )
  return [
    String(Math.round(medians[0])),
    String(Math.round(medians[1])),
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    medians[2].toFixed(1),
    medians[3].toFixed(1),
    ratio.median >= GOAL ? 'met' : 'MISSED',
  ]
}
