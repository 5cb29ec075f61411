import { parseRegex, type RegexNode } from './parse-regex.ts'

/** What the longest pattern may compile to; a name of n characters costs at most so many steps each. */
const maxSteps = 1_000

/** One step of a compiled pattern: read a character, go on in two places, or check where the text is. */
type Step =
  | { readonly kind: 'character'; readonly accepts: (code: number) => boolean }
  | Fork
  | { readonly kind: 'start' | 'end' | 'accept' }

interface Fork {
  readonly kind: 'fork'
  first: number
  second: number
}

/**
 * A regular expression that takes time linear in the text, whatever the pattern: all ways through it are walked at once
 * (Thompson 1968). No groups to remember, so neither back references nor looking around. Errors: `SyntaxError`.
 */
export class LinearRegex {
  readonly #steps: Step[] = []
  readonly #seen: Uint32Array
  #round = 0

  constructor(source: string) {
    this.#emit(parseRegex(source))
    this.#push({ kind: 'accept' })
    this.#seen = new Uint32Array(this.#steps.length)
  }

  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean {
    let active: number[] = []
    for (let at = 0; at <= text.length; at += 1) {
      this.#beginRound()
      const reading: number[] = []
      for (const step of active) if (this.#follow(step, at, text.length, reading)) return true
      if (this.#follow(0, at, text.length, reading)) return true
      if (at === text.length) break
      const code = text.charCodeAt(at)
      active = []
      for (const index of reading) {
        const step = this.#steps[index]
        if (step?.kind === 'character' && step.accepts(code)) active.push(index + 1)
      }
    }
    return false
  }

  #beginRound(): void {
    if (this.#round === 0xffff_ffff) {
      this.#seen.fill(0)
      this.#round = 0
    }
    this.#round += 1
  }

  /** Goes as far as no character is needed; true when that is the end of the pattern. */
  #follow(from: number, at: number, length: number, reading: number[]): boolean {
    const open = [from]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === this.#round) continue
      this.#seen[index] = this.#round
      const step = this.#steps[index]
      if (step === undefined) continue
      if (step.kind === 'accept') return true
      if (step.kind === 'character') reading.push(index)
      else if (step.kind === 'fork') open.push(step.second, step.first)
      else if (step.kind === 'start' ? at === 0 : at === length) open.push(index + 1)
    }
    return false
  }

  #emit(node: RegexNode): void {
    switch (node.kind) {
      case 'start':
      case 'end':
        this.#push({ kind: node.kind })
        return
      case 'character':
        this.#push({ kind: 'character', accepts: node.accepts })
        return
      case 'sequence':
        for (const part of node.parts) this.#emit(part)
        return
      case 'choice':
        this.#emitChoice(node.options)
        return
      case 'repeat':
        this.#emitRepeat(node)
    }
  }

  #emitChoice(options: readonly RegexNode[]): void {
    const ends: Fork[] = []
    for (const [index, option] of options.entries()) {
      const fork = index < options.length - 1 ? this.#fork() : null
      this.#emit(option)
      if (fork === null) continue
      ends.push(this.#fork())
      fork.second = this.#steps.length
    }
    for (const end of ends) end.first = end.second = this.#steps.length
  }

  #emitRepeat({ node, min, max }: Extract<RegexNode, { kind: 'repeat' }>): void {
    for (let count = 0; count < min; count += 1) this.#emit(node)
    if (max === null) {
      const start = this.#steps.length
      const loop = this.#fork()
      this.#emit(node)
      const back = this.#fork()
      back.first = back.second = start
      loop.second = this.#steps.length
      return
    }
    const forks: Fork[] = []
    for (let count = min; count < max; count += 1) {
      forks.push(this.#fork())
      this.#emit(node)
    }
    for (const fork of forks) fork.second = this.#steps.length
  }

  /** Goes on with the next step, and elsewhere as is filled in later. */
  #fork(): Fork {
    const next = this.#steps.length + 1
    const fork: Fork = { kind: 'fork', first: next, second: next }
    this.#push(fork)
    return fork
  }

  #push(step: Step): void {
    if (this.#steps.length >= maxSteps)
      throw new SyntaxError(`the pattern is too large: it has more than ${maxSteps} steps`)
    this.#steps.push(step)
  }
}
