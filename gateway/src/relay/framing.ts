import { AwsEventStreamParser } from '../protocols/aws-event-stream.ts'
import { NdjsonParser } from '../protocols/ndjson.ts'
import { SseParser } from '../protocols/sse.ts'
import type { StreamParser } from '../protocols/stream-parser.ts'
import type { StreamFraming } from '../providers/wire.ts'

/** The part of `content-type` that tells a streamed answer of each framing from a whole one; lower case. */
export const mediaTypes: Readonly<Record<StreamFraming, string>> = {
  sse: 'event-stream',
  ndjson: 'ndjson',
  'aws-event-stream': 'vnd.amazon.eventstream',
}

export function createStreamParser(framing: StreamFraming): StreamParser {
  switch (framing) {
    case 'sse':
      return new SseParser()
    case 'ndjson':
      return new NdjsonParser()
    case 'aws-event-stream':
      return new AwsEventStreamParser()
  }
}
