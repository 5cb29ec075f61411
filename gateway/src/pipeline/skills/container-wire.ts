import type { JsonRecord } from '../../conversation/json-value.ts'
import type { StreamEvent } from '../../conversation/stream-event.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import type { Wire } from '../../providers/wire.ts'

/** What an answer's container becomes; null for an answer without one. */
type EditContainer = (container: JsonRecord | null) => JsonRecord | null

/** The deployment with the containers of its answers edited, by whichever of its wires they come. */
export function withContainers(deployment: Deployment, edit: EditContainer): Deployment {
  const { wire, responses } = deployment
  return {
    ...deployment,
    wire: editWire(wire, edit),
    responses: responses === null ? null : { ...responses, wire: editWire(responses.wire, edit) },
  }
}

function editWire(wire: Wire, edit: EditContainer): Wire {
  return {
    ...wire,
    decodeReply: (body, context) => {
      const reply = wire.decodeReply(body, context)
      return { ...reply, container: edit(reply.container ?? null) }
    },
    createStreamDecoder: (context) => {
      const decoder = wire.createStreamDecoder(context)
      const editAll = (events: readonly StreamEvent[]): StreamEvent[] =>
        events.flatMap((event) => editEvent(event, edit))
      return { push: (event) => editAll(decoder.push(event)), end: () => editAll(decoder.end()) }
    },
  }
}

/** What is added to every answer is told at its beginning. */
function editEvent(event: StreamEvent, edit: EditContainer): StreamEvent[] {
  if (event.type === 'container-available') {
    const container = edit(event.container)
    return container === null ? [] : [{ ...event, container }]
  }
  const added = event.type === 'message-start' ? edit(null) : null
  return added === null ? [event] : [event, { type: 'container-available', container: added }]
}
