import { SseParser } from '../../protocols/sse.ts'

/**
 * The bytes of a stream, in pieces of at most `pieceBytes`, once `onFirst` has seen the data of the first event. What it
 * throws comes before any byte.
 */
export async function* passBytes(
  chunks: AsyncIterable<Buffer>,
  pieceBytes: number,
  onFirst: (data: string) => void,
): AsyncIterable<Buffer> {
  const parser = new SseParser()
  let held: Buffer[] | null = []
  for await (const chunk of chunks) {
    if (held !== null) {
      held.push(chunk)
      const [first] = parser.push(chunk)
      if (first === undefined) continue
      onFirst(first.data)
      for (const early of held) yield* cut(early, pieceBytes)
      held = null
    } else {
      yield* cut(chunk, pieceBytes)
    }
  }
  for (const late of held ?? []) yield* cut(late, pieceBytes)
}

function* cut(chunk: Buffer, pieceBytes: number): Iterable<Buffer> {
  for (let start = 0; start < chunk.length; start += pieceBytes)
    yield chunk.subarray(start, start + pieceBytes)
}
