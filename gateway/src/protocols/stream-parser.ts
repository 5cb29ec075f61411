/** One event of a provider's stream, whatever frames it. */
export interface FramedEvent {
  /** The event's own name, null when the framing gives it none. */
  readonly event: string | null
  readonly data: string
}

/** Cuts a stream into events; bytes may be split anywhere. One instance per stream. */
export interface StreamParser {
  /**
   * The events completed by these bytes. Errors: what is not of the framing makes the *next* call throw a
   * GatewayError, so that the events in front of it do not depend on how the bytes were split.
   */
  push(chunk: Buffer): readonly FramedEvent[]
  /** What was left open when the stream ended. Errors: GatewayError. */
  end(): readonly FramedEvent[]
}
