import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { double } from './numbers.cjs'

/**
 * Joins words.
 * @param {string[]} words what to join
 * @param {string} [separator]
 * @returns {string}
 */
export function join(words, separator = ' ') {
  return words.join(separator)
}

/** Counts. */
export class Counter {
  #count = 0

  /** @param {number} start */
  constructor(start) {
    this.#count = start
  }

  /**
   * Counts on.
   * @param {number} by
   * @returns {Promise<number>}
   */
  async add(by) {
    return double(this.#count + by)
  }
}

export const secrets = () => ({ ...process.env })
export const fail = (message) => {
  throw new RangeError(message)
}
export const loop = () => {
  for (;;);
}
export const memory = () => {
  const held = []
  for (;;) held.push(new Array(100_000).fill(held.length))
}
export const read = (path) => readFileSync(path, 'utf8')
export const write = (path) => writeFileSync(path, 'x')
export const listen = () => createServer().listen(0)
export const start = () => spawnSync(process.execPath, ['--version']).status
export const notJson = () => () => 1
