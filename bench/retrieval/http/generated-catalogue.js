/** A generator of whole numbers below `limit` that depends on its seed alone (mulberry32). */
function createRandom(seed) {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

const SYLLABLES =
  'ba be bi bo da de di do fa fi ga go ka ke ki la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se so ta te ti to va ve vi zo'.split(
    ' ',
  )
const VOCABULARY = 20_000

/** Few words are said often and most seldom, as in language: rank r with a weight of about 1/r. */
function createVocabulary(random) {
  const words = Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + random(3) }, () => SYLLABLES[random(SYLLABLES.length)]).join(''),
  )
  return () => words[Math.floor(VOCABULARY ** (random(1_000_000) / 1_000_000)) - 1] ?? words[0]
}

const sentence = (word, count) => Array.from({ length: count }, word).join(' ')

/** `count` skills with descriptions of about 15 words and bodies of about 250, and requests about some of them. */
export function generateCatalogue(count) {
  const random = createRandom(7)
  const word = createVocabulary(random)
  const skills = Array.from({ length: count }, (_, index) => ({
    name: `${word()}-${word()}-${index}`,
    description: sentence(word, 10 + random(10)),
    body: `# ${sentence(word, 4)}\n\n${sentence(word, 150 + random(200))}`,
  }))
  const requests = Array.from({ length: 200 }, () => {
    const { name, description } = skills[random(count)]
    return `please ${sentence(word, 3)} ${description.split(' ').slice(0, 5).join(' ')} ${name.split('-')[0]}`
  })
  return { skills, requests }
}
