"""Loads a .pth in PyTorch, as its users do, and holds it against the same tensors in a safetensors file, bit for bit.

    /usr/bin/python3 scripts/torch-load.py MODEL.pth MODEL.safetensors [OTHER.pth OTHER.safetensors ...]

Needs PyTorch 1.13 or later, and nothing else. Prints one line for each pair, what differs if anything, and then ends with code 1.
"""

import json
import struct
import sys

import torch

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        flat = torch.frombuffer(data[begin:end], dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def differences(given, expected):
    found = [f"{name} is missing" for name in expected if name not in given]
    found += [f"{name} is one too many" for name in given if name not in expected]
    for name, tensor in expected.items():
        other = given.get(name)
        if other is None:
            continue
        if other.dtype != tensor.dtype or other.shape != tensor.shape:
            found.append(f"{name} is {other.dtype}{list(other.shape)}; expected {tensor.dtype}{list(tensor.shape)}")
        elif tensor.numel() > 0 and not torch.equal(bits(other), bits(tensor)):
            found.append(f"{name} has other elements")
    return found


def part_with_parameters(checkpoint):
    """As microsoft/unilm: beit3/utils.py chooses it: under "model", else under "module", else the whole."""
    for key in ("model", "module"):
        if key in checkpoint:
            return checkpoint[key]
    return checkpoint


def module_for(tensors):
    """A module whose parameters and buffers have these names and shapes, all zero."""
    root = torch.nn.Module()
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        module = root
        for part in path:
            if part not in module._modules:
                module.add_module(part, torch.nn.Module())
            module = module._modules[part]
        module.register_buffer(last, torch.zeros_like(tensor))
    return root


def compare(pth, safetensors):
    expected = read_safetensors(safetensors)
    safe = part_with_parameters(torch.load(pth, weights_only=True))
    usual = part_with_parameters(torch.load(pth, map_location="cpu"))
    problems = differences(safe, expected) + differences(usual, expected)
    if not problems:
        model = module_for(expected)
        report = model.load_state_dict(usual, strict=True)
        problems = [str(names) for names in report if names] + differences(model.state_dict(), expected)
    count = sum(tensor.numel() for tensor in expected.values())
    print("; ".join(problems) or f"PyTorch {torch.__version__}: {len(expected)} tensors, {count} elements, are equal")
    return not problems


if __name__ == "__main__":
    paths = sys.argv[1:]
    if not paths or len(paths) % 2 == 1:
        sys.exit(__doc__)
    equal = [compare(*pair) for pair in zip(paths[::2], paths[1::2])]
    sys.exit(0 if all(equal) else 1)
