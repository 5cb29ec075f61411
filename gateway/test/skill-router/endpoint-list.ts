const shapes: Readonly<Record<string, string>> = {
  envelope:
    'strategy routing_id prompt_fragment skills stable_menu menu_instruction routing_hint stable_menu_skills ' +
    'skill_count desc_tokens rows_total abstained decision_persisted',
  row:
    'id skill_id name url_slug display_name description category tags trigger_phrases stability skill_type ' +
    'skill_scope invocation is_active offer_scope latest_version safety_status source created_at updated_at',
  file: 'id file_path directory content_type size_bytes digest',
}

/**
 * Every endpoint clients of the Skill Router know, and what its answer must have. `{…}` stands for something that exists
 * in a path, and for a shape behind the arrow.
 */
export const endpoints = `
GET /auth/verify -> status api_key_valid scope project_id workspace_id permissions require_manifest_on_ingest message
GET /skills/menu -> {envelope}
POST /skills/route -> {envelope}
GET /skills/{skill}/body -> body name description skill_id version_id version content_hash truncated total_chars content_hash_matches_body attachments
GET /skills/routing/{routing_id} -> routing_id strategy agent_name created_at offered hinted delivered activated offered_not_activated activated_not_offered rows traces closed holdout degraded_reason
GET /skills/{skill}/router-stats -> skill_name window_days decisions_count hinted_count delivered_count activated_count closed_count decisions_unjoined activation_rate offered_not_activated_rate by_model by_agent
GET /skills/snapshot -> catalogue_digest skills stable_menu stable_menu_skills menu_instruction
GET /skills -> skills next_cursor
POST /skills
GET /skills/{skill} -> {row} body_markdown
PUT /skills/{skill} -> status skill_id
GET /skills/{skill}/versions -> skill_name versions
GET /skills/{skill}/versions/1 -> skill_name version_number body_markdown content_hash
GET /skills/hashes -> hashes
GET /skills/{skill}/attachments -> attachments
GET /skills/{skill}/attachments/{attachment} -> {file} content_text
GET /skills/{skill}/attachments/by-path/scripts/a.py -> {file} content_text
POST /skills/{skill}/attachments
POST /skills/{skill}/attachments/bulk
POST /skills/reembed -> reembedded skipped target_model
POST /skills/sync -> status synced created updated unchanged pulled failures
POST /skills/installs/report -> skills
GET /skills/analytics/metrics -> agent_name window_days skills
GET /skills/analytics/compare
GET /skills/analytics/leaderboard -> leaderboard
GET /skills/{skill}/effectiveness -> skill overall by_model
GET /skills/analytics/gaps -> window_days gaps
POST /skills/routing/{routing_id}/outcome -> status
GET /registry/skills -> items next_cursor has_next total_hint
GET /registry/skills/{skill} -> id name url_slug display_name description body_markdown category tags skill_badge author_display_name source_type source_url install_count avg_rating rating_count effectiveness skill_safety safety_status safety intent_status content_status attachments attachment_count latest_version_number total_activations_30d
GET /registry/skills/{skill}/attachments -> attachments
GET /registry/skills/{skill}/attachments/by-path/scripts/a.py -> {file} content_text
GET /registry/skills/{skill}/attachments/scripts/a.py -> {file} content_text
GET /registry/skills/{skill}/eval -> eval_yaml_text case_count
GET /registry/skills/{skill}/benchmark
GET /registry/skills/{skill}/activations -> window_days series totals
GET /registry/skills/{skill}/bundle
GET /registry/leaderboard -> sort window_days items total
POST /registry/skills/{skill}/use -> status uses shadowed_by_owned
POST /registry/skills/{skill}/install
POST /install/resolve
GET /install/bundles/{version_id}
POST /registry/install/resolve
GET /registry/install/bundles/{version_id}
POST /skills/{skill}/publish?category=x -> status skill_id category skill_badge
POST /skills/{skill}/merge-upstream
POST /skills/{skill}/benchmark/run
POST /skills/{skill}/benchmark/import
POST /skills/{skill}/checks/run -> skill_safety safety_status intent_status content_status findings
POST /registry/skills/{skill}/fork
GET /agents -> agents total
GET /agents/{agent}/skills -> agent_name skills total
POST /agents/{agent}/skills/{skill}
DELETE /agents/{agent}/skills/{skill}
PUT /agents/{agent}/prompt
GET /agents/{agent}/prompt -> agent_name agent_id system_prompt version_number version_id content_hash label version_mode pinned_version_number resolved_from
GET /bundles -> bundles
POST /bundles
GET /bundles/{bundle}
PUT /bundles/{bundle}
POST /bundles/{bundle}/apply?agent=helper
DELETE /bundles/{bundle}
POST /traces
POST /traces/batch
GET /traces -> traces total limit offset
GET /traces/stats -> total by_status
GET /traces/{trace} -> id agent_name status spans llm_calls eval_verdict
POST /traces/{trace}/eval-scores
POST /traces/{trace}/annotations
POST /traces/{trace}/evaluate
POST /traces/{trace}/decision
POST /traces/batch-decision
GET /traces/{trace}/eval-breakdown -> trace_id eval_verdict source_groups annotations
GET /traces/eval/stats -> total_traces total_evaluated pass_rate verdict_breakdown
POST /import/jsonl
POST /import/traces
POST /traces/import
POST /traces/import-bulk
POST /manifests
GET /manifests -> manifests
GET /manifests/{manifest} -> id agent_name manifest_hash version_label components
GET /manifests/{manifest}/diff -> diff message
POST /evaluators/register
GET /evaluators -> evaluators
POST /evaluators
GET /evaluators/{evaluator}
PUT /evaluators/{evaluator}
DELETE /evaluators/{evaluator}
GET /evaluators/templates -> templates
GET /alerts -> alerts next_cursor
POST /alerts/{alert}/ack -> status
GET /alert-rules -> rules
POST /alert-rules
GET /webhooks -> webhooks
POST /webhooks
POST /webhooks/{webhook}/test
GET /router/embedder -> source kind model available
GET /router/health -> status embedder indexes decisions_waiting degraded route_latency_ms
GET /quotas
DELETE /skills/{skill}/attachments/{attachment} -> status
POST /skills/{skill}/unpublish -> status skill_id forks_cleared
DELETE /skills/{skill} -> status deleted
`
  .trim()
  .split('\n')
  .map((line) => {
    const [endpoint = '', members = ''] = line.split(' -> ')
    const [method = '', template = ''] = endpoint.split(' ')
    const shown = members.replace(/\{(\w+)\}/, (_, shape: string) => shapes[shape] ?? '')
    return { method, template, members: shown.split(' ').filter((name) => name !== '') }
  })

/** What has to be there for some of them to answer, and what a plain request to it lacks. */
export const measured = new Set(['GET /registry/skills/{skill}/benchmark'])

export const bodyText = '# One\n\nAsk for the order number first, then look it up.'
/** What a plain request lacks. */
export const bodies: Readonly<Record<string, object>> = {
  '/skills/route': { query: 'one' },
  '/skills/sync': { skills: [], conflict_policy: 'local_wins' },
  '/skills/installs/report': { install_id: 'here', skills: [] },
  '/skills/routing/{routing_id}/outcome': { verdict: 'review' },
}
