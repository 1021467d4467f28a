"""Writing golden files: the same bytes for the same content."""

import json

from safetensors.numpy import save_file
import numpy as np


def write_tensors(path, tensors):
    """Writes named arrays as safetensors."""
    save_file({name: np.array(value, order="C") for name, value in tensors.items()}, path)
    path.chmod(0o644)  # the library makes it private
    return path


def write_json(path, head, **lists):
    """Writes an object whose last members are lists, one entry a line, so that a change is a readable diff."""
    members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for name, entries in lists.items():
        members.append(f"{json.dumps(name)}: [\n  " + ",\n  ".join(json.dumps(entry) for entry in entries) + "\n]")
    path.write_text("{\n" + ",\n".join(members) + "\n}\n")
    return path
