import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
