import { MatrixError } from '@routeiq/router'
import { bundle } from './bundle.ts'
import { calibrate } from './calibrate.ts'
import { evaluate } from './evaluate.ts'
import { exportDecisions } from './export-decisions.ts'
import { importData } from './import-data.ts'
import { probe } from './probe.ts'
import { replay } from './replay.ts'
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
      'train --data FILE[,FILE] --out DIR|FILE.rqb [--strategy NAME[,NAME]|all] [--args JSON] [--calibrate isotonic] [--seed N] [--target 0.99] [--alpha 400] [--k 200]',
    run: train,
  },
  eval: {
    usage:
      'eval --bundle DIR|FILE.rqb --data FILE[,FILE] [--strategy NAME] [--seed N] [--seeds N [--args JSON] [--target 0.99]] [--report md|json]',
    run: evaluate,
  },
  import: {
    usage: 'import --from llmrouter|routerbench|arena|pairs|decisions --in FILE --out FILE [--prices FILE]',
    run: importData,
  },
  bundle: {
    usage:
      'bundle sign|verify|inspect|diff|pack|add --bundle DIR|FILE.rqb [--key FILE.pem] [--with DIR|FILE.rqb] [--model NAME --data FILE[,FILE] --out DIR|FILE.rqb]',
    run: bundle,
  },
  probe: {
    usage:
      'probe --prompts FILE --models NAME[,NAME] --out FILE (--check exact|json|tests | --judge MODEL) [--max-cost USD] [--max-tokens N] [--verify N] [--base-url URL] [--api-key KEY]',
    run: probe,
  },
  calibrate: {
    usage:
      'calibrate --small NAME --large NAME (--share 0.3 [--in FILE | --base-url URL --api-key KEY] [--window 30d] | --verdicts FILE[,FILE] [--lambda N])',
    run: calibrate,
  },
  replay: {
    usage:
      'replay --strategy NAME [--args JSON] [--profile NAME] [--lambda N] [--window 30d] [--report md|json] [--base-url URL] [--api-key KEY]',
    run: replay,
  },
  'export-decisions': {
    usage: 'export-decisions --out FILE [--base-url URL] [--api-key KEY] [--window 30d] [--limit N]',
    run: exportDecisions,
  },
}

/** `routeiq train`, `eval`, `bundle`, `import`, `probe`, `calibrate`, `replay`, `export-decisions`. Resolves to the exit code: 0 fine, 1 failed, 2 wrong usage. */
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
