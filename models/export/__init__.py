"""Export of trained runs to bundles: ONNX graphs with a shared file of weights, in several precisions."""
