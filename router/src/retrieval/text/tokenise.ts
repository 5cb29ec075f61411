import { WordBuffer } from './word-buffer.ts'

const buffer = new WordBuffer()

/** The words of a text in order, see `WordBuffer`. */
export function tokenise(text: string): string[] {
  buffer.read(text)
  return Array.from({ length: buffer.count }, (_, index) => buffer.wordAt(index))
}
