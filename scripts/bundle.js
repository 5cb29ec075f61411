// Joins what the compiler made of the gateway, and the packages it imports, into a few files: gateway/bundle.
// Why, and what it must not change: docs/adr/0007-one-bundle.md.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const gateway = fileURLToPath(new URL('../gateway/', import.meta.url))
const directory = join(gateway, 'bundle')
/** What a gateway without tool servers does without: half a megabyte of source, and 3 MB of what it makes when it is loaded. */
const loadedWhenAsked = /\/node_modules\/(?:@modelcontextprotocol|@babel)\//
const apacheLicence = readFileSync(join(gateway, '../LICENSE'), 'utf8').trim()

/** What `import()` asks for stays in files of its own, loaded when it is asked for. */
async function writeBundle() {
  const bundle = await rolldown({
    input: { main: join(gateway, 'dist/main.js') },
    platform: 'node',
    // Loaded when they are configured, from where they are installed; `pg` does without the last one.
    external: ['ioredis', '@smithy/signature-v4', 'pg-native'],
    onLog: (level, log) => {
      if (level !== 'debug' && level !== 'info') throw new Error(`bundling: ${log.message}`)
    },
  })
  const { output } = await bundle.generate({
    chunkFileNames: '[name].js',
    comments: { legal: true, annotation: false, jsdoc: false },
  })
  await bundle.close()
  refuseAtStart(output)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  for (const { fileName, code } of output) writeFileSync(join(directory, fileName), escapeWide(code))
  return output.flatMap(({ moduleIds }) => moduleIds)
}

/** What is loaded when it is asked for must not be reached by an `import` of what every start loads. */
function refuseAtStart(output) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]))
  const started = new Set(['run-command.js'])
  for (const fileName of started) {
    const { imports, moduleIds } = chunks.get(fileName)
    const found = moduleIds.find((id) => loadedWhenAsked.test(id))
    if (found !== undefined) throw new Error(`bundling: every start would load ${found}`)
    for (const imported of imports) if (chunks.has(imported)) started.add(imported)
  }
}

/** V8 keeps a source file for good, and in twice the space when a single character of it is none of Latin-1. */
function escapeWide(code) {
  if (/\\[\u0100-\uffff]/.test(code)) throw new Error('bundling: a wide character behind a backslash')
  return code.replace(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The folders of the packages whose code is in the bundle, sorted by name. */
function listPackages(moduleIds) {
  const folders = moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/** The notice a package wants kept: a file, the end of its README, or the text of Apache-2.0. */
function readNotice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const read = (pattern) =>
    readdirSync(folder)
      .filter((file) => pattern.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim())
      .join('\n\n')
  const ofReadme = () => /^#+ licen[cs]e$.*copyright.*/ims.exec(read(/^readme/i))?.[0]
  const text =
    read(/^(?:licen[cs]e|notice|copying)/i) || ofReadme() || (license === 'Apache-2.0' && apacheLicence)
  if (!text) throw new Error(`bundling: ${name} (${license}) has no notice to keep`)
  return `${name} ${version} (${license})\n\n${text}`
}

const packages = listPackages(await writeBundle())
const rule = `\n\n${'-'.repeat(80)}\n\n`
writeFileSync(
  join(directory, 'THIRD-PARTY-NOTICES'),
  `The files beside this one contain the following packages.${rule}${packages.map(readNotice).join(rule)}\n`,
)
