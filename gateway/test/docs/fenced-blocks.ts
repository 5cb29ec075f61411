import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

/** A fenced block of a page of the documentation. */
export interface FencedBlock {
  /** `README.md:31`, the line of the opening fence. */
  readonly place: string
  readonly language: string
  readonly text: string
}

/** Every fenced block of the documentation, in the order of pages and lines. */
export function readFencedBlocks(): FencedBlock[] {
  return listPages().flatMap((page) => parseFencedBlocks(page, readFileSync(`${repository}${page}`, 'utf8')))
}

function listPages(): string[] {
  const root = readdirSync(repository)
  const docs = readdirSync(`${repository}docs`, { recursive: true, encoding: 'utf8' }).map(
    (name) => `docs/${name}`,
  )
  const pages = [...root, ...docs, 'bench/README.md'].filter((name) => name.endsWith('.md'))
  return pages.filter((name) => existsSync(`${repository}${name}`)).sort()
}

/** The fenced blocks of one page; a fence may be indented, as in a list. Errors: a fence that never closes. */
export function parseFencedBlocks(page: string, text: string): FencedBlock[] {
  const blocks: FencedBlock[] = []
  let open: { place: string; language: string; indent: number; lines: string[] } | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^(\s*)```(\S*)/.exec(line)
    if (open !== null && fence === null) open.lines.push(line.slice(open.indent))
    else if (open !== null) {
      blocks.push({ place: open.place, language: open.language, text: open.lines.join('\n') })
      open = null
    } else if (fence !== null) {
      const [, indent = '', language = ''] = fence
      open = { place: `${page}:${index + 1}`, language, indent: indent.length, lines: [] }
    }
  }
  if (open !== null) throw new Error(`the fence at ${open.place} is never closed`)
  return blocks
}
