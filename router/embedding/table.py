"""Writes the file that StaticEmbedder of router/src/retrieval reads."""
import json

import numpy as np


def write_table(path, name, words, matrix):
    """`matrix` has a row for each word; how much a word counts is in the length of its row."""
    scales = np.maximum(np.abs(matrix).max(1) / 127, 1e-9).astype("<f4")
    table = np.round(matrix / scales[:, None]).astype(np.int8)
    vocabulary = "\n".join(words).encode()
    header = {"id": name, "dimensions": matrix.shape[1], "rows": len(words), "vocabularyBytes": len(vocabulary)}
    header = json.dumps(header).encode()
    start = b"RQE1" + np.array(len(header), "<u4").tobytes() + header
    with open(path, "wb") as file:
        for part in (start, vocabulary, scales.tobytes(), table.tobytes()):
            file.write(part + b"\n" * (-len(part) % 4))
