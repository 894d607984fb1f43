"""What a device computes, assumed where nothing is measured."""

GPU_TFLOPS, CPU_TFLOPS = 20.0, 0.05  # effective throughput of a GPU and of a CPU core
