import { available, type Setting } from './setting.ts'

/** Agents over A2A. */
export const agentSettings: readonly Setting[] = [
  available(
    'a2a.enabled',
    'boolean',
    null,
    'Agent surfaces; on without a value when the configuration lists agents',
    ['A2A_GATEWAY_ENABLED'],
    { example: 'true' },
  ),
  available('a2a.base_url', 'text', null, 'Address of the agents for clients; the public URL unless given', [
    'A2A_BASE_URL',
  ]),
  available(
    'a2a.task_ttl_seconds',
    'integer',
    3600,
    'Seconds that the owner of a task is remembered after its last news',
    ['A2A_TASK_TTL_SECONDS'],
  ),
  available(
    'a2a.task_store_max_tasks',
    'integer',
    10_000,
    'Tasks whose owner is remembered; ended ones are forgotten first',
    ['A2A_TASK_STORE_MAX_TASKS'],
  ),
  available(
    'a2a.task_rate_limit',
    'integer',
    100,
    'Messages a minute that begin a task, for one agent; 0 for no limit',
    ['A2A_TASK_RATE_LIMIT'],
  ),
  available(
    'a2a.task_scope',
    'choice',
    'principal',
    'Who may see a task beside admins: the key or user that began it, or its whole team',
    [],
    { choices: ['principal', 'team'] },
  ),
  available(
    'a2a.synthesise_streams',
    'boolean',
    false,
    'Agents that cannot stream answer a stream with one event',
  ),
  available(
    'a2a.raw_streaming_enabled',
    'boolean',
    false,
    'Streams between sides of the same version pass as bytes; of their events only the first is looked at',
    ['A2A_RAW_STREAMING_ENABLED'],
  ),
  available('a2a.raw_streaming_chunk_size', 'integer', 8192, 'Most bytes of such a stream in one piece', [
    'A2A_RAW_STREAMING_CHUNK_SIZE',
  ]),
  available('a2a.max_stream_seconds', 'integer', 3600, 'Longest stream of an agent'),
  available(
    'a2a.card_default',
    'choice',
    'hybrid',
    'The card for clients that name no version: for both at once, or for one',
    [],
    { choices: ['hybrid', '1.0', '0.3'] },
  ),
  available('a2a.tracing_enabled', 'boolean', true, 'Calls of agents are spans of their own', [
    'A2A_TRACING_ENABLED',
  ]),
  available(
    'a2a.identity_headers',
    'boolean',
    false,
    'Agents are told who calls: X-LiteLLM-Trace-Id, -User-Id, -Team-Id and -Agent-Id',
  ),
  available(
    'a2a.pin_cards',
    'boolean',
    false,
    'A card that changes its skills or addresses does not count until the agent is registered anew',
  ),
  available(
    'a2a.root_agent',
    'text',
    null,
    "The agent whose card `/.well-known/agent-card.json` gives in place of the gateway's own",
  ),
]
