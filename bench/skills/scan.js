// How often the scan of skills finds something in skills that people have published, check by check: `node skills/scan.js
// FILE…`, each one JSON skill a line (`name`, `description`, `body`), plain or gzipped. All of them count as benign, so that
// what is found is at most the share of false findings.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { scanSkill, statusOf } from '../../gateway/dist/skills/scan/scan-skill.js'

for (const file of process.argv.slice(2)) {
  const bytes = readFileSync(file)
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8')
  const skills = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const statuses = { clean: 0, flagged: 0, blocked: 0 }
  const checks = new Map()
  const startedAt = performance.now()
  for (const { name, description = '', body = '' } of skills) {
    const findings = scan(name, description, body)
    statuses[statusOf(findings)] += 1
    for (const check of new Set(findings.map((finding) => `${finding.check} (${finding.severity})`)))
      checks.set(check, (checks.get(check) ?? 0) + 1)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const share = (count) => `${((100 * count) / skills.length).toFixed(3)} %`
  const mebibytes = Buffer.byteLength(text) / 1_048_576
  console.log(
    `${basename(file)}: ${skills.length} skills, ${mebibytes.toFixed(1)} MiB in ${seconds.toFixed(2)} s`,
  )
  for (const status of ['flagged', 'blocked'])
    console.log(`  ${status} ${statuses[status]} (${share(statuses[status])})`)
  for (const [check, count] of [...checks].sort(([, a], [, b]) => b - a))
    console.log(`    ${check} ${count} (${share(count)})`)
}

function scan(name, description, body) {
  const skillMd = `---\nname: ${JSON.stringify(name)}\ndescription: ${JSON.stringify(description)}\n---\n\n${body}\n`
  return scanSkill({ name, description, skillMd, body, allowedTools: [], files: [] })
}
