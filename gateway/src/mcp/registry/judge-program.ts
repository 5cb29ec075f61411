import { GatewayError } from '@routeiq/contract'
import type { McpServerSettings, StdioApiConfig } from '../../config/config.ts'

type Program = Pick<McpServerSettings, 'command' | 'args' | 'cwd' | 'env' | 'runsAs'>

/** With these, a program does something else than what was allowed: they name code for loaders and interpreters. */
const loaderVariable =
  /^(?:LD_|DYLD_|GLIBC_|GCONV_|NODE_|NPM_|BUN_|DENO_|PYTHON|PIP_|UV_|PERL|RUBY|GEM_|BUNDLE_|JAVA_|_JAVA|JDK_|DOTNET_|GIT_|BASH|ENV$|IFS$|SHELL|PATH$|HOME$|TMPDIR$)/i

/**
 * Whether a program that was registered over REST may run: the operator allows it, by its command alone or by the arguments
 * it begins with, too. It runs in a folder of its own, and as nobody else than the gateway.
 */
export function mayRun(
  { command, args, cwd, env, runsAs }: Program,
  { isEnabled, commands }: StdioApiConfig,
): boolean {
  if (!isEnabled || cwd !== null || runsAs !== null) return false
  if (Object.keys(env).some((name) => loaderVariable.test(name))) return false
  return commands.some((allowed) => allowed.every((word, at) => word === (at === 0 ? command : args[at - 1])))
}

/** Errors: 400 `stdio_not_allowed`. */
export function requireRunnable(program: Program, allowed: StdioApiConfig): void {
  if (mayRun(program, allowed)) return
  throw new GatewayError(
    'stdio_not_allowed',
    'This program may not be registered over REST. The operator defines it in the file (mcp_servers), or allows it with mcp.stdio_api and mcp.stdio_commands.',
    { param: 'transport' },
  )
}
