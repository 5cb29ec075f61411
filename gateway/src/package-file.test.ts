import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { packageFile } from './package-file.ts'
import { readSourceFiles } from './testing/source-files.ts'

it.each(['package.json', 'bin/tokenizer.js', 'bin/embedded-database.js'])('finds %s', (path) => {
  expect(readFileSync(packageFile(path)).length).toBeGreaterThan(0)
})

it('is the one file that knows where it is: the place of every other one changes in the bundle', () => {
  const knowing = readSourceFiles(new URL('./', import.meta.url)).filter(({ code }) =>
    /new URL\([^)]*import\.meta/.test(code),
  )
  expect(knowing.map(({ path }) => path)).toEqual(['package-file.ts'])
})
