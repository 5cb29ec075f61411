import { hash } from 'node:crypto'
import type { HotSkill } from './hot-skill.ts'

/**
 * A digest of a set of skills that follows changes one by one: the exclusive or of the skills' own digests, so that
 * every replica with the same skills has the same one, whatever order they came in.
 */
export class CatalogueDigest {
  readonly #bits = Buffer.alloc(16)

  /** Adds a skill, or takes it out again. */
  toggle(skill: HotSkill): void {
    const digest = hash('sha256', JSON.stringify(skill), 'buffer')
    for (let at = 0; at < this.#bits.length; at += 1) {
      this.#bits[at] = (this.#bits[at] ?? 0) ^ (digest[at] ?? 0)
    }
  }

  /** 32 hex digits. */
  get text(): string {
    return this.#bits.toString('hex')
  }
}
