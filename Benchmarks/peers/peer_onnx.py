#!/usr/bin/env python3
"""ONNX Runtime, or OpenVINO with --engine openvino, as a peer in inference. Protocol: protocol.py.

They run the model that Jacquard wrote as ONNX to --file, with the row's sizes fixed, in f32."""

import protocol

OPTIONS = protocol.arguments(__doc__.splitlines()[0], file={"required": True},
                             engine={"choices": ["onnxruntime", "openvino"], "default": "onnxruntime"})

from data import Values  # noqa: E402


class Runtime:
    """ONNX Runtime with its inputs and output bound to buffers once."""

    def __init__(self, row, batch):
        import onnxruntime

        self.version = onnxruntime.__version__
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.inter_op_num_threads = OPTIONS.threads, 1
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        for symbol, size in row.bindings.items():
            settings.add_free_dimension_override_by_name(symbol, size)
        self.session = onnxruntime.InferenceSession(OPTIONS.file, settings, ["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.held = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in batch.items()}
        for name, value in self.held.items():
            self.binding.bind_ortvalue_input(name, value)
        self.binding.bind_output(self.session.get_outputs()[0].name)

    def step(self):
        self.session.run_with_iobinding(self.binding)

    def reset(self):
        """Nothing changes."""

    def output(self):
        return self.binding.copy_outputs_to_cpu()[0]


class OpenVINO:
    """OpenVINO in f32 (it would take bf16 where the processor has it), with its inputs set once."""

    def __init__(self, row, batch):
        import openvino

        self.version = openvino.__version__.split("-")[0]
        core = openvino.Core()
        model = core.read_model(OPTIONS.file)
        model.reshape({name: list(array.shape) for name, array in batch.items()})
        self.compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": OPTIONS.threads, "PERFORMANCE_HINT": "LATENCY"})
        self.request = self.compiled.create_infer_request()
        self.held = batch
        for name, array in batch.items():
            self.request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def step(self):
        self.request.infer()

    def reset(self):
        """Nothing changes."""

    def output(self):
        return self.request.get_output_tensor(0).data.copy()


def main():
    row = protocol.row_of(OPTIONS)
    work = (OpenVINO if OPTIONS.engine == "openvino" else Runtime)(row, Values(row).batch)
    protocol.Peer(OPTIONS.engine, work.version, OPTIONS, work).serve()


if __name__ == "__main__":
    main()
