#!/usr/bin/env node
import { statSync } from 'node:fs'

/** When a file of this package was last written; null when it is not there. */
const writtenAt = (path) =>
  statSync(new URL(`../${path}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? null

// A published package has the bundle only. In a checkout the compiler may have run since it was made.
const bundledAt = writtenAt('bundle/main.js')
const compiledAt = writtenAt('tsconfig.tsbuildinfo')
if (bundledAt === null && compiledAt === null) {
  console.error('routeiq: not built yet. Run `npm run build` in the repository first.')
  process.exit(1)
}
await import((bundledAt ?? 0) > (compiledAt ?? 0) ? '../bundle/main.js' : '../dist/main.js')
