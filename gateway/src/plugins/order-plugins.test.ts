import { describe, expect, it } from 'vitest'
import { orderPlugins, PluginDependencyError } from './order-plugins.ts'

const plugin = (name: string, dependsOn: readonly string[] = [], priority = 1000) => ({
  identity: { name, dependsOn, priority },
})
const order = (...plugins: ReturnType<typeof plugin>[]): string[] =>
  orderPlugins(plugins, ['built-in']).map(({ identity }) => identity.name)

describe('orderPlugins', () => {
  it('keeps the order of the configuration among equals', () => {
    expect(order(plugin('b'), plugin('a'), plugin('c'))).toEqual(['b', 'a', 'c'])
  })

  it('puts lower priorities first', () => {
    expect(order(plugin('a'), plugin('b', [], 5), plugin('c', [], -1))).toEqual(['c', 'b', 'a'])
  })

  it('puts a plugin behind all it depends on, whatever its priority', () => {
    expect(order(plugin('a', ['b', 'c'], 1), plugin('b', ['c'], 2), plugin('c'), plugin('d'))).toEqual([
      'c',
      'b',
      'a',
      'd',
    ])
  })

  it('knows what is built in', () => {
    expect(order(plugin('a', ['built-in']))).toEqual(['a'])
  })

  it.each([
    ['what is not there', [plugin('a', ['b'])], 'a depends on b'],
    ['itself', [plugin('a', ['a'])], 'a wait'],
    ['a circle', [plugin('a', ['b']), plugin('b', ['a']), plugin('c')], 'a, b wait for each other'],
    ['a name twice', [plugin('a'), plugin('a')], 'two plugins are called a'],
  ])('refuses %s', (_case, plugins, message) => {
    expect(() => order(...plugins)).toThrow(PluginDependencyError)
    expect(() => order(...plugins)).toThrow(message)
  })
})
