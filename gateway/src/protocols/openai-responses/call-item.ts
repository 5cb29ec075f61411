import type { JsonRecord } from '../../conversation/json-value.ts'
import {
  announceItem,
  completeItem,
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
} from './output-item.ts'
import type { QualifiedName } from './tool-namespaces.ts'

export interface CalledTool {
  /** What the result will refer to; not the item's own id. */
  readonly callId: string
  readonly kind: 'function' | 'custom'
  readonly tool: QualifiedName
}

/** A call of a function, or of a tool that takes free text. */
export class CallItem implements OutputItem {
  readonly #place: ItemPlace
  readonly #called: CalledTool
  readonly #members: string
  #arguments = ''

  constructor(place: ItemPlace, called: CalledTool) {
    this.#place = place
    this.#called = called
    this.#members = JSON.stringify(this.#address()).slice(1, -1)
    announceItem(place, this.#item('in_progress', ''))
  }

  append(delta: string): void {
    if (delta === '') return
    this.#arguments += delta
    const type =
      this.#called.kind === 'function'
        ? 'response.function_call_arguments.delta'
        : 'response.custom_tool_call_input.delta'
    this.#place.writer.writeDelta(type, this.#members, delta)
  }

  /** A function without arguments is called with an empty object. */
  close(status: ItemStatus): JsonRecord {
    const { writer } = this.#place
    const { kind, tool } = this.#called
    if (kind === 'function') {
      if (this.#arguments === '') this.append('{}')
      const done = { ...this.#address(), name: tool.name, arguments: this.#arguments }
      writer.write('response.function_call_arguments.done', done)
    } else {
      writer.write('response.custom_tool_call_input.done', { ...this.#address(), input: this.#arguments })
    }
    const item = this.#item(status, this.#arguments)
    completeItem(this.#place, item)
    return item
  }

  #address(): JsonRecord {
    const { id, index } = this.#place
    return { item_id: id, output_index: index }
  }

  #item(status: ItemStatus | 'in_progress', text: string): JsonRecord {
    const { kind, callId, tool } = this.#called
    const { id } = this.#place
    const { namespace, name } = tool
    const named = namespace === null ? { name } : { name, namespace }
    return kind === 'function'
      ? { id, type: 'function_call', status, call_id: callId, ...named, arguments: text }
      : { id, type: 'custom_tool_call', status, call_id: callId, ...named, input: text }
  }
}
