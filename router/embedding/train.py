"""Trains the embedding table of the skill index; see README.md. Each step keeps its result in --work, so a run
that was stopped goes on where it was.

    python train.py --work /tmp/embedding --out skill-embedding.bin
"""
import argparse
import time
from pathlib import Path

import numpy as np

from cutting import Cutter
from sentences import write_pairs
from table import write_table
from teacher import Teacher
from vocabulary import read_vocabulary

NAME = "routeiq-static-256-v2"
DIMENSIONS = 256
PART_PAIRS = 5_000
# A word as common as this counts half as much as a rare one (smooth inverse frequency, Arora et al. 2017).
COMMON = 1e-4
BATCH = 512
TEMPERATURE = 0.05
# How much each text's own vector counts against the similarities within a batch.
ANCHOR = 5.0
LEARNING_RATE = 0.02
HELD_OUT = 2000


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def embed_vocabulary(work, teacher, words, pieces):
    path = work / "words.npy"
    if not path.exists():
        ids = teacher.tokenizer.get_vocab()
        begin, close = ids["[CLS]"], ids["[SEP]"]
        of_pieces = teacher.embed_ids([[begin, ids[piece], close] for piece in pieces])
        np.save(path, np.concatenate([teacher.embed(words), of_pieces]))
    return np.load(path)


def embed_pairs(work, teacher, words, counts, vectors, parts):
    pairs, requests, descriptions = [], [], []
    for part in range(parts):
        path = work / f"pairs-{part}.npz"
        written = write_pairs(words, counts, vectors, PART_PAIRS, seed=part)
        if not path.exists():
            sides = [teacher.embed([pair[side] for pair in written]).astype(np.float16) for side in (0, 1)]
            np.savez(path, requests=sides[0], descriptions=sides[1])
            print("pairs", (part + 1) * PART_PAIRS, flush=True)
        stored = np.load(path)
        pairs += written
        requests.append(stored["requests"])
        descriptions.append(stored["descriptions"])
    return pairs, np.concatenate(requests).astype(np.float32), np.concatenate(descriptions).astype(np.float32)


def find_axes(texts, words):
    """The principal axes of texts and words together."""
    covariance = texts.T @ texts / len(texts) + 0.5 * words.T @ words / len(words)
    _, axes = np.linalg.eigh(covariance)
    return axes[:, ::-1][:, :DIMENSIONS].astype(np.float32)


def soften(scores):
    scores = np.exp((scores - scores.max(1, keepdims=True)))
    return scores / scores.sum(1, keepdims=True)


def step(table, squares, sides, targets, rate):
    """One batch: texts shall lie where the teacher has them, and resemble each other as there."""
    sums = [side @ table for side in sides]
    lengths = [np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6) for rows in sums]
    ours = [rows / length for rows, length in zip(sums, lengths)]
    scores, goals = ours[0] @ ours[1].T / TEMPERATURE, targets[0] @ targets[1].T / TEMPERATURE
    wrong = soften(scores) - soften(goals) + (soften(scores.T) - soften(goals.T)).T
    wrong /= 2 * TEMPERATURE * len(scores)
    slopes = [wrong @ ours[1], wrong.T @ ours[0]]
    gradient = 0
    for side, our, target, slope, length in zip(sides, ours, targets, slopes, lengths):
        slope = slope - ANCHOR * target / len(target)
        gradient = gradient + side.T @ ((slope - (slope * our).sum(1, keepdims=True) * our) / length)
    energy = (gradient * gradient).mean(1)
    rows = np.flatnonzero(energy)
    squares[rows] += energy[rows]
    table[rows] -= rate * gradient[rows] / np.sqrt(squares[rows, None] + 1e-12)


def report(table, cutter, pairs, targets):
    ours = [unit(cutter.cut([pair[side] for pair in pairs]) @ table) for side in (0, 1)]
    close = [(our * target).sum(1).mean() for our, target in zip(ours, targets)]
    same = np.corrcoef((ours[0] @ ours[1].T).ravel(), (targets[0] @ targets[1].T).ravel())[0, 1]
    return f"cosine with the teacher {close[0]:.3f} {close[1]:.3f}, similarities correlate {same:.3f}"


def train(table, cutter, pairs, targets, epochs):
    random = np.random.default_rng(0)
    squares = np.zeros(len(table), np.float32)
    used = len(pairs) - HELD_OUT
    held_out = (pairs[used:], [target[used:] for target in targets])
    print("before:", report(table, cutter, *held_out), flush=True)
    for epoch in range(epochs):
        started = time.time()
        # A tenth of the longer words in pieces, so that pieces learn to stand for words the table lacks.
        sides = [cutter.cut([pair[side] for pair in pairs[:used]], 0.1, random) for side in (0, 1)]
        order = random.permutation(used)
        rate = LEARNING_RATE * (1 - 0.8 * epoch / epochs)
        for start in range(0, used - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            step(table, squares, [side[chosen] for side in sides], [target[chosen] for target in targets], rate)
        print(f"epoch {epoch + 1}, {time.time() - started:.0f} s:", report(table, cutter, *held_out), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--work", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--parts", type=int, default=4)
    options.add_argument("--epochs", type=int, default=4)
    options = options.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    teacher = Teacher()
    counts, pieces = read_vocabulary(teacher.tokenizer)
    words = list(counts)
    vectors = embed_vocabulary(options.work, teacher, words, pieces)
    pairs, *sides = embed_pairs(options.work, teacher, words, counts, vectors[: len(words)], options.parts)
    centre = (sides[0].mean(0) + sides[1].mean(0)) / 2
    texts = [side - centre for side in sides]
    vectors = vectors - vectors.mean(0)
    axes = find_axes(np.concatenate(texts), vectors)
    frequencies = np.array(list(counts.values()) + [0] * len(pieces), float) / sum(counts.values())
    importance = (COMMON / (COMMON + frequencies)).astype(np.float32)
    table = (vectors @ axes).astype(np.float32) * importance[:, None]
    targets = [unit(text @ axes) for text in texts]
    train(table, Cutter(words + pieces), pairs, targets, options.epochs)
    write_table(options.out, NAME, words + pieces, table)


if __name__ == "__main__":
    main()
