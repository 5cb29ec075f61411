import { readFileSync } from 'node:fs'
import { packageFile } from './package-file.ts'

const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string
}

/** The version of this release, from the package's own manifest. */
export const version: string = manifest.version
