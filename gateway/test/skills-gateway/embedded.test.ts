import { describe } from 'vitest'
import { listDatabases } from '../harness/databases.ts'
import { describeSkillsGateway } from './acceptance.ts'

const [embedded] = await listDatabases()

describe('the Skills Gateway over its own database', () => describeSkillsGateway(embedded))
