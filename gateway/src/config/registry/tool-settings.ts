import { mcpSettings } from './mcp-settings.ts'
import { available, planned, plannedSwitch, type Setting } from './setting.ts'

/** Tools over MCP, agents over A2A, and skills. */
export const toolSettings: readonly Setting[] = [
  ...mcpSettings,
  planned('process.a2a_tracing_enabled', 'boolean', true, 'Spans for agents', ['A2A_TRACING_ENABLED']),
  plannedSwitch('a2a.raw_streaming_enabled', 'Byte pass-through of agent streams', [
    'A2A_RAW_STREAMING_ENABLED',
  ]),
  planned('a2a.raw_streaming_chunk_size', 'integer', 8192, 'Bytes per piece', [
    'A2A_RAW_STREAMING_CHUNK_SIZE',
  ]),
  available(
    'skills.well_known.enabled',
    'boolean',
    false,
    'Publishes skills at `/.well-known/skills/` and `/.well-known/agent-skills/`, as the plugin `skills-discovery` does',
  ),
  available(
    'skills.well_known.dir',
    'text',
    null,
    'Folder of the skills published there; before `ROUTEIQ_SKILLS_DIR`',
  ),
  available(
    'skills_discovery.skills_dir',
    'text',
    null,
    'The same. Without either `./skills`, else `./docs/skills`',
    ['ROUTEIQ_SKILLS_DIR'],
  ),
  available(
    'skills.well_known.sources',
    'list',
    ['dir'],
    'What is published: `dir` for the folder, `store` for the public skills of the registry',
    [],
    { example: 'dir,store' },
  ),
  available(
    'skills.well_known.allow_leading_digit',
    'boolean',
    false,
    'Also publishes skills whose name begins with a digit',
  ),
  available(
    'skills.mcp.enabled',
    'boolean',
    true,
    'Serves the skills of the caller at `/mcp` too, by the extension `io.modelcontextprotocol/skills`',
  ),
  available(
    'skills.marketplace.enabled',
    'boolean',
    false,
    'Shows plugins at `/claude-code/marketplace.json` and `/public/skill_hub` to anybody',
  ),
  available('skills.marketplace.name', 'text', 'routeiq', 'Name of that marketplace in Claude Code'),
  available('skills.marketplace.owner', 'text', 'RouteIQ', 'Who runs it'),
  available(
    'process.skill_modules',
    'list',
    [],
    'Function skills, each as namespace=path',
    ['ROUTEIQ_SKILL_MODULES'],
    {
      example: 'tools.text=./text.py',
    },
  ),
  available(
    'process.skill_module_cache',
    'integer',
    100,
    'Modules of function skills listed for one namespace',
    ['ROUTEIQ_SKILL_MODULE_CACHE'],
  ),
  available(
    'skills.scan.on_block',
    'choice',
    'quarantine',
    'What becomes of a skill version in which the scan finds something dangerous: refused, kept but never served, served with a mark, or not scanned at all',
    [],
    { choices: ['reject', 'quarantine', 'flag', 'off'] },
  ),
  available('skills.scan.on_flag', 'choice', 'allow', 'The same for what is merely suspicious', [], {
    choices: ['allow', 'quarantine'],
  }),
  available('skills.validation', 'choice', 'lenient', 'How closely uploads are held to the open format', [], {
    choices: ['lenient', 'strict'],
  }),
  available('skills.min_body_chars', 'integer', 50, 'Shortest body of a skill created over REST'),
  available('registry.public_read', 'boolean', false, 'Public skills can be read without a key'),
  available(
    'publish.require_benchmark',
    'boolean',
    false,
    'A skill needs test cases and a run of them to be published',
  ),
  available(
    'skills.mode',
    'choice',
    'auto',
    'Whose skills `/v1/skills` shows: those of the store, those of an account at the vendor, or (`auto`) the store unless a request names an account',
    [],
    {
      choices: ['auto', 'database', 'passthrough', 'litellm'],
      file: ['general_settings.skills_mode', 'litellm_settings.skills_mode'],
    },
  ),
  available(
    'skills.neutral_dialect',
    'choice',
    'anthropic',
    'Whose objects `/v1/skills` shows to clients that say nothing of a vendor',
    [],
    { choices: ['anthropic', 'openai'] },
  ),
  available('skills.max_per_request', 'integer', 8, 'Skills one request may put into a container'),
  available(
    'skills.on_unavailable',
    'choice',
    'error',
    "What becomes of a vendor's skills and code execution in a request to another vendor's model",
    [],
    { choices: ['error', 'drop'] },
  ),
  available(
    'skills.native_fallback',
    'choice',
    'error',
    "What happens when a skill cannot be copied to the vendor's account: the request fails, or the skill is put into the prompt",
    [],
    { choices: ['error', 'inject'] },
  ),
  available(
    'skills.provider_copy_ttl',
    'integer',
    30,
    "Days after which copies in vendors' accounts that nobody uses are deleted",
  ),
  available(
    'skills.evidence_retention_days',
    'integer',
    90,
    'Days that decisions and traces are kept; counts stay',
  ),
  available('skills.require_manifest_on_ingest', 'boolean', false, 'Traces must name a registered manifest'),
  planned('process.load_skill_tool', 'text', null, 'How models load skills', ['ROUTEIQ_LOAD_SKILL_TOOL']),
  planned('process.skill_authority', 'text', null, 'How skills are presented', ['ROUTEIQ_SKILL_AUTHORITY']),
  planned('process.client_api_key', 'text', null, 'Read by client libraries', ['ROUTEIQ_API_KEY']),
  planned('process.client_base_url', 'text', null, 'Read by client libraries', ['ROUTEIQ_BASE_URL']),
  planned('process.client_skill_timeout', 'text', null, 'Read by client libraries', [
    'ROUTEIQ_SKILL_ROUTE_TIMEOUT_S',
  ]),
  planned('process.client_disk_warning', 'text', null, 'Read by client libraries', [
    'ROUTEIQ_SUPPRESS_DISK_RUNTIME_WARNING',
  ]),
]
