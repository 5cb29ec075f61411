// A tool server that has one of everything, for tests: `node everything-server.mjs KIND`.
// KIND: modern (2026-07-28), sessions and stateless (2025-11-25 with and without sessions), old (the SSE transport before that), stdio.
// Servers over HTTP write their port to standard output once they listen.
import { createHmac, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import {
  createMcpHandler,
  inputRequired,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
const wave = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities'
const nothing = { type: 'object', properties: {} }
const text = (value) => ({ content: [{ type: 'text', text: value }] })

/** Null for the descriptor that the folder itself was read with. */
const readLink = (path) => {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

const sign = (value) => `${value}.${createHmac('sha256', 'fixture').update(value).digest('hex').slice(0, 16)}`
const verify = (state) => state === sign(String(state).split('.')[0])

const askForName = {
  user_name: inputRequired.elicit({
    message: 'What is your name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  }),
}
const confirm = {
  confirm: inputRequired.elicit({
    message: 'Please confirm',
    requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  }),
}
const sampling = (question) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: question } }],
    maxTokens: 100,
  })
const form = (properties) =>
  inputRequired.elicit({ message: 'Please fill in', requestedSchema: { type: 'object', properties } })

/** Answers only what looks like an answer; everything else is asked again. */
const answered = ({ mcpReq }, key) => {
  const answer = mcpReq.inputResponses?.[key]
  return typeof answer === 'object' && answer !== null ? answer : undefined
}
const requireState = ({ mcpReq }) => {
  if (!verify(mcpReq.requestState())) throw Object.assign(new Error('Invalid requestState'), { code: -32602 })
}

/** name → description, schema, and what it does. */
const tools = {
  echo: {
    description: 'Says what it is told.',
    schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    run: ({ text: said }) => text(String(said)),
  },
  whoami: {
    description: 'The headers and environment the server sees.',
    run: (_, { http: web }) =>
      text(
        JSON.stringify({
          headers: web?.req ? [...web.req.headers] : [],
          env: process.env,
          pid: process.pid,
          user: { uid: process.getuid(), gid: process.getgid(), groups: process.getgroups() },
          umask: process.umask(),
          limits: readFileSync('/proc/self/limits', 'utf8'),
          descriptors: readdirSync('/proc/self/fd').map((name) => readLink(`/proc/self/fd/${name}`)),
        }),
      ),
  },
  count: {
    description: 'Counts the calls of one session.',
    run: (_, __, state) => {
      state.calls = (state.calls ?? 0) + 1
      return text(String(state.calls))
    },
  },
  hang: {
    description: 'Never answers.',
    run: async (_, { mcpReq }) => {
      await new Promise((resolve) => mcpReq.signal.addEventListener('abort', resolve))
      cancelled += 1
      return text('cancelled')
    },
  },
  cancelled: { description: 'How many calls were cancelled.', run: () => text(String(cancelled)) },
  flood: {
    description: 'Answers with as many characters as it is told.',
    schema: { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] },
    run: ({ size }) => text('x'.repeat(size)),
  },
  die: { description: 'Ends the server in the middle of the call.', run: () => process.exit(3) },
  unknown_members: {
    description: 'A result with members nobody knows.',
    run: () => ({ ...text('ok'), unheardOf: { a: 1 }, structuredContent: { n: 1 } }),
  },
  test_simple_text: {
    description: 'Plain text.',
    run: () => text('This is a simple text response for testing.'),
  },
  test_image_content: {
    description: 'An image.',
    run: () => ({ content: [{ type: 'image', data: pixel, mimeType: 'image/png' }] }),
  },
  test_audio_content: {
    description: 'A sound.',
    run: () => ({ content: [{ type: 'audio', data: wave, mimeType: 'audio/wav' }] }),
  },
  test_embedded_resource: {
    description: 'A resource in the answer.',
    run: () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  },
  test_multiple_content_types: {
    description: 'Text, image and resource.',
    run: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: pixel, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  },
  test_tool_with_logging: {
    description: 'Logs while it works.',
    run: async (_, { mcpReq }) => {
      for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await mcpReq.log('info', line)
        await sleep(20)
      }
      return text('Logged three times.')
    },
  },
  test_logging_tool: {
    description: 'Logs once.',
    run: async (_, { mcpReq }) => {
      await mcpReq.log('info', 'working')
      return text('Logged.')
    },
  },
  test_tool_with_progress: {
    description: 'Tells how far it is.',
    run: async (_, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined)
          await mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 100 },
          })
        await sleep(20)
      }
      return text('Done.')
    },
  },
  test_error_handling: {
    description: 'Always fails.',
    run: () => ({ ...text('This tool intentionally returns an error for testing'), isError: true }),
  },
  test_sampling: {
    description: 'Asks the model of its client.',
    schema: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    run: ({ prompt }, context) => {
      const answer = answered(context, 'answer')
      if (answer === undefined) return inputRequired({ inputRequests: { answer: sampling(prompt) } })
      return text(`LLM response: ${answer.content?.text}`)
    },
  },
  test_elicitation: {
    description: 'Asks the user of its client.',
    schema: { type: 'object', properties: { message: { type: 'string' } } },
    run: ({ message = 'Who are you?' }, context) => {
      const answer = answered(context, 'user')
      const requestedSchema = {
        type: 'object',
        properties: { username: { type: 'string' }, email: { type: 'string' } },
        required: ['username', 'email'],
      }
      if (answer === undefined)
        return inputRequired({ inputRequests: { user: inputRequired.elicit({ message, requestedSchema }) } })
      return text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content)}`)
    },
  },
  test_elicitation_sep1034_defaults: {
    description: 'Asks with defaults.',
    run: (_, context) => {
      const answer = answered(context, 'form')
      if (answer === undefined)
        return inputRequired({
          inputRequests: {
            form: form({
              name: { type: 'string', default: 'John Doe' },
              age: { type: 'integer', default: 30 },
              score: { type: 'number', default: 95.5 },
              status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
              verified: { type: 'boolean', default: true },
            }),
          },
        })
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content)}`)
    },
  },
  test_elicitation_sep1330_enums: {
    description: 'Asks to choose.',
    run: (_, context) => {
      const answer = answered(context, 'form')
      const titled = (kind) =>
        ['First', 'Second', 'Third'].map((title, index) => ({
          const: `value${index + 1}`,
          title: `${title} ${kind}`,
        }))
      if (answer === undefined)
        return inputRequired({
          inputRequests: {
            form: form({
              untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
              titledSingle: { type: 'string', oneOf: titled('Option') },
              legacyEnum: {
                type: 'string',
                enum: ['opt1', 'opt2', 'opt3'],
                enumNames: ['Option One', 'Option Two', 'Option Three'],
              },
              untitledMulti: {
                type: 'array',
                items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
              },
              titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
            }),
          },
        })
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content)}`)
    },
  },
  test_input_required_result_elicitation: {
    description: 'Asks for a name.',
    run: (_, context) => {
      const answer = answered(context, 'user_name')
      if (answer === undefined) return inputRequired({ inputRequests: askForName })
      return text(`Hello, ${answer.content?.name}!`)
    },
  },
  test_streaming_elicitation: {
    description: 'Says that it works, then asks.',
    run: async (_, context) => {
      if (answered(context, 'user_name') !== undefined) return text('Thank you.')
      return inputRequired({ inputRequests: askForName })
    },
  },
  test_input_required_result_sampling: {
    description: 'Asks the model of its client.',
    run: (_, context) => {
      const answer = answered(context, 'capital_question')
      if (answer === undefined)
        return inputRequired({
          inputRequests: { capital_question: sampling('What is the capital of France?') },
        })
      return text(String(answer.content?.text))
    },
  },
  test_input_required_result_list_roots: {
    description: 'Asks for the roots of its client.',
    run: (_, context) => {
      const answer = answered(context, 'client_roots')
      if (answer === undefined)
        return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
      return text(JSON.stringify(answer.roots))
    },
  },
  test_input_required_result_request_state: {
    description: 'Asks, and has its client carry state.',
    run: (_, context) => {
      if (answered(context, 'confirm') === undefined)
        return inputRequired({ inputRequests: confirm, requestState: sign('confirmed') })
      requireState(context)
      return text('state-ok')
    },
  },
  test_input_required_result_tampered_state: {
    description: 'Refuses state that was changed.',
    run: (_, context) => {
      if (answered(context, 'confirm') === undefined)
        return inputRequired({ inputRequests: confirm, requestState: sign('tamper') })
      requireState(context)
      return text('state-ok')
    },
  },
  test_input_required_result_multiple_inputs: {
    description: 'Asks three things at once.',
    run: (_, context) => {
      const asked = {
        ...askForName,
        greeting: sampling('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      }
      const missing = Object.keys(asked).filter((key) => answered(context, key) === undefined)
      if (missing.length > 0) {
        const inputRequests = Object.fromEntries(missing.map((key) => [key, asked[key]]))
        return inputRequired({ inputRequests, requestState: sign('multiple') })
      }
      requireState(context)
      return text('All three arrived.')
    },
  },
  test_input_required_result_multi_round: {
    description: 'Asks in two rounds.',
    run: (_, context) => {
      const ask = (name, question) => ({
        [name]: inputRequired.elicit({
          message: question,
          requestedSchema: { type: 'object', properties: { answer: { type: 'string' } } },
        }),
      })
      if (answered(context, 'step2') !== undefined) {
        requireState(context)
        return text('Both rounds are done.')
      }
      if (answered(context, 'step1') !== undefined) {
        requireState(context)
        return inputRequired({
          inputRequests: ask('step2', 'Step 2: What is your favorite color?'),
          requestState: sign('round2'),
        })
      }
      return inputRequired({
        inputRequests: ask('step1', 'Step 1: What is your name?'),
        requestState: sign('round1'),
      })
    },
  },
  test_input_required_result_capabilities: {
    description: 'Asks only what its client can be asked.',
    run: (_, context, state) => {
      const can = context.mcpReq.envelope?.[capabilitiesKey] ?? state.server?.getClientCapabilities() ?? {}
      const inputRequests = {
        ...(can.elicitation && askForName),
        ...(can.sampling && { capital_question: sampling('What is the capital of France?') }),
      }
      const isAnswered = Object.keys(inputRequests).some((key) => answered(context, key) !== undefined)
      if (isAnswered || Object.keys(inputRequests).length === 0) return text('Nothing to ask.')
      return inputRequired({ inputRequests })
    },
  },
  test_missing_capability: {
    description: 'Needs a client that can sample.',
    run: (_, context, state) => {
      const can = context.mcpReq.envelope?.[capabilitiesKey] ?? state.server?.getClientCapabilities() ?? {}
      if (can.sampling) return text('The client can sample.')
      const data = { requiredCapabilities: { sampling: {} } }
      throw Object.assign(new Error('This tool needs a client that can sample'), { code: -32021, data })
    },
  },
  test_trigger_tool_change: {
    description: 'Adds or removes a tool.',
    run: () => {
      isLateToolThere = !isLateToolThere
      tell('tools')
      return text('changed')
    },
  },
  test_trigger_prompt_change: {
    description: 'Adds or removes a prompt.',
    run: () => {
      isLatePromptThere = !isLatePromptThere
      tell('prompts')
      return text('changed')
    },
  },
  test_trigger_resource_update: {
    description: 'Changes a resource.',
    run: () => {
      tell('resource')
      return text('changed')
    },
  },
  test_custom_headers: {
    description: 'Wants arguments as headers too.',
    schema: {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        priority: { type: 'integer', 'x-mcp-header': 'Priority' },
        verbose: { type: 'boolean', 'x-mcp-header': 'Verbose' },
        query: { type: 'string' },
      },
      required: ['region'],
    },
    run: (args, { http: web }) =>
      text(
        JSON.stringify({
          args,
          headers: [...(web?.req?.headers ?? [])].filter(([name]) => name.startsWith('mcp-param')),
        }),
      ),
  },
  json_schema_2020_12_tool: {
    description: 'Has a schema of the 2020-12 draft.',
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
    run: (args) => text(JSON.stringify(args)),
  },
}

let cancelled = 0
let isLateToolThere = false
let isLatePromptThere = false
/** What to call when something has changed. */
const listeners = new Set()
const tell = (what) => {
  for (const listener of listeners) listener(what)
}

const listTools = () => [
  ...Object.entries(tools).map(([name, { description, schema = nothing }]) => ({
    name,
    description,
    inputSchema: schema,
    annotations: { readOnlyHint: true, unheardOf: true },
    unheardOf: { of: name },
  })),
  ...(isLateToolThere ? [{ name: 'late_tool', description: 'Came later.', inputSchema: nothing }] : []),
]

const user = (content) => ({ role: 'user', content })
const prompts = {
  test_simple_prompt: {
    description: 'Without arguments.',
    get: () => [user({ type: 'text', text: 'This is a simple prompt for testing.' })],
  },
  test_prompt_with_arguments: {
    description: 'With two arguments.',
    arguments: [
      { name: 'arg1', description: 'First test argument', required: true },
      { name: 'arg2', description: 'Second test argument', required: true },
    ],
    get: ({ arg1, arg2 }) => [
      user({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
    ],
  },
  test_prompt_with_embedded_resource: {
    description: 'With a resource.',
    arguments: [{ name: 'resourceUri', description: 'URI of the resource to embed', required: true }],
    get: ({ resourceUri }) => [
      user({
        type: 'resource',
        resource: {
          uri: resourceUri,
          mimeType: 'text/plain',
          text: 'Embedded resource content for testing.',
        },
      }),
      user({ type: 'text', text: 'Please process the embedded resource above.' }),
    ],
  },
  test_prompt_with_image: {
    description: 'With an image.',
    get: () => [
      user({ type: 'image', data: pixel, mimeType: 'image/png' }),
      user({ type: 'text', text: 'Please analyze the image above.' }),
    ],
  },
  test_input_required_result_prompt: {
    description: 'Asks before it answers.',
    get: (_, context) => {
      const answer = answered(context, 'user_context')
      if (answer !== undefined) return [user({ type: 'text', text: String(answer.content?.context) })]
      const requestedSchema = {
        type: 'object',
        properties: { context: { type: 'string' } },
        required: ['context'],
      }
      const message = 'What context should the prompt use?'
      return inputRequired({
        inputRequests: { user_context: inputRequired.elicit({ message, requestedSchema }) },
      })
    },
  },
}

const resources = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: pixel },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Watched.' },
}

function readResource(uri) {
  const known = resources[uri]
  if (known !== undefined) return { uri, ...known }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
  if (id === undefined) throw Object.assign(new Error('Resource not found'), { code: -32002, data: { uri } })
  const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })
  return { uri, mimeType: 'application/json', text: body }
}

function createServer(state = {}) {
  const server = new Server(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
      instructions: 'A server for tests.',
    },
  )
  state.server = server
  server.setRequestHandler('tools/list', () => ({ tools: listTools() }))
  server.setRequestHandler('tools/call', ({ params }, context) => {
    const tool = tools[params.name]
    if (tool !== undefined) return tool.run(params.arguments ?? {}, context, state)
    if (params.name === 'late_tool') return text('late')
    throw Object.assign(new Error(`Unknown tool: ${params.name}`), { code: -32602 })
  })
  server.setRequestHandler('prompts/list', () => ({
    prompts: [
      ...Object.entries(prompts).map(([name, { get: _, ...prompt }]) => ({ name, ...prompt })),
      ...(isLatePromptThere ? [{ name: 'late_prompt', description: 'Came later.' }] : []),
    ],
  }))
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    const prompt = prompts[params.name]
    if (prompt === undefined)
      throw Object.assign(new Error(`Unknown prompt: ${params.name}`), { code: -32602 })
    const messages = prompt.get(params.arguments ?? {}, context)
    return Array.isArray(messages) ? { messages } : messages
  })
  server.setRequestHandler('resources/list', () => ({
    resources: Object.entries(resources).map(([uri, { mimeType }]) => ({
      uri,
      name: uri.slice('test://'.length),
      description: `The resource ${uri}`,
      mimeType,
    })),
  }))
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [
      { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' },
    ],
  }))
  server.setRequestHandler('resources/read', ({ params }) => ({ contents: [readResource(params.uri)] }))
  server.setRequestHandler('completion/complete', ({ params }) => ({
    completion: {
      values: ['paris', 'park', 'party'].filter((word) => word.startsWith(params.argument.value)),
    },
  }))
  server.setRequestHandler('resources/subscribe', ({ params }) => {
    state.uris = (state.uris ?? new Set()).add(params.uri)
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    state.uris?.delete(params.uri)
    return {}
  })
  return server
}

const isInitialize = (body) => body?.method === 'initialize'

/** Tells the client of a session what has changed. */
function followChanges(server, state) {
  const listener = (what) => {
    if (what === 'tools') void server.sendToolListChanged().catch(() => {})
    else if (what === 'prompts') void server.sendPromptListChanged().catch(() => {})
    else if (state.uris?.has('test://watched-resource'))
      void server.sendResourceUpdated({ uri: 'test://watched-resource' }).catch(() => {})
  }
  listeners.add(listener)
  server.onclose = () => listeners.delete(listener)
}

function modernHandler() {
  const handler = createMcpHandler(() => createServer(), { legacy: 'reject' })
  listeners.add((what) => {
    if (what === 'tools') handler.notify.toolsChanged()
    else if (what === 'prompts') handler.notify.promptsChanged()
    else handler.notify.resourceUpdated('test://watched-resource')
  })
  return (request, parsedBody) => handler.fetch(request, { parsedBody })
}

function sessionsHandler() {
  const sessions = new Map()
  return async (request, parsedBody) => {
    const id = request.headers.get('mcp-session-id')
    const known = sessions.get(id)
    if (known !== undefined) return known.handleRequest(request, { parsedBody })
    if (id !== null || !isInitialize(parsedBody)) {
      const error = { code: -32001, message: 'Session not found' }
      return Response.json({ jsonrpc: '2.0', error, id: null }, { status: id === null ? 400 : 404 })
    }
    const state = {}
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => sessions.set(session, transport),
      onsessionclosed: (session) => sessions.delete(session),
    })
    const server = createServer(state)
    followChanges(server, state)
    await server.connect(transport)
    if (process.env.FORGETFUL)
      setTimeout(() => sessions.delete(transport.sessionId), Number(process.env.FORGETFUL))
    return transport.handleRequest(request, { parsedBody })
  }
}

function statelessHandler() {
  return async (request, parsedBody) => {
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const transport = new WebStandardStreamableHTTPServerTransport({})
    await createServer().connect(transport)
    return transport.handleRequest(request, { parsedBody })
  }
}

async function listen(handle) {
  const server = http.createServer(async (incoming, outgoing) => {
    const chunks = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    const { method, url, headers } = incoming
    const response = await handle(
      new Request(`http://localhost${url}`, { method, headers, signal: gone.signal }),
      body,
    )
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    if (response.body === null) return outgoing.end()
    outgoing.flushHeaders()
    for await (const chunk of response.body) {
      if (gone.signal.aborted) break
      outgoing.write(chunk)
    }
    outgoing.end()
  })
  server.on('clientError', (_, socket) => socket.destroy())
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
}

/** The package of the old line has the server's side of the old transport. */
function listenForStreams() {
  const transports = new Map()
  const server = http.createServer(async (incoming, outgoing) => {
    if (incoming.method === 'GET') {
      const state = {}
      const transport = new SSEServerTransport('/messages', outgoing)
      const server = createServer(state)
      followChanges(server, state)
      transports.set(transport.sessionId, transport)
      await server.connect(transport)
      return
    }
    const id = new URL(incoming.url, 'http://localhost').searchParams.get('sessionId')
    const transport = transports.get(id)
    if (transport === undefined) return outgoing.writeHead(404).end()
    await transport.handlePostMessage(incoming, outgoing)
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
}

process.on('unhandledRejection', () => {})
const kind = process.argv[2] ?? 'modern'
if (kind === 'stdio') serveStdio(() => createServer())
else if (kind === 'old') listenForStreams()
else await listen({ modern: modernHandler, sessions: sessionsHandler, stateless: statelessHandler }[kind]())
