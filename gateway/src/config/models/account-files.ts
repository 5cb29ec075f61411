import type { Path, Report } from '../report.ts'
import type { ReadFile } from '../source/include-files.ts'

type Account = Readonly<Record<string, string>>

interface FileSource {
  readonly readFile: ReadFile
  readonly report: Report
}

/**
 * The account with the content of files where a parameter may name one instead of holding JSON. A file that is not
 * there is an error, and the parameter is left out.
 */
export function readAccountFiles(
  account: Account,
  names: readonly string[],
  { readFile, report }: FileSource,
  path: Path,
): Account {
  const read: Record<string, string> = { ...account }
  for (const name of names) {
    const value = account[name]
    if (value === undefined || value.trimStart().startsWith('{')) continue
    const content = readFile(value)
    delete read[name]
    if (content !== null) read[name] = content
    else report.error([...path, name], `there is no file ${value}`)
  }
  return read
}
