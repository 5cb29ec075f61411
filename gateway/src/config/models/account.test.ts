import { expect, it } from 'vitest'
import { Report } from '../report.ts'
import { Section } from '../values/section.ts'
import { readAccount } from './account.ts'

const accountVariables = {
  region: ['REGION', 'DEFAULT_REGION'],
  secret: ['SECRET'],
  credentials: [],
  id: ['ID'],
}
const read = (params: object, env = {}) =>
  readAccount(
    new Section(params, ['litellm_params'], new Report()),
    { accountVariables, accountGroups: [['id', 'secret']] },
    env,
  )

it('takes what is written, else the first variable that is set', () => {
  expect(read({ region: 'eu' }, { REGION: 'us', SECRET: 's' })).toEqual({ region: 'eu', secret: 's' })
  expect(read({}, { REGION: ' ', DEFAULT_REGION: 'us' })).toEqual({ region: 'us' })
})

it('does not fill in another account’s secret for one that is written but empty', () => {
  expect(read({ secret: '' }, { SECRET: 's' })).toEqual({})
})

it('keeps inline maps as JSON text and leaves other parameters alone', () => {
  expect(read({ credentials: { type: 'service_account' }, model: 'x' })).toEqual({
    credentials: '{"type":"service_account"}',
  })
})

it('takes credentials that belong together from one place', () => {
  const env = { ID: 'env-id', SECRET: 'env-secret', REGION: 'us' }
  expect(read({}, env)).toEqual({ region: 'us', id: 'env-id', secret: 'env-secret' })
  expect(read({ id: 'own' }, env)).toEqual({ region: 'us', id: 'own' })
})
