import { existsSync, readFileSync } from 'node:fs'
import { encodeEvent } from '../protocols/aws-event-stream.fixture.ts'
import type { StreamFraming, Wire } from './wire.ts'

const extensions: Readonly<Record<StreamFraming, string>> = {
  sse: 'sse',
  ndjson: 'ndjson',
  'aws-event-stream': 'jsonl',
}

/** The stream a wire has for one case of the contract, null when it has none. */
export function readStreamFixture(wire: Wire, name: string, folder: URL): Buffer | null {
  const file = new URL(`${name}.${extensions[wire.framing]}`, folder)
  if (!existsSync(file)) return null
  const bytes = readFileSync(file)
  return wire.framing === 'aws-event-stream' ? encodeEvents(bytes.toString('utf8')) : bytes
}

/** Lines of `{"<event type>": payload}` as the binary messages they stand for. */
function encodeEvents(lines: string): Buffer {
  const events = lines.split('\n').filter((line) => line !== '')
  return Buffer.concat(
    events.flatMap((line) =>
      Object.entries(JSON.parse(line)).map(([type, payload]) => encodeEvent(type, payload)),
    ),
  )
}
