import { describe, expect, it } from 'vitest'
import { countEvents, dataOf, endOfLastEvent, holdsDone, holdsValue, splitEvents } from './event-text.ts'

const lineEnds = ['\n', '\r\n', '\r'] as const

describe.each(lineEnds)('events whose lines end in %j', (end) => {
  const events = [`data: a${end}${end}`, `: ping${end}${end}`, `id: 1${end}data: b${end}data: c${end}${end}`]
  const text = events.join('')

  it('are cut at blank lines', () => {
    expect([...splitEvents(text)]).toEqual(events)
    expect(countEvents(text)).toBe(3)
    expect(endOfLastEvent(text)).toBe(text.length)
    expect(endOfLastEvent(`${text}data: d${end}`)).toBe(text.length)
    expect(endOfLastEvent(`data: a${end}`)).toBe(0)
    expect([...splitEvents(`${events[0]}data: cut`)]).toEqual([events[0], 'data: cut'])
  })

  it('have the data of their data lines', () => {
    expect(events.map(dataOf)).toEqual(['a', null, 'b\nc'])
  })
})

it('line ends may be mixed', () => {
  const text = 'data: a\n\r\ndata: b\r\n\ndata: c\n\n'
  expect([...splitEvents(text)].map(dataOf)).toEqual(['a', 'b', 'c'])
})

describe('dataOf', () => {
  it.each([
    ['data:x', 'x'],
    ['data:  x', ' x'],
    ['data:', ''],
    ['event: error\ndata: x', 'x'],
    ['event: x', null],
    ['datax: y', null],
    ['', null],
  ])('of %j is %j', (event, data) => {
    expect(dataOf(event)).toBe(data)
  })
})

describe('holdsDone', () => {
  it.each([
    ['data: [DONE]\n\n', true],
    ['data:[DONE]\n\n', true],
    ['data: {}\n\ndata: [DONE]\n\n', true],
    ['data: {}\r\rdata: [DONE]\r\r', true],
    ['data: {"content":"[DONE]"}\n\n', false],
    ['data: {"content":"data: [DONE]"}\n\n', false],
    ['data: {"content":"data: [DONE]"}\n\ndata: [DONE]\n\n', true],
    [': [DONE]\n\n', false],
    ['', false],
  ])('%j: %s', (events, expected) => {
    expect(holdsDone(events)).toBe(expected)
  })
})

describe('holdsValue', () => {
  it.each([
    ['{"usage":{"a":1}}', true],
    ['{"usage": 1}', true],
    ['{"usage":null}', false],
    ['{"usage":  null}', false],
    ['{"usage":null}{"usage":{}}', true],
    ['{"content":"\\"usage\\":1"}', false],
    ['{"usages":1}', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(holdsValue(text, '"usage":')).toBe(expected)
  })
})
