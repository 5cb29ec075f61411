import { describe, expect, it } from 'vitest'
import { type LogSink, LogWriter } from './log-writer.ts'

/** A sink whose writes end when the test says so. */
function makeSink() {
  const written: string[] = []
  const waiting: ((error: Error | null) => void)[] = []
  const sink: LogSink = {
    write: (bytes, done) => {
      const text = bytes.toString()
      waiting.push((error) => {
        if (error === null) written.push(text)
        done(error)
      })
    },
    writeNow: (bytes) => written.push(bytes.toString()),
  }
  const finish = (error: Error | null = null): void => waiting.shift()?.(error)
  return { sink, written, waiting, finish }
}

function makeWriter(capacity?: number) {
  const target = makeSink()
  const turns: (() => void)[] = []
  const writer = new LogWriter({
    sink: target.sink,
    redactor: {
      redactText: (text) => text.replaceAll('secret', '***'),
      addSecrets: () => undefined,
      revision: 0,
    },
    defer: (run) => turns.push(run),
    ...(capacity === undefined ? {} : { capacity }),
  })
  const turn = (): void => {
    for (const run of turns.splice(0)) run()
  }
  return { ...target, writer, turn, turns }
}

describe('LogWriter', () => {
  it('writes the lines of one turn in one piece', () => {
    const { writer, turn, turns, finish, written } = makeWriter()
    writer.writeLine('one')
    writer.writeLine('two')
    expect(turns).toHaveLength(1)
    turn()
    finish()
    expect(written).toEqual(['one\ntwo\n'])
  })

  it('redacts, except lines that are redacted already', () => {
    const { writer, written } = makeWriter()
    writer.writeLine('a secret')
    writer.writeRedacted('"secret"')
    writer.flushNow()
    expect(written).toEqual(['a ***\n"secret"\n'])
  })

  it('gathers while a write is under way and keeps the order', () => {
    const { writer, turn, finish, written, waiting } = makeWriter()
    writer.writeLine('one')
    turn()
    writer.writeLine('two')
    writer.writeLine('three')
    turn()
    expect(waiting).toHaveLength(1)
    finish()
    turn()
    finish()
    expect(written).toEqual(['one\n', 'two\nthree\n'])
  })

  it('splits what is too long for one piece, without cutting a line', () => {
    const { writer, written } = makeWriter()
    const lines = Array.from({ length: 300 }, (_, index) => `${index}é`.padEnd(1000, '.'))
    lines.push('z'.repeat(100_000))
    for (const line of lines) writer.writeLine(line)
    writer.flushNow()
    expect(written.length).toBeGreaterThan(4)
    expect(written.every((piece) => piece.endsWith('\n'))).toBe(true)
    expect(written.join('')).toBe(`${lines.join('\n')}\n`)
  })

  it('drops and counts lines when the sink stalls, and says so when it recovers', () => {
    const { writer, turn, finish, written } = makeWriter(100)
    writer.writeLine('x'.repeat(60))
    turn()
    for (let index = 0; index < 5; index++) writer.writeLine('y'.repeat(60))
    expect(writer.droppedLines).toBe(5)
    finish()
    turn()
    finish()
    expect(written[1]).toBe('{"event":"log_lines_lost","level":"warn","lost":5}\n')
  })

  it('counts the lines of a failed write and goes on', () => {
    const { writer, turn, finish, written } = makeWriter()
    writer.writeLine('one')
    writer.writeLine('two')
    turn()
    writer.writeLine('three')
    finish(new Error('disk full'))
    expect(writer.droppedLines).toBe(2)
    turn()
    finish()
    turn()
    finish()
    expect(written).toEqual(['three\n', '{"event":"log_lines_lost","level":"warn","lost":2}\n'])
  })

  it('flush resolves when everything has been written', async () => {
    const { writer, finish, written } = makeWriter()
    writer.writeLine('one')
    const flushed = writer.flush()
    writer.writeLine('two')
    finish()
    finish()
    await flushed
    expect(written).toEqual(['one\n', 'two\n'])
    await writer.flush()
  })

  it('flushNow leaves the piece under way to the sink', () => {
    const { writer, turn, finish, written } = makeWriter()
    writer.writeLine('one')
    turn()
    writer.writeLine('two')
    writer.flushNow()
    finish()
    expect(written).toEqual(['two\n', 'one\n'])
  })
})
