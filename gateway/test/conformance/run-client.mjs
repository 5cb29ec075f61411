// What the suite starts for each scenario: hands it to the test, which has the gateway play it, and ends as that ended.
const [player, serverUrl] = process.argv.slice(2)
const {
  MCP_CONFORMANCE_SCENARIO: scenario,
  MCP_CONFORMANCE_PROTOCOL_VERSION: revision,
  MCP_CONFORMANCE_CONTEXT: context = '{}',
} = process.env
const body = JSON.stringify({ scenario, revision, serverUrl, context: JSON.parse(context) })
const answer = await fetch(player, { method: 'POST', body })
process.stderr.write(await answer.text())
process.exitCode = answer.ok ? 0 : 1
