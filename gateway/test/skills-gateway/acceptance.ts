import { describe } from 'vitest'
import { findTestServices } from '../../src/storage/testing/test-services.ts'
import type { ProductDatabase } from '../harness/databases.ts'
import { installPythonPackage } from '../harness/install-python-package.ts'
import { describeSdks } from './g1-sdks.ts'
import { describeHostileUploads } from './g2-hostile-uploads.ts'
import { describeUploads } from './g2-uploads.ts'
import { describeInstalling } from './g3-installing.ts'
import { describeReference } from './g3-reference.ts'
import { describeWellKnown } from './g4-well-known.ts'
import { describeMcp } from './g5-mcp.ts'
import { describeCodeExecution } from './g6-code-execution.ts'
import { describeContainers } from './g6-containers.ts'
import { describeInjection } from './g7-injection.ts'
import { describeMatrix } from './g7-matrix.ts'
import { describePrefix } from './g8-prefix.ts'
import { describeJoin } from './g9-join.ts'
import { describeModules } from './g10-modules.ts'
import { describeMoat } from './g11-moat.ts'
import { describeTenants } from './g12-tenants.ts'
import { describeScanner } from './g13-scanner.ts'

const { redisUrl } = await findTestServices()
const reference = await installPythonPackage('skills-ref', '0.1.1')
if (reference.reason !== '') console.error(`skipped: ${reference.reason}`)

/**
 * What the Skills Gateway promises, through the server, over one kind of database. Each kind has a file of its own, so that
 * they can run side by side.
 */
export function describeSkillsGateway(database: ProductDatabase): void {
  describe('G1 the packages of Anthropic and OpenAI on one store', () => describeSdks(database))
  describe('G2 one tree, one digest, however it is uploaded', () => describeUploads(database))
  describe('G2 hostile archives', () => describeHostileUploads(database))
  describe('G3 `npx skills` installs what is published', () => describeInstalling(database))
  describe.skipIf(reference.reason !== '')('G3 the reference library takes it', () =>
    describeReference(database, reference.python),
  )
  describe('G4 the published folder', () => describeWellKnown(database))
  describe('G5 skills over MCP, in both eras', () => describeMcp(database))
  describe('G6 skills in a container', () => describeContainers(database))
  describe('G6 code of a model without code execution', () => describeCodeExecution(database))
  describe('G7 skills in requests', () => describeInjection(database))
  describe('G7 whatever the model does with the tool', () => describeMatrix(database))
  describe('G8 the bytes in front of what is new', () => describePrefix(database))
  describe('G9 what was offered, delivered and read', () => describeJoin(database))
  describe('G10 functions of modules', () => describeModules(database))
  describe.skipIf(database.name !== 'postgresql' || redisUrl === null)('G11 replicas', () =>
    describeMoat(database, redisUrl ?? ''),
  )
  describe('G12 tenants know nothing of each other', () => describeTenants(database))
  describe('G13 the scan finds what is bad and leaves the rest alone', () => describeScanner(database))
}
