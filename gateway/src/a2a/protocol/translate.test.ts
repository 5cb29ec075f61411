import { describe, expect, it } from 'vitest'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { translateEvent, translateParams, translateResult } from './translate-calls.ts'
import { translateMessage, translateTask } from './translate-objects.ts'

let dropped = 0
const onDropped = () => {
  dropped += 1
}
const up = { direction: 'up', onDropped } as const
const down = { direction: 'down', onDropped } as const

const time = '2026-11-29T10:00:00.000Z'

const oldMessage = {
  kind: 'message',
  messageId: 'm1',
  role: 'agent',
  contextId: 'c1',
  taskId: 't1',
  extensions: ['urn:x'],
  referenceTaskIds: ['t0'],
  metadata: { own: 1 },
  parts: [
    { kind: 'text', text: 'hello', metadata: { lang: 'en' } },
    { kind: 'file', file: { bytes: 'AAEC/w==', mimeType: 'image/png', name: 'dot.png' } },
    { kind: 'file', file: { uri: 'https://example.org/a.pdf' } },
    { kind: 'data', data: { nested: [1, null, 'x'] } },
  ],
}
const currentMessage = {
  messageId: 'm1',
  role: 'ROLE_AGENT',
  contextId: 'c1',
  taskId: 't1',
  extensions: ['urn:x'],
  referenceTaskIds: ['t0'],
  metadata: { own: 1 },
  parts: [
    { text: 'hello', metadata: { lang: 'en' } },
    { raw: 'AAEC/w==', mediaType: 'image/png', filename: 'dot.png' },
    { url: 'https://example.org/a.pdf' },
    { data: { nested: [1, null, 'x'] } },
  ],
}
const oldTask = {
  kind: 'task',
  id: 't1',
  contextId: 'c1',
  status: { state: 'input-required', timestamp: time, message: oldMessage },
  artifacts: [{ artifactId: 'a1', name: 'n', description: 'd', parts: oldMessage.parts }],
  history: [oldMessage],
}

describe('translation', () => {
  it('maps messages with every kind of part', () => {
    expect(translateMessage(oldMessage, up)).toEqual(currentMessage)
    expect(translateMessage(currentMessage, down)).toEqual(oldMessage)
  })

  it('is an identity there and back', () => {
    expect(translateTask(translateTask(oldTask, up), down)).toEqual(oldTask)
    const events = [
      { kind: 'status-update', taskId: 't1', contextId: 'c1', status: { state: 'working' }, final: false },
      { kind: 'status-update', taskId: 't1', contextId: 'c1', status: { state: 'completed' }, final: true },
      {
        kind: 'artifact-update',
        taskId: 't1',
        contextId: 'c1',
        append: true,
        lastChunk: false,
        artifact: { artifactId: 'a', parts: [{ kind: 'text', text: 'x' }] },
      },
      oldTask,
      oldMessage,
    ]
    for (const event of events) expect(translateEvent(translateEvent(event, up), down)).toEqual(event)
  })

  it('carries what the other version does not know, and gives it back', () => {
    const strange = {
      ...currentMessage,
      novelty: { deep: true },
      parts: [{ text: 'hi', mediaType: 'text/markdown' }, { data: [1, 2] }, { data: 'text' }],
    }
    const carried = translateMessage(strange, down)
    expect(carried).not.toHaveProperty('novelty')
    expect(translateMessage(carried, up)).toEqual(strange)
    const large = { ...oldMessage, novelty: 'x'.repeat(20_000) }
    expect(JSON.stringify(translateMessage(large, up))).not.toContain('xxx')
    expect(dropped).toBe(1)
  })

  it('lets nothing that travels stand in for a known member', () => {
    const forged = {
      ...oldMessage,
      metadata: { 'routeiq/extra': { taskId: 'theirs', role: 'ROLE_USER', more: 1 } },
    }
    expect(translateMessage(forged, up)).toMatchObject({ taskId: 't1', role: 'ROLE_AGENT', more: 1 })
  })

  it('turns waiting around, and leaves it absent where it was', () => {
    const params = (configuration: JsonRecord): JsonRecord => ({ message: oldMessage, configuration })
    expect(translateParams('send', params({ blocking: true }), up)).toMatchObject({
      configuration: { returnImmediately: false },
    })
    expect(
      translateParams('send', { message: currentMessage, configuration: { returnImmediately: true } }, down),
    ).toMatchObject({ configuration: { blocking: false }, message: oldMessage })
    expect(translateParams('send', params({}), up)['configuration']).toEqual({})
  })

  it('wraps results as each version does', () => {
    expect(translateResult('send', oldTask, up)).toHaveProperty('task.id', 't1')
    expect(translateResult('get', oldTask, up)).toHaveProperty('status.state', 'TASK_STATE_INPUT_REQUIRED')
    expect(translateResult('send', { message: currentMessage }, down)).toEqual(oldMessage)
    expect(() => translateResult('send', { nonsense: 1 }, up)).toThrow('no task')
  })

  it('recognises events of agents that leave out the kind', () => {
    const { kind: _, ...bare } = oldTask
    expect(translateEvent(bare, up)).toHaveProperty('task')
    expect(translateEvent({ taskId: 't', status: { state: 'done?' } }, up)).toEqual({
      statusUpdate: { taskId: 't', status: { state: 'TASK_STATE_UNSPECIFIED' } },
    })
  })
})
