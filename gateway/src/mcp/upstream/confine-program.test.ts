import { expect, it } from 'vitest'
import type { ProgramLimits } from '../../config/config.ts'
import { confineProgram } from './confine-program.ts'

const free: ProgramLimits = {
  ...{ memoryMb: null, cpuSeconds: null, openFiles: null, processes: null, fileMb: null },
}
const program = { command: '/bin/files', args: ['--root'], runsAs: null, limits: free }
const host = { uid: 1000, prlimit: '/usr/bin/prlimit' }

it('starts a program without limits as it is written', () => {
  expect(confineProgram(program, { uid: null, prlimit: null })).toEqual({
    command: '/bin/files',
    args: ['--root'],
  })
})

it('has limits set before the program begins', () => {
  expect(confineProgram({ ...program, limits: { ...free, memoryMb: 2, openFiles: 9 } }, host)).toEqual({
    command: '/usr/bin/prlimit',
    args: ['--data=2097152', '--nofile=9', '--', '/bin/files', '--root'],
  })
})

it('refuses what it cannot hold a program to', () => {
  const limited = { ...program, limits: { ...free, openFiles: 9 } }
  expect(confineProgram(limited, { ...host, prlimit: null })).toEqual({
    problem: expect.stringContaining('prlimit'),
  })
  const foreign = { ...program, runsAs: { uid: 1, gid: 1 } }
  expect(confineProgram(foreign, host)).toEqual({ problem: expect.stringContaining('root') })
  expect(confineProgram(foreign, { ...host, uid: 0 })).toHaveProperty('command')
  expect(confineProgram({ ...program, runsAs: { uid: 1000, gid: 1000 } }, host)).toHaveProperty('command')
})
