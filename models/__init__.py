"""Trains, evaluates, exports and runs models."""

import os

# Official builds of ONNX Runtime (1.29 and later) keep a device id in the home folder, and send events about sessions
# and errors to Microsoft. This variable is read when ONNX Runtime is loaded, which only modules of this package do.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
