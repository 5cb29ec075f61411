import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadText } from './config/load-for-test.ts'

const root = new URL('../../', import.meta.url)
const pages = [
  ...readdirSync(root, { encoding: 'utf8' }),
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'))

const read = (page: string | URL): string => readFileSync(new URL(page, root), 'utf8')

/** Addresses of a page's own repository, as `[text](address)`. */
function localLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((address) => !/^[a-z]+:/.test(address))
}

/** The fragments GitHub gives to headings. */
function headingAnchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '')
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? new URL(page, root) : new URL(path, new URL(page, root))
  if (!existsSync(target)) return true
  return anchor !== undefined && !headingAnchors(read(target)).includes(anchor)
}

describe('the pages', () => {
  it('are found', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/errors.md', 'docs/adr/0001-one-router.md']),
    )
  })

  it.each(pages)('%s links only to what is there', (page) => {
    expect(localLinks(read(page)).filter((link) => isBroken(page, link))).toEqual([])
  })

  it('give agents a short one', () => {
    expect(read('AGENTS.md').split('\n').length).toBeLessThanOrEqual(121)
  })
})

describe('the README', () => {
  it('shows a configuration that loads without findings', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    const env = {
      OPENAI_API_KEY: 'sk-o',
      GROQ_API_KEY: 'gsk-g',
      ANTHROPIC_API_KEY: 'sk-a',
      LITELLM_MASTER_KEY: `sk-${'m'.repeat(40)}`,
    }
    const { config, diagnostics } = loadText(example, env)
    expect(diagnostics).toEqual([])
    expect(config?.models.map((model) => model.modelName)).toEqual(['fast', 'fast', 'smart'])
  })
})
