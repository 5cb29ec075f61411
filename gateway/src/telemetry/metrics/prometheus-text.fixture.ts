interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedMetrics {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
  /** The value of the one sample with this name and at least these labels; undefined when there is none. */
  readonly read: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined
}

/** A strict reader of the Prometheus text format, for tests: throws on a line it does not understand. */
export function parsePrometheusText(text: string): ParsedMetrics {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  if (!text.endsWith('\n')) throw new Error('The last line does not end.')
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
    if (type) types.set(type[1] ?? '', type[2] ?? '')
    else if (!line.startsWith('# HELP ')) samples.push(parseSample(line))
  }
  const read: ParsedMetrics['read'] = (name, labels = {}) =>
    samples.find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )?.value
  return { types, samples, read }
}

function parseSample(line: string): Sample {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\[\\"n])*",?)*)\})? (\S+)$/.exec(line)
  if (!match) throw new Error(`Not a sample: ${line}`)
  const labels: Record<string, string> = {}
  for (const [, name, value] of (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name ?? ''] = (value ?? '').replace(/\\(.)/g, (_, code) => (code === 'n' ? '\n' : code))
  }
  return { name: match[1] ?? '', labels, value: Number((match[3] ?? '').replace('Inf', 'Infinity')) }
}
