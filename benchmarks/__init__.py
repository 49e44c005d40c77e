"""Benchmarks: figures, never tests. Upstreams are simulated at 80 ms, peers and bare baselines run in the same run."""
