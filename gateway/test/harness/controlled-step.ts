import { chatChunks, formatOpenaiStream } from './openai-wire.ts'
import type { Step } from './scripted-upstream.ts'
import { eventStream } from './steps.ts'

/** A stream that pauses after its first event until the test lets it finish. */
export interface ControlledStream {
  readonly step: Step
  finish(): void
}

export function controlledStream(): ControlledStream {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const [first = '', ...rest] = formatOpenaiStream(chatChunks()).split(/(?<=\n\n)/)
  const step: Step = async ({ response }) => {
    response.writeHead(200, eventStream).write(first)
    await released
    response.end(rest.join(''))
  }
  return { step, finish: release }
}
