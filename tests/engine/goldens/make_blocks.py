#!/usr/bin/env python3
"""Writes blocks.txt: random blocks of every type that a GGUF file may hold, with the numbers that the `gguf` package
makes of them.   pip install gguf numpy; ./make_blocks.py > blocks.txt"""
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Q
from gguf.quants import dequantize

HALVES = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q2_K: [80, 82], Q.Q3_K: [108],
          Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208], Q.IQ4_NL: [0], Q.IQ4_XS: [0]}

random = np.random.default_rng(12)
print("# type, bytes of some blocks, the bits of their numbers. Made by make_blocks.py.")
for kind, halves in HALVES.items():
    numbers, size = GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (2 if numbers == 256 else 4, size), dtype=np.uint8)
    for at in halves:
        scales = random.normal(0, 0.05, len(blocks)).astype(np.float16)
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    wide = dequantize(blocks, kind).astype(np.float32).reshape(-1)
    print(kind.name, blocks.tobytes().hex(), wide.astype(">f4").tobytes().hex())
