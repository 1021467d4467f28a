"""The node tests of the onnx package, and which of them are left out."""

import json
import pathlib
import warnings

import onnx
from onnx.backend.test.loader import load_model_tests

RULES = json.loads((pathlib.Path(__file__).parent / "exclusions.json").read_text())


def load():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(load_model_tests(kind="node"), key=lambda case: case.name)


def _reason(group, name):
    return next((rule["reason"] for rule in RULES[group] if name in rule["names"]), None)


def _element_reason(number):
    return _reason("types", onnx.TensorProto.DataType.Name(number)) if number else None


def _value_reasons(info):
    kind = info.type.WhichOneof("value")
    yield _reason("kinds", kind)
    if kind == "tensor_type":
        yield _element_reason(info.type.tensor_type.elem_type)


def _attribute_reasons(node):
    for attribute in node.attribute:
        if node.op_type in ("Cast", "QuantizeLinear", "DequantizeLinear", "BitCast") and attribute.name in ("to", "output_dtype"):
            yield _element_reason(attribute.i)
        if attribute.HasField("t"):
            yield _element_reason(attribute.t.data_type)
        for graph in [attribute.g] if attribute.HasField("g") else []:
            yield from _graph_reasons(graph)


def _node_reasons(node):
    yield _reason("domains", node.domain)
    yield _reason("operators", node.op_type)
    yield from _attribute_reasons(node)


def _graph_reasons(graph):
    for info in [*graph.input, *graph.output, *graph.value_info]:
        yield from _value_reasons(info)
    for node in graph.node:
        yield from _node_reasons(node)


def exclusion(case):
    """Why a case is left out, or None."""
    return next((reason for reason in _graph_reasons(case.model.graph) if reason), None)


def absolute_tolerance(case):
    return next((rule["absolute"] for rule in RULES["tolerances"] if case.name in rule["names"]), case.atol)
