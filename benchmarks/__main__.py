"""``python -m benchmarks``: every measurement, one after the other. Run it on an otherwise idle machine."""

from __future__ import annotations

import os
import platform

from benchmarks import browser

if __name__ == "__main__":
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    browser.main()
