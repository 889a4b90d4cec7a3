"""The benchmarks of ``./dev bench``; run.py starts them, harness.py measures and reports."""
