import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createFileSink } from './file-sink.ts'

const folders: string[] = []
const openFile = () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'))
  folders.push(folder)
  const path = join(folder, 'log')
  return { path, descriptor: openSync(path, 'a') }
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('createFileSink', () => {
  it('writes in the background and at once', async () => {
    const { path, descriptor } = openFile()
    const sink = createFileSink(descriptor)
    await new Promise((resolve) => sink.write(Buffer.from('one\n'), resolve))
    sink.writeNow(Buffer.from('two\n'))
    closeSync(descriptor)
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  it('reports a descriptor that cannot be written', async () => {
    const { path, descriptor } = openFile()
    closeSync(descriptor)
    const sink = createFileSink(openSync(path, 'r'))
    expect(await new Promise((resolve) => sink.write(Buffer.from('x'), resolve))).toMatchObject({
      code: 'EBADF',
    })
    expect(() => sink.writeNow(Buffer.from('x'))).not.toThrow()
  })
})
