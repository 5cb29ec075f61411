import { expect, it } from 'vitest'
import { redactPatterns } from '../../telemetry/redaction/patterns.ts'
import { Report } from '../report.ts'
import { interpolateTree } from './interpolate.ts'

it('puts values, defaults and nothing in the place of variables, and says what is missing', () => {
  const report = new Report()
  const root = {
    model_list: [
      { key: 'os.environ/MODEL_API_KEY', base: 'https://${HOST}/v1', version: '${VERSION:-2024}' },
    ],
    other: '${EMPTY}',
  }
  interpolateTree(root, { HOST: 'models.example.org', EMPTY: '' }, report)
  expect(root).toEqual({
    model_list: [{ key: null, base: 'https://models.example.org/v1', version: '2024' }],
    other: null,
  })
  const [missing, ...others] = report.diagnostics
  expect(others.map(({ message }) => message)).toEqual(['the environment variable EMPTY is not set'])
  expect(missing).toMatchObject({ severity: 'warning', path: 'model_list[0].key' })
  // The name of a secret is no secret: the hint can be read in the log.
  expect(redactPatterns(missing?.hint ?? '')).toBe('set MODEL_API_KEY, or write ${MODEL_API_KEY:-<default>}')
})
