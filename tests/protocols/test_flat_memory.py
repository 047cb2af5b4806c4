"""However large the files, and however many at once, the server's memory stays flat."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "big_files.py"


def test_one_large_file_and_twenty_at_once_pass_in_flat_memory(tmp_path):
    sizes = ["--mib", "256", "--many", "20", "--each-mib", "32", "--limit-mib", "150"]
    command = [sys.executable, str(SCRIPT), "--folder", str(tmp_path), *sizes]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("MiB/s, memory") == 8
