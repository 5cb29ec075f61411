import type { Plugin, PluginCall, PluginContext } from '@routeiq/contract'
import { describe, expect, it, vi } from 'vitest'
import { PluginHost } from './plugin-host.ts'
import { readPlugin } from './read-plugin.ts'
import type { PluginFailure } from './running-plugin.ts'

const never = (): Promise<never> => new Promise(() => {})
const call: PluginCall = {
  ...{ model: 'gpt', requestId: 'r1', dialect: 'openai-chat', operation: 'chat' },
  caller: { keyAlias: null, userId: null, teamId: null, organizationId: null },
  body: { model: 'gpt', messages: [{ role: 'user', content: 'hi' }] },
}

async function host(...plugins: Plugin[]): Promise<{ host: PluginHost; failures: PluginFailure[] }> {
  const failures: PluginFailure[] = []
  const started = new PluginHost({
    ...{ hookMs: 20, startupMs: 20, keyHeader: null },
    contextOf: () => ({}) as PluginContext,
    onEvaluated: () => {},
    onCheck: () => {},
    onFailure: (failure) => failures.push(failure),
  })
  await started.start(plugins.map((plugin, at) => readPlugin(plugin, `plugin-${at}`, 'continue')))
  return { host: started, failures }
}
const withMode = (failureMode: 'continue' | 'abort' | 'quarantine'): Pick<Plugin, 'metadata'> => ({
  metadata: { name: failureMode, failureMode },
})

describe('a hook that takes too long', () => {
  it('is passed over under `continue`, and the next plugin is asked', async () => {
    const { host: it, failures } = await host({ onLlmPreCall: never }, { onLlmPreCall: () => ({ seed: 1 }) })
    expect((await it.review(call)).members).toEqual(new Map([['seed', '1']]))
    expect(failures).toMatchObject([
      { plugin: 'plugin-0', hook: 'onLlmPreCall', outcome: 'timeout', requestId: 'r1' },
    ])
  })

  it('ends the request under `abort`', async () => {
    const { host: it } = await host({ ...withMode('abort'), onLlmPreCall: never })
    await expect(it.review(call)).rejects.toMatchObject({ code: 'plugin_failed', status: 500 })
  })

  it('is the last of its plugin under `quarantine`', async () => {
    const onLlmPreCall = vi.fn(never)
    const { host: it } = await host({ ...withMode('quarantine'), onLlmPreCall })
    await it.review(call)
    await it.review(call)
    expect(onLlmPreCall).toHaveBeenCalledTimes(1)
    expect(it.plugins[0]?.status).toBe('quarantined')
  })
})

describe('guards of answers', () => {
  const guard = (failureMode: 'continue' | 'abort', onLlmAnswer: Plugin['onLlmAnswer']): Plugin => ({
    metadata: { name: `${failureMode}-${Math.random()}`, capabilities: ['GUARDRAIL'], failureMode },
    ...(onLlmAnswer === undefined ? {} : { onLlmAnswer }),
  })

  it('are asked one after the other, each about what those before it have left', async () => {
    const { host: it } = await host(
      guard('abort', (_model, { texts }) => ({ texts: texts.map((text) => text.toUpperCase()) })),
      guard('abort', () => null),
      guard('abort', (_model, { texts }) => ({ texts: texts.map((text) => `${text}!`) })),
    )
    expect(it.guardsAnswers).toBe(true)
    expect(await it.judgeAnswer(call, ['a', 'b'])).toEqual(['A!', 'B!'])
  })

  it('change nothing by giving back what they were shown', async () => {
    const { host: it } = await host(guard('abort', (_model, { texts }) => ({ texts })))
    expect(await it.judgeAnswer(call, ['a'])).toBeNull()
  })

  it.each([[{ texts: ['a'] }], [{ texts: ['a', 1] }], [{ text: 'a' }], ['deny']])(
    'that answer %j have failed',
    async (value) => {
      const { host: strict } = await host(guard('abort', () => value as never))
      await expect(strict.judgeAnswer(call, ['a', 'b'])).rejects.toMatchObject({ code: 'plugin_failed' })
      const { host: lenient, failures } = await host(guard('continue', () => value as never))
      expect(await lenient.judgeAnswer(call, ['a', 'b'])).toBeNull()
      expect(failures).toMatchObject([{ hook: 'onLlmAnswer', outcome: 'error' }])
    },
  )

  it('let nothing pass that cannot be read, where they must not be passed over', async () => {
    const { host: strict } = await host(guard('abort', () => null))
    await expect(strict.judgeAnswer(call, null)).rejects.toMatchObject({ status: 446 })
    const { host: lenient } = await host(guard('continue', () => null))
    expect(await lenient.judgeAnswer(call, null)).toBeNull()
  })
})

describe('a start', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('no database'))],
    ['takes too long', never],
  ])('that %s leaves the plugin out, and whoever depends on it', async (_case, startup) => {
    const dependent = vi.fn()
    const { host: it, failures } = await host(
      { metadata: { name: 'first' }, startup, onLlmPreCall: () => ({ seed: 1 }) },
      { metadata: { name: 'second', dependsOn: ['first'] }, startup: dependent },
      { metadata: { name: 'third' }, onLlmPreCall: () => ({ seed: 3 }) },
    )
    expect(it.plugins.map(({ status }) => status)).toEqual(['failed', 'failed', 'active'])
    expect((await it.review(call)).members).toEqual(new Map([['seed', '3']]))
    expect(dependent).not.toHaveBeenCalled()
    expect(failures.map(({ hook }) => hook)).toEqual(['startup', 'startup'])
  })

  it('that fails under `abort` ends the start of the gateway', async () => {
    const startup = (): never => {
      throw new Error('no database')
    }
    await expect(host({ ...withMode('abort'), startup })).rejects.toThrow(
      'abort could not start: no database',
    )
  })

  it('gives routes to nobody without the capability', async () => {
    const startup = vi.fn()
    await host({ startup }, { metadata: { name: 'r', capabilities: ['ROUTES'] }, startup })
    expect(startup.mock.calls.map(([app]) => app !== null)).toEqual([false, true])
  })
})

describe('stopping', () => {
  it('goes in reverse order and over failures', async () => {
    const stopped: string[] = []
    const plugin = (name: string): Plugin => ({
      metadata: { name },
      shutdown: () => {
        stopped.push(name)
        if (name === 'b') throw new Error('stuck')
      },
    })
    const { host: it, failures } = await host(plugin('a'), plugin('b'), plugin('c'))
    await it.stop()
    expect(stopped).toEqual(['c', 'b', 'a'])
    expect(failures).toMatchObject([{ plugin: 'b', hook: 'shutdown' }])
  })
})

describe('a verdict', () => {
  it('counts for the plugins behind it', async () => {
    const seen: unknown[] = []
    const { host: it } = await host(
      { onLlmPreCall: () => ({ messages: ['one'], seed: 1 }) },
      {
        onLlmPreCall: (_model, messages, { body }) => {
          seen.push(messages, body['seed'])
          return { seed: 2 }
        },
      },
    )
    const { members } = await it.review(call)
    expect(seen).toEqual([['one'], 1])
    expect(members).toEqual(
      new Map([
        ['messages', '["one"]'],
        ['seed', '2'],
      ]),
    )
  })

  it('may repeat the whole body', async () => {
    const { host: it, failures } = await host({ onLlmPreCall: (_m, _n, { body }) => ({ ...body, seed: 1 }) })
    expect((await it.review(call)).members.get('seed')).toBe('1')
    expect(failures).toEqual([])
  })

  it.each([
    ['a text', 'yes'],
    ['another model', { model: 'dear' }],
    ['a stream that was not asked for', { stream: true }],
    ['what is no JSON', { seed: () => 1 }],
    ['an answer that is no object', { shortCircuit: 'hi' }],
    ['a denial without the capability', { deny: { message: 'no' } }],
  ])('is a failure of its plugin when it is %s', async (_case, verdict) => {
    const { host: it, failures } = await host({ onLlmPreCall: () => verdict as never })
    expect(await it.review(call)).toEqual({ members: new Map(), answer: null })
    expect(failures).toHaveLength(1)
  })
})

describe('calls nobody waits for', () => {
  it('are bounded for each plugin', async () => {
    const onModelHealthChange = vi.fn(never)
    const { host: it, failures } = await host({ onModelHealthChange })
    for (let at = 0; at < 1_010; at += 1) it.tell('onModelHealthChange', 'id', true, '')
    expect(onModelHealthChange).toHaveBeenCalledTimes(1_000)
    expect(failures).toHaveLength(10)
    expect(failures[0]).toMatchObject({ outcome: 'dropped' })
  })
})
