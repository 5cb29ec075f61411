import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stages } from './stages.ts'

const story = readFileSync(new URL('./handle-request.ts', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../../docs/request-flow.md', import.meta.url), 'utf8')

function functionNameOf(stage: string): string {
  return stage.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

describe('stages', () => {
  it.each(stages)('%s is a file whose main export has its name', async (stage) => {
    const file = new URL(`./${stage}.ts`, import.meta.url)
    expect(existsSync(file)).toBe(true)
    const module: Record<string, unknown> = await import(file.href)
    expect(module[functionNameOf(stage)]).toBeTypeOf('function')
  })

  it('are called by the story of a request, in order', () => {
    const calls = stages.map((stage) => story.search(new RegExp(`(?<![\\w.])${functionNameOf(stage)}\\(`)))
    expect(calls).not.toContain(-1)
    expect(calls).toEqual(calls.toSorted((left, right) => left - right))
  })

  it('are timed under their own names', () => {
    const timed = [...story.matchAll(/endStage\('([\w-]+)'\)/g)].map((match) => match[1])
    expect(timed.length).toBeGreaterThan(0)
    expect(timed).toEqual(stages.slice(0, timed.length))
  })

  it('are the numbered headings of docs/request-flow.md', () => {
    const headings = [...page.matchAll(/^## (\d+)\. (.+)$/gm)].map((match) => [Number(match[1]), match[2]])
    expect(headings).toEqual(stages.map((stage, index) => [index + 1, stage]))
  })
})
