import { expect, it } from 'vitest'
import { causalLift } from './causal-lift.ts'

it('is known only where a skill surely helps', () => {
  expect(causalLift({ passes: 45, judged: 50 }, { passes: 25, judged: 50 })).toBeCloseTo(
    Math.log(45.5 / 5.5),
    12,
  )
  expect(causalLift({ passes: 30, judged: 50 }, { passes: 25, judged: 50 })).toBeNull()
  expect(causalLift({ passes: 10, judged: 50 }, { passes: 45, judged: 50 })).toBeNull()
  expect(causalLift({ passes: 9, judged: 9 }, { passes: 0, judged: 0 })).toBeNull()
})

it('is finite where everything went well with it, and nothing without', () => {
  expect(causalLift({ passes: 20, judged: 20 }, { passes: 0, judged: 20 })).toBeCloseTo(2 * Math.log(41), 12)
})
