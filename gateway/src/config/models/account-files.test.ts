import { expect, it } from 'vitest'
import { Report } from '../report.ts'
import { readAccountFiles } from './account-files.ts'

const files: Readonly<Record<string, string>> = { '/key.json': '{"a":1}' }
const read = (account: Readonly<Record<string, string>>) => {
  const report = new Report()
  const source = { readFile: (path: string) => files[path] ?? null, report }
  return { account: readAccountFiles(account, ['credentials'], source, ['litellm_params']), report }
}

it('puts the content of a file in the place of its path', () => {
  const { account, report } = read({ credentials: '/key.json', project: '/key.json' })
  expect(account).toEqual({ credentials: '{"a":1}', project: '/key.json' })
  expect(report.diagnostics).toEqual([])
})

it('leaves JSON and silence alone', () => {
  expect(read({ credentials: ' {"b":2}' }).account).toEqual({ credentials: ' {"b":2}' })
  expect(read({}).account).toEqual({})
})

it('says which file is missing and leaves the parameter out', () => {
  const { account, report } = read({ credentials: '/gone.json' })
  expect(account).toEqual({})
  expect(report.diagnostics).toMatchObject([{ severity: 'error', message: 'there is no file /gone.json' }])
})
