export const harmCategories = ['violence', 'hate_speech', 'sexual', 'self_harm', 'illegal_activity'] as const

export type HarmCategory = (typeof harmCategories)[number]

/** Words that mean something only together. */
export interface HarmRule {
  readonly category: HarmCategory
  /** How much it speaks for its category, from 0 to 1. */
  readonly weight: number
  /** How many words may lie between the first and the last of them. */
  readonly within: number
  /** One word of each group must be there; the words of a group are parted by spaces. English, lower case, singular where `s` makes the plural. */
  readonly groups: readonly string[]
  /** Words beside them that speak for prevention, research or fiction. */
  readonly unless?: string
}

const asking = 'how instruction step guide recipe tutorial teach explain show'
const making =
  'make making build building construct assemble create produce cook synthesize synthesise manufacture prepare'
const wanting = 'want wanna going gonna will plan planning ready'
const people =
  'him her them someone somebody people everyone wife husband girlfriend boyfriend boss neighbor neighbour coworker classmate teacher student'
const killing =
  'kill killing murder murdering stab stabbing shoot shooting strangle poison poisoning behead torture assassinate'
const peoples =
  'jew jewish muslim christian hindu blacks whites asian arab african mexican immigrant migrant refugee gypsy gypsies gay lesbian transgender women'
const minors = 'child children minor underage teen teenager preteen toddler kid schoolgirl schoolboy'
const drugs = 'meth methamphetamine heroin fentanyl cocaine lsd mdma ecstasy ketamine'
const prevention =
  'prevent prevention preventing hotline helpline awareness detect detecting protect protection defend avoid history historical law'
const fiction =
  'novel fiction film movie video photo picture scene commercial game level raid dungeon character process processes server port thread program'

const rule = (
  category: HarmCategory,
  weight: number,
  within: number,
  groups: readonly string[],
  unless = '',
): HarmRule => ({ category, weight, within, groups, unless })

/** Crude by nature: the words of those who say what they mean. Words of one kind alone come to nothing or to little. */
export const harmRules: readonly HarmRule[] = [
  rule('violence', 0.85, 10, [asking, making, 'bomb explosive grenade ied molotov napalm'], prevention),
  rule('violence', 0.8, 8, [`${asking} ${wanting} best`, killing, people], `${prevention} ${fiction}`),
  rule('violence', 0.75, 8, [wanting, 'shoot bomb attack', 'school church mosque synagogue mall'], fiction),
  rule('violence', 0.4, 4, [killing, people], fiction),
  rule('violence', 0.35, 0, ['dismember dismembered decapitate decapitated disembowel beheading massacre']),
  rule('violence', 0.3, 0, ['gore gory bloodbath slaughtered mutilate mutilated']),

  rule('hate_speech', 0.8, 8, [peoples, 'vermin subhuman parasite cockroach cockroaches filth scum savages']),
  rule('hate_speech', 0.85, 8, [peoples, 'exterminate eradicate lynch annihilate gassed'], prevention),
  rule('hate_speech', 0.75, 5, [peoples, 'hate despise', 'all those these every'], prevention),
  rule('hate_speech', 0.7, 6, [peoples, 'should must deserve', 'die dead killed hanged'], prevention),
  rule('hate_speech', 0.4, 3, ['white aryan', 'supremacy supremacist'], prevention),
  rule('hate_speech', 0.4, 3, ['heil sieg', 'hitler heil']),

  rule('sexual', 0.95, 6, [minors, 'porn pornography nude naked erotic sexualized seductive'], prevention),
  rule('sexual', 0.75, 6, ['explicit graphic erotic pornographic hardcore', 'sex sexual erotica fantasy']),
  rule('sexual', 0.75, 6, ['write describe generate tell', 'erotica porn smut hentai nsfw'], prevention),
  rule('sexual', 0.4, 0, ['blowjob handjob cumshot fellatio cunnilingus gangbang']),
  rule('sexual', 0.35, 0, ['porn porno hentai milf']),
  rule('sexual', 0.35, 0, ['orgasm dildo masturbate masturbating']),

  rule('self_harm', 0.8, 5, ['kill hurt harm cut cutting hang starve overdose', 'myself']),
  rule('self_harm', 0.75, 5, ['want wanna planning ready', 'i', 'die suicide']),
  rule('self_harm', 0.8, 7, [`${asking} way method best easiest painless`, 'suicide'], prevention),
  rule(
    'self_harm',
    0.75,
    7,
    ['how many much', 'pill tylenol paracetamol insulin', 'die kill overdose lethal'],
    prevention,
  ),
  rule('self_harm', 0.3, 6, ['suicide suicidal'], prevention),

  rule('illegal_activity', 0.85, 9, [asking, making, `${drugs} ricin sarin anthrax`], prevention),
  rule('illegal_activity', 0.75, 6, ['buy sell order smuggle', drugs], prevention),
  rule(
    'illegal_activity',
    0.75,
    8,
    [
      'buy sell make making get forge print',
      'fake counterfeit forged',
      'passport id money banknote licence license',
    ],
    prevention,
  ),
  rule('illegal_activity', 0.75, 8, [asking, 'launder laundering', 'money cash crypto'], prevention),
  rule(
    'illegal_activity',
    0.75,
    8,
    [asking, 'hack hacking steal stealing', 'account email bank password wifi phone car identity'],
    prevention,
  ),
  rule(
    'illegal_activity',
    0.75,
    8,
    [asking, 'break breaking', 'into', 'account email bank car house phone'],
    prevention,
  ),
  rule(
    'illegal_activity',
    0.75,
    8,
    ['write create make build code develop', 'ransomware keylogger malware botnet phishing spyware'],
    `${prevention} train training simulation`,
  ),
]
