import { describe, expect, it } from 'vitest'
import { Roster, type RosterMember } from './roster.ts'

class Guest implements RosterMember {
  place = -1
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

function invite(...names: readonly string[]): { roster: Roster<Guest>; guests: Guest[] } {
  const roster = new Roster<Guest>()
  const guests = names.map((name) => new Guest(name))
  for (const guest of guests) roster.add(guest)
  return { roster, guests }
}

function present(roster: Roster<Guest>): string[] {
  const names: string[] = []
  roster.visitAll(({ name }) => names.push(name))
  return names.sort()
}

describe('Roster', () => {
  it.each([0, 1, 2])('lets anyone leave, and once: number %d', (at) => {
    const { roster, guests } = invite('a', 'b', 'c')
    const leaving = guests[at] as Guest
    roster.delete(leaving)
    roster.delete(leaving)
    expect(present(roster)).toEqual(['a', 'b', 'c'].filter((name) => name !== leaving.name))
    expect(roster.size).toBe(2)
  })

  it('takes back who has left', () => {
    const { roster, guests } = invite('a', 'b')
    roster.delete(guests[0] as Guest)
    roster.add(guests[0] as Guest)
    expect(present(roster)).toEqual(['a', 'b'])
  })

  it('visits everybody once although the visited leave and others come', () => {
    const { roster } = invite('a', 'b', 'c', 'd')
    const visited: string[] = []
    roster.visitAll((guest) => {
      visited.push(guest.name)
      if (guest.name !== 'b') roster.delete(guest)
      if (guest.name === 'c') roster.add(new Guest('late'))
    })
    expect(visited.sort()).toEqual(['a', 'b', 'c', 'd'])
    expect(present(roster)).toEqual(['b', 'late'])
  })

  it('visits nobody who left during the visit of another', () => {
    const { roster, guests } = invite('a', 'b')
    const visited: string[] = []
    roster.visitAll((guest) => {
      visited.push(guest.name)
      for (const other of guests) if (other !== guest) roster.delete(other)
    })
    expect(visited).toHaveLength(1)
  })
})
