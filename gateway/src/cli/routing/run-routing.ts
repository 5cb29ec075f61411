import { MatrixError } from '@routeiq/router'
import { bundle } from './bundle.ts'
import { evaluate } from './evaluate.ts'
import { exportDecisions } from './export-decisions.ts'
import { importData } from './import-data.ts'
import { RoutingUsageError } from './routing-options.ts'
import { train } from './train.ts'

/** What the commands reach outside: only what they are handed. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

type Command = (argv: readonly string[], terminal: Terminal) => Promise<void> | void

const commands: Readonly<Record<string, { readonly usage: string; readonly run: Command }>> = {
  train: {
    usage:
      'train --data FILE[,FILE] --out DIR [--strategy NAME[,NAME]|all] [--args JSON] [--calibrate isotonic] [--seed N] [--target 0.99] [--alpha 400] [--k 200]',
    run: train,
  },
  eval: {
    usage: 'eval --bundle DIR --data FILE[,FILE] [--strategy NAME] [--seed N] [--report md|json]',
    run: evaluate,
  },
  import: {
    usage: 'import --from llmrouter|routerbench|decisions --in FILE --out FILE [--prices FILE]',
    run: importData,
  },
  bundle: {
    usage: 'bundle sign|verify|inspect|diff --bundle DIR [--key FILE.pem] [--with DIR]',
    run: bundle,
  },
  'export-decisions': {
    usage: 'export-decisions --out FILE [--base-url URL] [--api-key KEY] [--window 30d] [--limit N]',
    run: exportDecisions,
  },
}

/** `routeiq train`, `eval`, `bundle`, `import`, `export-decisions`. Resolves to the exit code: 0 fine, 1 failed, 2 wrong usage. */
export async function runRouting(name: string, argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = commands[name]
  if (command === undefined) throw new Error(`no command ${name}`)
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.stdout.write(`Usage: routeiq ${command.usage}\n`)
    return 0
  }
  try {
    await command.run(argv, terminal)
    return 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    terminal.stderr.write(`routeiq ${name}: ${error.message}\n`)
    if (error instanceof MatrixError || !(error instanceof RoutingUsageError)) return 1
    terminal.stderr.write(`Usage: routeiq ${command.usage}\n`)
    return 2
  }
}
