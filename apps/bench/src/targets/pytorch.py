"""One case in PyTorch, in a process of its own: `pytorch.py CASE`, where CASE is JSON. Prints what `worker.ts` prints."""
import json
import math
import os
import sys
import time

import torch
import torch.nn.functional as F

PATIENCE_SECONDS = 3
NUM_SAMPLES = 64

device = "cpu"


def hashed(seed, length):
    """The finalizer of MurmurHash3 over positions, as in inputs.ts; 24 bits of it."""
    mask = 0xFFFFFFFF
    value = (torch.arange(length, dtype=torch.int64) + ((seed * 0x9E3779B9) & mask)) & mask
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & mask
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & mask
    return (value ^ (value >> 16)) >> 8


def uniform(seed, shape, scale=1.0, offset=0.0):
    values = (hashed(seed, math.prod(shape)).double() * 2.0**-23 - 1) * scale + offset
    return values.float().reshape(shape).to(device)


def stored(tensor, case):
    return tensor.half() if case.get("isHalf") else tensor


def matmul(case):
    a, b = (stored(uniform(seed, case[name]), case) for seed, name in ((1, "shapeA"), (2, "shapeB")))
    left = a.transpose(-1, -2) if case["isATransposed"] else a
    right = b.transpose(-1, -2) if case["isBTransposed"] else b
    return lambda: [left @ right]


def attend(q, k, v, bias=None):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    scores = (q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-1, -2)
    return (scores if bias is None else scores + bias).softmax(-1) @ v


def attention(case):
    shape = [case["numHeads"], case["length"], case["headDim"]]
    inputs = [uniform(seed, shape) for seed in (1, 2, 3)]
    bias = None
    if case["visibleKeys"] < case["length"]:
        bias = torch.zeros(1, 1, case["length"], device=device)
        bias[..., case["visibleKeys"] :] = -math.inf
    if not case["isBackward"]:
        return lambda: [attend(*inputs, bias)]
    upstream = uniform(4, shape)
    for tensor in inputs:
        tensor.requires_grad_()
    return lambda: torch.autograd.grad(attend(*inputs, bias), inputs, upstream)


def layer_norm(case):
    rows, width = case["rows"], case["width"]
    inputs = [uniform(1, [rows, width]), uniform(2, [width], 0.1, 1), uniform(3, [width], 0.1)]
    norm = lambda: F.layer_norm(inputs[0], [width], inputs[1], inputs[2], case["epsilon"])
    if not case["isBackward"]:
        return lambda: [norm()]
    upstream = uniform(4, [rows, width])
    for tensor in inputs:
        tensor.requires_grad_()
    return lambda: torch.autograd.grad(norm(), inputs, upstream)


def tiny(case):
    x, a, b = uniform(1, [case["length"]]), uniform(2, [case["length"]]), uniform(3, [case["length"]], 0.05, 0.9)

    def run():
        y = x
        for op in range(case["numOps"]):
            y = y + a if op % 2 == 0 else y * b
        return [y]

    return run


def block(x, weights, case):
    """A pre-norm block; weights in the order of block-weights.ts."""
    gain1, offset1, qkv, qkv_bias, out, out_bias, gain2, offset2, up, up_bias, down, down_bias = weights
    batch, length, width = x.shape
    heads = case["numHeads"]
    normed = F.layer_norm(x, [width], gain1, offset1, case["epsilon"])
    parts = F.linear(normed, qkv, qkv_bias).reshape(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    attended = attend(parts[0], parts[1], parts[2]).transpose(1, 2).reshape(batch, length, width)
    x = x + F.linear(attended, out, out_bias)
    normed = F.layer_norm(x, [width], gain2, offset2, case["epsilon"])
    return x + F.linear(F.gelu(F.linear(normed, up, up_bias)), down, down_bias)


def block_weights(case):
    return [
        [stored(uniform(each["seed"], each["shape"], each["scale"], each["offset"]), case) for each in layer]
        for layer in case["layers"]
    ]


def vit(case):
    layers = block_weights(case)
    x = stored(uniform(1, [case["batch"], case["length"], case["embedDim"]]), case)

    def run():
        y = x
        for weights in layers:
            y = block(y, weights, case)
        return [y]

    return run


def train(case):
    layers = block_weights(case)
    head = [uniform(each["seed"], each["shape"], each["scale"], each["offset"]) for each in case["head"]]
    parameters = [*(weight for layer in layers for weight in layer), *head]
    for parameter in parameters:
        parameter.requires_grad_()
    x = uniform(1, [case["batch"], case["length"], case["embedDim"]])
    targets = (hashed(2, case["batch"] * case["length"]) % case["numClasses"]).to(device)
    options = {"lr": case["learningRate"], "betas": case["betas"], "eps": case["adamEpsilon"], "weight_decay": case["weightDecay"]}
    try:
        optimizer = torch.optim.AdamW(parameters, **options, foreach=True)
    except TypeError:
        optimizer = torch.optim.AdamW(parameters, **options)

    def run():
        optimizer.zero_grad(set_to_none=True)
        y = x
        for weights in layers:
            y = block(y, weights, case)
        loss = F.cross_entropy(F.linear(y, *head).flatten(0, 1), targets)
        loss.backward()
        optimizer.step()
        return [loss.detach()]

    return run


def digest(results):
    values = torch.cat([result.reshape(-1) for result in results]).double()
    length = values.numel()
    places = range(length) if length <= NUM_SAMPLES else [sample * (length - 1) // (NUM_SAMPLES - 1) for sample in range(NUM_SAMPLES)]
    return {"length": length, "meanAbsolute": values.abs().mean().item(), "samples": values[list(places)].tolist()}


def measure(case, run):
    start = time.perf_counter()
    compared = [result.clone() for _ in range(case["comparedRuns"]) for result in run()]
    if case["isCold"]:
        return {"samplesMs": [time.time() * 1000 - float(os.environ["MULTIWAY_BENCH_SPAWNED"])], "digest": digest(compared)}
    count = case["comparedRuns"]
    elapsed = 0
    while elapsed < case["warmUpMs"] / 1000 or (count < 2 and elapsed < PATIENCE_SECONDS):
        run()
        count += 1
        elapsed = time.perf_counter() - start
    samples = []
    timed_from = time.perf_counter()
    while not samples or time.perf_counter() - timed_from < case["timedMs"] / 1000:
        before = time.perf_counter()
        run()
        samples.append((time.perf_counter() - before) * 1000)
    return {"samplesMs": samples, "digest": digest(compared)}


kinds = {"matmul": matmul, "attention": attention, "layerNorm": layer_norm, "tiny": tiny, "vit": vit, "train": train}


def blas():
    """The BLAS library that is loaded, where it is one of its own: "openblas-openmp/libopenblas.so.0"."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "blas" in line.rsplit("/", 1)[-1]}
    except OSError:
        return None
    known = sorted("/".join(os.path.realpath(path).split("/")[-2:]) for path in paths)
    return next((path for path in known if "openblas" in path), known[0] if known else None)


def report():
    found = blas()
    if device == "cpu" and found is not None and not found.startswith("openblas-openmp"):
        return {"unavailable": f"PyTorch runs on {found}, many times slower than OpenBLAS with OpenMP; install libopenblas0-openmp"}
    torch.set_num_threads(2)
    if device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    with torch.set_grad_enabled(case.get("isBackward", False) or case["kind"] == "train"):
        run = kinds[case["kind"]](case)
        part = (lambda result: result[:1]) if case.get("firstOnly") else (lambda result: result)
        # On a GPU, results count as there when they have been copied.
        measured = measure(case, lambda: [part(result).float().cpu() for result in run()] if device == "cuda" or case.get("firstOnly") else run())
    on = torch.cuda.get_device_name() if device == "cuda" else found
    return {**measured, "version": f"torch {torch.__version__}" + (f" with {on}" if on else "")}


case = json.loads(sys.argv[1])
device = case["device"]
print()
print(json.dumps(report()))
