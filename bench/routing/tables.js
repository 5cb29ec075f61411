const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const spreadOf = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)))
const percent = (value) => `${(100 * value).toFixed(0)} %`
const points = (value) => value.toFixed(3).replace(/^0/, '')

/** All tables about quality and cost, from the results of every set and seed. */
export function printTables(sets) {
  const many = sets.filter(({ results }) => results[0].apgr === undefined)
  const pairs = sets.filter(({ results }) => results[0].apgr !== undefined)
  print(
    'Quality kept / cost saved (sd over seeds; worst seed; 95 % of the mean interval)',
    ['set', 'target .99', 'target .97', 'target .95'],
    many.map(({ name, results }) => [
      name,
      ...[0, 1, 2].map((at) => tradeOff(results.map((one) => one.profiles[at]))),
    ]),
  )
  print(
    'The same with the more careful rule for λ (one standard error, half a point)',
    ['set', 'target .99', 'target .97', 'target .95'],
    many.map(({ name, results }) => [
      name,
      ...[0, 1, 2].map((at) => tradeOff(results.map((one) => one.careful[at]))),
    ]),
  )
  const at97 = many.filter(({ name }) => ['zeroeval', 'mmlupro', 'routerbench_subset'].includes(name))
  if (at97.length === 3) {
    const over = (read) => mean(at97.map(({ results }) => mean(results.map((one) => read(one.profiles[1])))))
    console.log(
      `\nMean of the three at .97: ${points(over((one) => one.ratio))} at ${percent(over((one) => one.saved))} lower cost`,
    )
  }
  print(
    'Quality at λ = 0 beside others',
    [
      'set',
      'auto',
      'best single',
      'cheapest',
      'random',
      'kNN-5 votes',
      'oracle',
      'AIQ auto',
      'AIQ static',
      'ECE',
    ],
    many.map(({ name, results }) => [
      name,
      ...['free', 'best', 'cheapest', 'random', 'votes', 'oracle', 'aiq', 'staticAiq', 'ece'].map((key) =>
        points(mean(results.map((one) => one[key]))),
      ),
    ]),
  )
  const cascades = many.filter(({ results }) => results.every(({ cascade }) => cascade !== null))
  print(
    'Agreement cascade',
    ['set', 'quality / cost saved', 'worst seed', 'agreed'],
    cascades.map(({ name, results }) => {
      const read = (key) => results.map(({ cascade }) => cascade[key])
      const worst = results.toSorted((left, right) => left.cascade.ratio - right.cascade.ratio)[0].cascade
      return [
        name,
        `${points(mean(read('ratio')))} / ${percent(mean(read('saved')))}`,
        `${points(worst.ratio)} / ${percent(worst.saved)}`,
        percent(mean(read('agreed'))),
      ]
    }),
  )
  print(
    'Picks that change (in brackets: and lose more than 2 points)',
    ['set', ...Object.keys(many[0]?.results[0].flips ?? {})],
    many.map(({ name, results }) => [
      name,
      ...Object.keys(results[0].flips).map((change) => {
        const read = (key) => (100 * mean(results.map(({ flips }) => flips[change][key]))).toFixed(1)
        return `${read('flips')} % (${read('losses')})`
      }),
    ]),
  )
  print(
    'Guarantee ε = .02, δ = .10, 100 splits a seed',
    ['set', 'holds, pooled rows', 'holds, other rows alone', 'cost saved'],
    many.map(({ name, results }) => [
      name,
      ...['pooled', 'apart', 'saved'].map((key) =>
        percent(mean(results.map(({ guarantee }) => guarantee[key]))),
      ),
    ]),
  )
  print(
    'Pairs',
    ['set', 'APGR (sd)', 'worst seed', 'share for half the gap', 'for 80 %', 'auto', 'hybrid'],
    pairs.map(({ name, results }) => {
      const values = results.map(({ apgr }) => apgr)
      return [
        name,
        `${points(mean(values))} (${points(spreadOf(values))})`,
        points(Math.min(...values)),
        percent(mean(results.map(({ cpt50 }) => cpt50))),
        percent(mean(results.map(({ cpt80 }) => cpt80))),
        points(mean(results.map(({ auto }) => auto))),
        points(mean(results.map(({ hybrid }) => hybrid))),
      ]
    }),
  )
}

function tradeOff(profiles) {
  const read = (key) => profiles.map((one) => one[key])
  const [low, high] = [0, 1].map((end) => mean(profiles.map(({ interval }) => interval[end])))
  const sd = `${points(spreadOf(read('ratio')))}/${points(spreadOf(read('saved')))}`
  const worst = profiles.toSorted((left, right) => left.ratio - right.ratio)[0]
  return `${points(mean(read('ratio')))} / ${percent(mean(read('saved')))} (${sd}; ${points(worst.ratio)} / ${percent(worst.saved)}; ${points(low)}–${points(high)})`
}

function print(title, head, rows) {
  if (rows.length === 0) return
  console.log(`\n### ${title}\n\n| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
}
