import { GatewayError } from '@routeiq/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AdmissionGate } from './admission-gate.ts'

function open(limit = 0, excluded: string[] = []) {
  const heard: (number | string)[] = []
  const gate = new AdmissionGate(limit, excluded, {
    onChange: (active) => heard.push(active),
    onRefusal: (reason) => heard.push(reason),
  })
  return { gate, heard }
}

function refusalOf(gate: AdmissionGate): GatewayError | null {
  try {
    gate.enter()
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return error as GatewayError
  }
}

describe('a limit', () => {
  it('refuses what is over it and admits again when a slot is given back', () => {
    const { gate, heard } = open(2)
    gate.enter()
    gate.enter()
    const refusal = refusalOf(gate)
    expect([refusal?.code, refusal?.status, refusal?.options.retryAfterSeconds]).toEqual([
      'over_capacity',
      503,
      1,
    ])
    gate.leave()
    expect(refusalOf(gate)).toBeNull()
    expect(heard).toEqual([1, 2, 'over_capacity', 1, 2])
    expect(gate.active).toBe(2)
  })

  it('of 0 is none', () => {
    const { gate } = open(0)
    for (let index = 0; index < 1_000; index += 1) gate.enter()
    expect(gate.active).toBe(1_000)
  })

  it('leaves out exact paths', () => {
    const { gate } = open(1, ['/health'])
    expect(['/health', '/health/', '/healthy', '/v1/health'].map((path) => gate.isExcluded(path))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('draining', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is over at once when nothing is under way', async () => {
    const { gate } = open()
    expect(await gate.drain(1_000)).toBe(true)
    expect(gate.draining).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('refuses new requests and waits for the last one', async () => {
    const { gate, heard } = open()
    gate.enter()
    gate.enter()
    const drained = gate.drain(1_000)
    expect(refusalOf(gate)?.code).toBe('draining')
    gate.leave()
    vi.advanceTimersByTime(999)
    gate.leave()
    expect(await drained).toBe(true)
    expect(heard).toEqual([1, 2, 'draining', 1, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives up when its time is over, and can be waited for again', async () => {
    const { gate } = open()
    gate.enter()
    const drained = gate.drain(1_000)
    vi.advanceTimersByTime(1_000)
    expect(await drained).toBe(false)
    const again = gate.drain(1_000)
    gate.leave()
    expect(await again).toBe(true)
  })
})
