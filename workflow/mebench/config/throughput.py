"""What a device computes, assumed where nothing is measured."""

GPU_TFLOPS, CPU_TFLOPS = 20.0, 0.05  # effective throughput of a GPU and of a CPU core
# TFLOP/s of an H100 SXM at each precision, dense, by NVIDIA's data sheet; only their ratios count
PEAKS = {"float32": 67.0, "tf32": 494.5, "bfloat16": 989.5, "float16": 989.5}
STACKED_ON_CPU = 3.0  # times as long as its folds one after another
