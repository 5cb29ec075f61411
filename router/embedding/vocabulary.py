"""The rows of the table: words with how common each is, and word pieces.

Words with their counts come from symspellpy (MIT), pieces and further words from the tokenizer of
the teacher (Apache-2.0), names of techniques and products from terms.txt beside this file.
"""
import re
from importlib.resources import files
from pathlib import Path

PIECE = "##"
WORD = re.compile(r"[a-z][a-z0-9+#]*$")
STOP_WORDS = set(
    "a an and are as at be but by can could did do does for from had has have he her his how i if in into is it its me"
    " my no not of on one or our she should so some than that the their them then there these they this to up us was we"
    " were what when which who why will with would you your all any been being am also about other more may new out"
    " over just only such very too here where while after before each both own same few most via per".split()
)


def read_words(limit):
    """Words by falling frequency, with their counts."""
    counts = {}
    for line in files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").splitlines():
        word, count = line.split()
        if WORD.match(word) and (len(word) > 1 or word in "ai"):
            counts[word] = int(count)
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:limit])


def read_vocabulary(tokenizer, words=36_000):
    """Words with their counts, and pieces written `##ing`."""
    counts = read_words(words)
    chosen = dict(counts)
    pieces = []
    for token in sorted(tokenizer.get_vocab()):
        if token.startswith(PIECE) and re.fullmatch(r"[a-z0-9]+", token[2:]):
            pieces.append(token)
        elif WORD.match(token) and len(token) > 1:
            chosen.setdefault(token, 1_000_000)
    for term in Path(__file__).with_name("terms.txt").read_text().split():
        chosen.setdefault(term, 2_000_000)
    for letter in "abcdefghijklmnopqrstuvwxyz":
        chosen.setdefault(letter, 10_000_000)
    return chosen, pieces
