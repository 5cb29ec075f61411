import type { Block } from './format-block.ts'
import { JsonDepth } from './json-depth.ts'

type BlockKind = 'text' | 'thinking' | 'tool' | 'whole'

/** One content block of a stream, open or waiting for its turn. */
interface QueuedBlock {
  readonly kind: BlockKind
  /** The index of a tool call among the calls, -1 otherwise. */
  readonly tool: number
  readonly start: Block
  /** Watches the arguments of a tool call. */
  readonly depth: JsonDepth | null
  /** Deltas that wait until the block is open, as JSON. */
  readonly waiting: string[]
  hasDelta: boolean
  isClosed: boolean
}

/**
 * The content blocks of one stream. The grammar allows one open block at a time, so deltas of a block whose
 * predecessor may still grow wait for it: only tool calls can, and only until their arguments are a whole object.
 * Methods return the text to send now.
 */
export class BlockQueue {
  /** The first is the open one. */
  readonly #blocks: QueuedBlock[] = []
  #index = 0

  /** Adds a delta, as JSON, to the text or thinking block at the end, or begins one. */
  append(kind: 'text' | 'thinking', start: Block, delta: string): string {
    const last = this.#blocks.at(-1)
    if (last?.kind === kind && !last.isClosed) return this.#push(last, delta)
    const opened = this.#begin(kind, -1, start)
    return opened + this.#push(this.#blocks.at(-1) as QueuedBlock, delta)
  }

  startTool(tool: number, start: Block): string {
    return this.#begin('tool', tool, start)
  }

  /** More of a call's arguments; the first may be empty. */
  appendToTool(tool: number, text: string): string {
    const block = this.#blocks.find((candidate) => candidate.tool === tool)
    // A call that has been closed was complete: what still comes is white space.
    if (block === undefined || text === '') return ''
    block.depth?.push(text)
    return (
      this.#push(block, JSON.stringify({ type: 'input_json_delta', partial_json: text })) + this.#advance()
    )
  }

  endTool(tool: number): string {
    const block = this.#blocks.find((candidate) => candidate.tool === tool)
    if (block === undefined) return ''
    block.isClosed = true
    return this.#advance()
  }

  /** A block without deltas. */
  addWhole(block: Block): string {
    const opened = this.#begin('whole', -1, block)
    return opened + this.closeLast()
  }

  /** Ends the text or thinking block that is being written. */
  closeLast(): string {
    const last = this.#blocks.at(-1)
    if (last === undefined || last.kind === 'tool') return ''
    last.isClosed = true
    return this.#advance()
  }

  closeAll(): string {
    for (const block of this.#blocks) block.isClosed = true
    return this.#advance()
  }

  #begin(kind: BlockKind, tool: number, start: Block): string {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.kind !== 'tool') last.isClosed = true
    const depth = kind === 'tool' ? new JsonDepth() : null
    const block = { kind, tool, start, depth, waiting: [], hasDelta: false, isClosed: false }
    this.#blocks.push(block)
    return this.#blocks.length === 1 ? this.#open(block) : this.#advance()
  }

  #push(block: QueuedBlock, delta: string): string {
    block.hasDelta = true
    if (block === this.#blocks[0]) return this.#delta(delta)
    block.waiting.push(delta)
    return ''
  }

  /** Closes what is complete at the head, and opens what waited behind it. */
  #advance(): string {
    let text = ''
    for (let head = this.#blocks[0]; head !== undefined; head = this.#blocks[0]) {
      const makesRoom = this.#blocks.length > 1 && head.depth?.hasEnded === true
      if (!head.isClosed && !makesRoom) break
      text += this.#close(head)
      this.#blocks.shift()
      this.#index += 1
      const next = this.#blocks[0]
      if (next !== undefined) text += this.#open(next)
    }
    return text
  }

  #open(block: QueuedBlock): string {
    let text = `event: content_block_start\ndata: {"type":"content_block_start","index":${this.#index},"content_block":${JSON.stringify(block.start)}}\n\n`
    for (const delta of block.waiting) text += this.#delta(delta)
    return text
  }

  #delta(delta: string): string {
    return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":${delta}}\n\n`
  }

  /** A tool without arguments is called with an empty object. */
  #close({ kind, hasDelta }: QueuedBlock): string {
    const emptyInput = kind === 'tool' && !hasDelta ? this.#delta(noArguments) : ''
    return `${emptyInput}event: content_block_stop\ndata: {"type":"content_block_stop","index":${this.#index}}\n\n`
  }
}

const noArguments = '{"type":"input_json_delta","partial_json":"{}"}'
