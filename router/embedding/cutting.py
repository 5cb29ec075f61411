"""Cuts texts into rows of the table as StaticEmbedder of router/src/retrieval does at run time."""
import re

import numpy as np
import scipy.sparse as sparse

from vocabulary import PIECE

WORD = re.compile(r"[a-z0-9]+")


class Cutter:
    def __init__(self, words):
        self.row = {word: row for row, word in enumerate(words)}
        self.known = {}

    def cut_pieces(self, word, longest=None):
        """Rows of a word's pieces, longest first; none when some part is unknown or the word holds a digit."""
        rows, start = [], 0
        if any(character.isdigit() for character in word):
            return rows
        while start < len(word):
            end = len(word) if start or longest is None else longest
            while end > start and (PIECE if start else "") + word[start:end] not in self.row:
                end -= 1
            if end == start:
                return []
            rows.append(self.row[(PIECE if start else "") + word[start:end]])
            start = end
        return rows

    def cut_word(self, word):
        if word not in self.known:
            self.known[word] = [self.row[word]] if word in self.row else self.cut_pieces(word)
        return self.known[word]

    def cut(self, texts, as_pieces=0.0, random=None):
        """A sparse matrix that turns the table into sums of the words of each text; some words as pieces."""
        counts, indices, shares = [], [], []
        for text in texts:
            before = len(indices)
            for word in WORD.findall(text.lower()):
                rows = self.cut_word(word)
                if as_pieces and len(word) > 5 and random.random() < as_pieces:
                    rows = self.cut_pieces(word, len(word) - 1) or rows
                indices.extend(rows)
                shares.extend([1 / len(rows)] * len(rows))
            counts.append(len(indices) - before)
        pointers = np.concatenate([[0], np.cumsum(counts)])
        shape = (len(counts), len(self.row))
        return sparse.csr_matrix((np.array(shares, np.float32), np.array(indices, np.int32), pointers), shape)
