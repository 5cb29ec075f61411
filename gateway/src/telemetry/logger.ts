import { formatAccessLine, formatAccessText } from './lines/access-line.ts'
import { formatDecisionLine } from './lines/decision-line.ts'
import { formatEventLine, formatEventText, type LogFields, type LogLevel } from './lines/event-line.ts'
import { LabelQuoter } from './lines/label-quoter.ts'
import type { LogWriter } from './log-writer.ts'
import type { RequestRecord } from './request-record.ts'

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'text'
  /** Writes the lines of routing decisions. */
  readonly routingDecisions: boolean
  /** The name in them. */
  readonly decisionLogger: string
  readonly writer: LogWriter
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What an error line says; `error` may be anything that was thrown. Its stack goes to the debug level only. */
export interface LoggedError {
  readonly error: unknown
  readonly requestId?: string | null
  readonly traceId?: string | null
}

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const maximumErrorLength = 2048

/** Levelled, structured log. Cheap below its level; never throws; never waits for the sink. */
export class Logger {
  readonly #options: LoggerOptions
  readonly #threshold: number
  readonly #quoter: LabelQuoter
  /** JSON. */
  readonly #decisionLogger: string

  constructor(options: LoggerOptions) {
    this.#options = options
    this.#threshold = severity[options.level]
    this.#quoter = new LabelQuoter(options.writer.redactor)
    this.#decisionLogger = JSON.stringify(options.decisionLogger)
  }

  isEnabled(level: LogLevel): boolean {
    return severity[level] >= this.#threshold
  }

  /** `event` is a stable snake_case name; say the rest in `fields`, with a `message` for people. */
  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (!this.isEnabled(level)) return
    const { format, writer, now } = this.#options
    writer.writeLine((format === 'json' ? formatEventLine : formatEventText)(level, event, fields, now()))
  }

  /** The access line and, when a deployment was chosen and the option is on, the routing decision line. */
  logRequest(record: RequestRecord): void {
    if (!this.isEnabled('info')) return
    const { format, writer, routingDecisions } = this.#options
    const quoter = this.#quoter
    if (format === 'text') {
      writer.writeLine(formatAccessText(record))
      return
    }
    quoter.refresh()
    writer.writeRedacted(formatAccessLine(record, quoter))
    if (routingDecisions && record.target !== null)
      writer.writeRedacted(formatDecisionLine(record, quoter, this.#decisionLogger))
  }

  /** A published event about one decision, as JSON text in `<event without version>.payload`; with the decision lines. */
  logDecision(event: string, fields: LogFields, payload: object): void {
    if (!this.#options.routingDecisions || this.#options.format === 'text') return
    const attribute = `${event.replace(/\.v\d+$/, '')}.payload`
    this.log('info', event, { ...fields, [attribute]: JSON.stringify(payload) })
  }

  logError({ error, requestId, traceId }: LoggedError): void {
    const known = error instanceof Error
    const { redactText } = this.#options.writer.redactor
    this.log('error', 'error', {
      // Cut after redaction: half a secret would not be recognised.
      error_message: redactText(describeError(error)).slice(0, maximumErrorLength),
      error_type: known ? error.name : typeof error,
      request_id: requestId ?? null,
      trace_id: traceId ?? null,
      stack: known && this.isEnabled('debug') ? error.stack : undefined,
    })
  }
}

function describeError(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : `a thrown ${typeof error}`
}
