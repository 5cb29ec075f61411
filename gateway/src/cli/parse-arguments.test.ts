import { describe, expect, it } from 'vitest'
import { UsageError } from './fail-command.ts'
import { parseArguments } from './parse-arguments.ts'

describe('the command', () => {
  it.each([
    [[], 'start'],
    [['--port', '1'], 'start'],
    [['start'], 'start'],
    [['validate-config', '--strict'], 'validate-config'],
    [['--validate-config'], 'validate-config'],
    [['--version'], 'version'],
    [['start', '-h'], 'help'],
  ])('of %j is %s', (argv, command) => {
    expect(parseArguments(argv).command).toBe(command)
  })
})

it('flags are read with dashes or underscores, with a space or an equals sign', () => {
  const expected = { config: 'c.yaml', dataDir: 'd', workers: 2, port: 0, requestTimeoutSeconds: 1.5 }
  const spaced = [
    '-c',
    'c.yaml',
    '--data-dir',
    'd',
    '--num-workers',
    '2',
    '--port',
    '0',
    '--request-timeout',
    '1.5',
  ]
  const joined = ['--config=c.yaml', '--data_dir=d', '--workers=2', '--port=0', '--request_timeout=1.5']
  expect(parseArguments(spaced).flags).toEqual(expected)
  expect(parseArguments(joined).flags).toEqual(expected)
})

it('a value may hold dashes and equals signs', () => {
  expect(parseArguments(['--model=a-b_c=d']).flags.model).toBe('a-b_c=d')
})

it('flags of other gateways are named as having no effect', () => {
  expect(parseArguments(['--run_gunicorn', '--telemetry', 'False']).ignored).toEqual([
    'telemetry',
    'run_gunicorn',
  ])
})

describe('wrong usage', () => {
  it.each([
    [['frobnicate'], 'unknown command frobnicate'],
    [['start', '--no-such-flag'], '--no'],
    [['start', '--port', 'http'], '--port needs a number from 0'],
    [['start', '--port', '-1'], '--port'],
    [['start', '--port='], '--port needs a number'],
    [['start', '--workers', '0'], '--workers needs a number from 1'],
    [['start', '--config'], '--config'],
    [['start', 'extra'], 'extra'],
  ])('%j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError)
    expect(() => parseArguments(argv)).toThrow(message)
  })
})
