export const helpText = `routeiq — one endpoint between applications and AI

Usage: routeiq [command] [flags]

Commands
  start             run the gateway (also when no command is given)
  validate-config   check the configuration and report every problem; nothing is started
  probe-services    call the configured database and Redis and report
  skills            work with the skills of a running gateway (routeiq skills --help)
  audit             say whether the audit log is what was written (routeiq audit --help)
  secrets           encrypt what is kept secret with another key (routeiq secrets --help)
  modules           describe functions that are skills, by their types (routeiq modules --help)
  train             make a routing bundle from outcomes (routeiq train --help)
  eval              measure a routing bundle on outcomes
  import            read outcomes of other tools, or a gateway's own decisions
  import litellm    copy keys, users, teams and budgets of a LiteLLM database (routeiq import litellm --help)
  bundle            sign a bundle, verify its signature or show what is in it
  probe             try prompts on models of a running gateway and judge the answers
  calibrate         find the threshold that gives the strong one of two models a share of the asks
  replay            estimate what another strategy would have come to on a running gateway's traffic
  export-decisions  write what a running gateway decided and how it turned out
  version           print the version

Flags of start
  -c, --config FILE   configuration file (default: config/config.yaml, config.yaml, else provider keys in the environment)
  --host HOST         address to listen on (default 0.0.0.0)
  --port PORT         port to listen on (default 4000)
  --data-dir DIR      where the embedded database and the spend journal live (default .routeiq)
  --workers N         serving processes (default 1)
  --model MODEL       serve this one model instead of a configuration file
  --drop-params       drop parameters a model does not support instead of refusing them
  --request-timeout S seconds an upstream answer may take
  --ssl-keyfile-path FILE, --ssl-certfile-path FILE   serve HTTPS
  --insecure-no-auth  serve models without any key
  --debug             log debug lines

Flags of validate-config
  --strict            warnings fail too
  --json              machine-readable report

Exit codes: 0 fine, 1 failure while running, 2 wrong usage or configuration.
`
