import { describe, expect, it } from 'vitest'
import { WireBatches } from './wire-batches.ts'

const message = (type: string, body: string): Buffer => {
  const frame = Buffer.alloc(5 + body.length)
  frame.write(type)
  frame.writeUInt32BE(4 + body.length, 1)
  frame.write(body, 5, 'latin1')
  return frame
}
const startup = Buffer.concat([Buffer.from([0, 0, 0, 12, 0, 3, 0, 0]), Buffer.from('user')])
const extended = Buffer.concat([
  message('P', 'parse'),
  message('B', 'QSX'),
  message('D', ''),
  message('E', ''),
  message('S', ''),
])

describe('WireBatches', () => {
  it('passes the startup packet, then whole exchanges up to the message that asks for an answer', () => {
    const batches = new WireBatches()
    expect(batches.push(startup)).toEqual([startup])
    expect(batches.push(message('P', 'parse'))).toEqual([])
    expect(batches.push(message('S', ''))).toEqual([Buffer.concat([message('P', 'parse'), message('S', '')])])
    expect(batches.push(message('Q', 'select 1'))).toEqual([message('Q', 'select 1')])
    expect(batches.push(message('X', ''))).toEqual([message('X', '')])
  })

  it('gives the same batches wherever the stream is cut', () => {
    const stream = Buffer.concat([startup, extended, message('Q', 'begin'), extended])
    const expected = [startup, extended, message('Q', 'begin'), extended]
    for (let cut = 0; cut <= stream.length; cut++) {
      const batches = new WireBatches()
      const got = [...batches.push(stream.subarray(0, cut)), ...batches.push(stream.subarray(cut))]
      expect(got).toEqual(expected)
    }
    const byteByByte = new WireBatches()
    expect([...stream].flatMap((byte) => byteByByte.push(Buffer.from([byte])))).toEqual(expected)
  })
})
