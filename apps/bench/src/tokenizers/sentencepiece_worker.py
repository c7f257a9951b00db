"""Answers questions about Google's sentencepiece on standard input, one line of JSON each."""

import json
import sys
import time

import sentencepiece

processor = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    texts = json.load(file)


def single():
    for text in texts:
        processor.encode(text)


def batch():
    processor.encode(texts, num_threads=1)


def milliseconds(work):
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


for line in sys.stdin:
    question = line.strip()
    if question == "version":
        answer = sentencepiece.__version__
    elif question == "ids":
        answer = [processor.encode(text) for text in texts]
    else:
        answer = milliseconds(single if question == "single" else batch)
    print(json.dumps(answer), flush=True)
