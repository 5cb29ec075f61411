import { describe, it } from 'vitest'
import { listDatabases } from '../harness/databases.ts'
import { describeSkillsGateway } from './acceptance.ts'

const [, postgresql] = await listDatabases()

describe('the Skills Gateway over PostgreSQL', () => {
  if (postgresql === undefined) it.skip('needs PostgreSQL', () => {})
  else describeSkillsGateway(postgresql)
})
