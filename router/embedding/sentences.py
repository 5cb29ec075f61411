"""Synthetic pairs of a request and a description of a skill that would serve it, without any outside text.

A topic is a word and its nearest neighbours in the teacher's own space; the two sides of a pair are templates
filled with different words of one topic, so that they mostly share meaning, not spelling. What the teacher makes
of each text decides what is learnt, so a clumsy pair does no harm.
"""
import numpy as np

from vocabulary import STOP_WORDS

REQUESTS = """
I need to {v} the {a} for my {b}.|Can you {v} my {a}?|Please {v} a {a} about {b}.|What is the {a} of this {b}?
How do I {v} a {a} with {b}?|{v} the {a}|I want to {v} {a} and {b}.|Show me the latest {a} on {b}.
Is there a {a} near {b}?|Help me {v} this {a}.|I'm looking for {a} with good {b}.|Find {a} {b} for tomorrow.
Our {a} keeps failing when we {v} the {b}, what should we do?|Could you explain {a} in terms of {b}?
My {a} is about {b}, can you {v} it?|I have a {a} and would like to {v} its {b}.|Compare {a} with {b}.
Give me ideas for {a} and {b}.|Which {a} should I {v} for {b}?|I have been thinking about {a} lately, any {b}?
Tell me about {a}.|{a} {b}|{v} {a} {b} {c}|When does the {a} {b} start?|Set up {a} for the {b} team and {v} the {c}.
After you {v} the {a}, send the {b} to {c}.|Why is the {a} so {b}?|Where can I {v} {a}?|Recommend a {a} for {b} and {c}.
I would like some information on {a}, especially {b} and {c}.|Convert my {a} into a {b}.|Who handles {a} here?
Do you know any good {a}?|It should {v} every {a} in the {b}.|First {v} the {a}, then {v2} the {b}.
Write something about {a} and {b}.|I've got a {a} problem: my {b} won't {v} the {c}|any {a} deals on {b} this weekend?
I just started with {a} and I'm not sure how to {v} {b}, could you guide me?|Make a {a} that shows {b} per {c}
My friend told me about {a} and {b}. Where do I start?|Can I {v} {a} without {b}?|Turn these {a} notes into {b}
Is it true that {a} can {v} {b}?|Which {a} has the highest {b} right now?|{v} all {a} with {b} older than {c}
I'm planning a {a} with {b}; suggest {c}.|As a {a}, I need {b} to {v} my {c}.|How much does a {a} {b} cost in {c}?
What happened to {a} in the {b} yesterday?|Give me the {a} history of {b}|How can I improve my {a} and {b}?
What are the best {a} for {b}?|Check whether the {a} is {b}.
"""
DESCRIPTIONS = """
{v} {a} and {b}|Provides {a} and {b} for {c}.|A tool to {v} {a}, {b} and {c}.|{a} {b} assistant
Search and {v} {a} by {b}.|Use when the user wants to {v} {a} or asks about {b}.|Get {a} information
Calculate the {a} of a {b}|Retrieve {a} data from {b}|Your guide to {a}, {b} and more.|Create {a} with {b} from {c}.
Helps to {v} {a}; covers {b}, {c}.|{a}: {b} and {c}|Plugin for {a} lovers: {v} {b}.|Discover {a} and {b}.
Manage {a}: {v} and {v2} {b}.|Analyze {a} for {b} and report {c}|Returns the {b} of the given {a}.
Instant {a} and {b} recommendations|Find the best {a} for your {b}.|Automates {a} {b}.|Generates {a} from {b}
Assists with {a}, {b} and {c}, e.g. to {v} a {a}.|{v}s the {a} of the {b}|Returns a list of {a} for the {b} and {c}
Search for {a}, compare {b} and {v} {c}.|Stay informed about {a} and {b} with news, {c} and more|{a} {b} {c} calculator
Given a {a}, {v} the matching {b}.|Ask anything about {a}, {b} or {c}.|Obtain {a} and {b} details for a {c}
Expert in {a}. Can {v} {b} and {v2} {c}.|{v} a {a}|{a} lookup|Everything about {a} and {b}
"""
VERBS = """
find search create make write check get update delete remove send book order buy sell plan schedule track manage convert
translate summarize analyze calculate compare review edit design generate recommend explain learn teach fix debug deploy
test install configure monitor record read play watch download upload share publish organize sort filter measure estimate
predict evaluate improve optimize draw visualize transcribe extract merge split compress encrypt validate verify cancel
change reserve rent pay invest visit explore discover identify detect diagnose prepare cook clean repair build connect
migrate import export format rewrite draft answer solve open close start stop register apply report audit list show
""".split()


def split_templates(text):
    return [line for line in text.replace("\n", "|").split("|") if line]


def build_topics(words, counts, vectors, random, number, size=16):
    """Arrays of word indices: a seed, drawn in favour of common words, and what is near to it."""
    usable = np.array([len(word) > 2 and word not in STOP_WORDS for word in words])
    index = np.flatnonzero(usable)
    chance = np.array([counts[words[row]] for row in index], float) ** 0.35
    seeds = random.choice(index, number, p=chance / chance.sum())
    centred = vectors - vectors.mean(0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    common = index[np.argsort(-chance)[:24_000]]
    for start in range(0, number, 500):
        rows = seeds[start : start + 500]
        near = centred[rows] @ centred[common].T
        best = np.argsort(-near, axis=1)[:, : 4 * size]
        for row, line in zip(rows, best):
            others = [other for other in common[line] if words[other][:4] != words[row][:4]]
            yield row, np.array(others[:size])


def write_pairs(words, counts, vectors, number, seed):
    """`number` pairs (request, description)."""
    random = np.random.default_rng(seed)
    requests, descriptions = split_templates(REQUESTS), split_templates(DESCRIPTIONS)
    topics = build_topics(words, counts, vectors, random, number * 2, 16)
    pairs = []
    for (one, near_one), (_, near_other) in zip(topics, topics):
        # Most pairs mix in a second topic: real requests are about more than one thing.
        pool = np.concatenate([[one], near_one, near_other[:6] if random.random() < 0.6 else []]).astype(int)
        pairs.append((fill(requests, words, pool, random), fill(descriptions, words, pool, random)))
    return pairs


def fill(templates, words, pool, random):
    a, b, c = random.choice(pool, 3, replace=False)
    if random.random() < 0.5:
        a = pool[0]
    v, v2 = random.choice(VERBS, 2, replace=False)
    text = templates[random.integers(len(templates))].format(a=words[a], b=words[b], c=words[c], v=v, v2=v2)
    return text[0].upper() + text[1:]
